"""What the demo prints: lines while it plays, the picture and the tables when it is over, or JSON."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import TextIOWrapper
from typing import Final, TextIO

from tinyscheduler.cli import demo_script as script
from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.demo_checks import Check, Evidence, check_all
from tinyscheduler.cli.demo_play import Play
from tinyscheduler.cli.demo_stage import Stage
from tinyscheduler.cli.demo_story import Line, untold
from tinyscheduler.kit.fields import identifier_value, instant_text
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import PastRun
from tinyscheduler.views.held import held_json
from tinyscheduler.views.table import Table, columns, show
from tinyscheduler.views.timeline import ASCII, UNICODE, Ink, Look, picture

WIDTH_DEFAULT: Final = 80
WIDTH_MAX: Final = 160
"""On a wider terminal the eye loses the row."""

_AGENTS: Final = ("36", "35", "34", "33")
_INKS: Final[Mapping[Ink, str]] = {"good": "32", "bad": "31", "moved": "33", "quiet": "2"}


class Show:
    """One audience: a terminal, a pipe, or a program that wants JSON at the end."""

    def __init__(self, context: Context, *, is_json: bool) -> None:
        self._context = context
        self._out = context.stdout
        if isinstance(self._out, TextIOWrapper):
            # A folder's name may have letters that the terminal cannot show; that is no reason to die.
            self._out.reconfigure(errors="backslashreplace")
        self._is_json = is_json
        self._look = look_of(context.stdout, context.environ)
        self._checks: tuple[Check, ...] = ()
        self._body: dict[str, object] = {}

    def opening(self, stage: Stage) -> None:
        """What is going to be played."""
        rows = tuple(
            (str(at), part.title, part.queue, str(part.priority), _fate(at, part))
            for at, part in enumerate(script.PARTS, 1)
        )
        self._say(
            f"Seven tasks for three agents ({', '.join(name for name, _ in script.AGENTS)}), a task "
            f"server and passes as cron starts them,\nall of it in {stage.folder}."
            f"\nCron's minute lasts {script.MINUTE_S:.0f} s here, and a failed run is tried again after "
            f"{script.RETRY_BASE_S} s instead of 60. Times are UTC.\n"
        )
        self._tables(Table("", columns("task", "title", "queue", ">priority", "what will happen"), rows))
        self._say("")

    def line(self, line: Line) -> None:
        """Something happened."""
        number = next((n for n, (name, _) in enumerate(script.AGENTS) if name == line.agent), 0)
        self._say(self._look.paint(line.ink, number, line.text))

    def ending(self, play: Play, evidence: Evidence) -> None:
        """The picture, where each task ended, and what was checked."""
        self._checks = check_all(evidence)
        self._body = _body(play, evidence, self._checks)
        hidden = untold(evidence.facts)
        self._say(f"\n({hidden} more journal entries are steps of the protocol)\n")
        titles = [(task_id, script.title_of(task_id)) for task_id in script.TASK_IDS]
        ended_at = max([play.began_at, *(fact.at for fact in evidence.facts)])
        first_at = min([fact.at for fact in evidence.facts], default=play.began_at)
        for line in picture(evidence.runs, titles, began_at=first_at, ended_at=ended_at, look=self._look):
            self._say(line)
        self._say("")
        rows = tuple(_ending(task_id, evidence) for task_id in script.TASK_IDS)
        self._tables(Table("", columns("task", "title", "status", "*why"), rows))
        self._say(
            f"\nChecked on the server, in the files and in the process table ({evidence.seconds:.0f} s):"
        )
        for check in self._checks:
            self._say(self._checked(check))

    def close(self, stage: Stage, *, is_kept: bool, trouble: str | None) -> int:
        """What to look at next; the exit code."""
        broken = [check for check in self._checks if not check.is_kept]
        code = 1 if broken or trouble else 0
        if self._is_json:
            body = {**self._body, "folder": stage.folder if is_kept else None, "trouble": trouble}
            print_json(self._out, "demo", at=instant_text(datetime.now(UTC)), code=code, body=body)
            return code
        for line in _next_steps(stage, is_kept=is_kept):
            self._say(line)
        for check in broken:
            print(f"tinyscheduler: not kept: {check.promise}: {check.found}", file=self._context.stderr)
        if trouble:
            print(f"tinyscheduler: {trouble}", file=self._context.stderr)
        return code

    def _say(self, text: str) -> None:
        """At once: who watches through a pipe wants to see it happen, too."""
        if not self._is_json:
            print(text, file=self._out, flush=True)

    def _tables(self, *tables: Table) -> None:
        if not self._is_json:
            show(self._out, tables, self._context.environ)

    def _checked(self, check: Check) -> str:
        is_unicode = self._look.glyphs.is_unicode
        if check.is_kept:
            return f"  {self._look.paint('good', 0, '✔' if is_unicode else '+')} {check.promise}"
        return f"  {self._look.paint('bad', 0, '✘' if is_unicode else 'x')} {check.promise}: {check.found}"


def look_of(stream: TextIO, environ: Mapping[str, str]) -> Look:
    """Colour only on a terminal that wants it; Unicode only where it can be written."""
    is_terminal = stream.isatty()
    has_colour = is_terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    glyphs = UNICODE if _can_write(stream, "━·…✔✘†→»") else ASCII
    return Look(_width(stream, environ, is_terminal=is_terminal), glyphs, _coloured if has_colour else _plain)


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        # Not these signs, or no encoding that anybody knows.
        return False
    return True


def _width(stream: TextIO, environ: Mapping[str, str], *, is_terminal: bool) -> int:
    wanted = environ.get("COLUMNS", "")
    if wanted.isascii() and wanted.isdigit() and int(wanted[:4]) > 0:
        return min(int(wanted[:4]), WIDTH_MAX)
    try:
        found = os.get_terminal_size(stream.fileno()).columns if is_terminal else WIDTH_DEFAULT
    except (OSError, ValueError):
        found = WIDTH_DEFAULT
    return min(found or WIDTH_DEFAULT, WIDTH_MAX)


def _coloured(ink: Ink, number: int, text: str) -> str:
    code = _AGENTS[number % len(_AGENTS)] if ink == "agent" else _INKS[ink]
    return f"\x1b[{code}m{text}\x1b[0m"


def _plain(_ink: Ink, _number: int, text: str) -> str:
    return text


def _fate(number: int, part: script.Part) -> str:
    task_id = TaskId(str(number))
    if part.blocked_by is not None:
        return f"waits for task {part.blocked_by}"
    return _FATES.get(task_id, "succeeds")


_FATES: Final[Mapping[TaskId, str]] = {
    script.BLOCKER: f"blocks task {script.BLOCKED}, so it comes first",
    script.KILLED: "its wrapper is killed with -9, its agent lives on alone",
    script.HANDED_OVER: "dev hands it over to qa",
    script.FAILING: f"fails (exit {script.FAIL_CODE}) and has to wait",
}


def _ending(task_id: TaskId, evidence: Evidence) -> tuple[str, str, str, str]:
    """A row of the last table: task, title, where it ended, and why."""
    task, held = evidence.tasks.get(task_id), evidence.held.get(task_id)
    past = evidence.ledgers[task_id].outcomes if task_id in evidence.ledgers else ()
    where = "unknown" if task is None else str(task.task.status)
    why = ", ".join(map(_run_text, past)) or "no run has ended"
    if held is not None:
        where += ", held"
        until = f" {held.next_look_at:%H:%M:%S}" if held.next_look_at else ""
        why = f"{held.reason}{until}: {why}"
    return str(task_id), script.title_of(task_id), where, why


def _run_text(run: PastRun) -> str:
    code = f" (exit {run.code})" if run.code else ""
    return f"{run.agent} {run.kind.replace('_', ' ')}{code}"


def _next_steps(stage: Stage, *, is_kept: bool) -> Sequence[str]:
    """Three lines, and a heading."""
    program = _program(stage)
    if not is_kept:
        return (
            "\nWhat to look at next:",
            f"  {program} demo --keep    the same, but the folder stays, with every file to look into",
            f"  {program} --help         task add, run --once and status come first",
            f"  * * * * * {program} run --once    in your crontab, and it works for you",
        )
    port = stage.endpoint.rpartition(":")[2].partition("/")[0]
    place = f"--base-path {shlex.quote(stage.folder)}"
    return (
        "\nThe folder is kept; remove it when you have seen enough. What to look at next:",
        f"  less {shlex.quote(stage.folder)}/state/journal/*    what you have seen, step by step",
        f"  {program} serve {place} --port {port} &    its task server again, and then:",
        f"  {program} explain {place} {script.FAILING}    what becomes of that task",
    )


def _program(stage: Stage) -> str:
    """What to type: the launcher, the script that pip has made, or the module."""
    if len(stage.program) == 1:
        return shlex.quote(stage.program[0])
    script_path = os.path.join(os.path.dirname(sys.executable), "tinyscheduler")
    return shlex.quote(script_path) if os.path.exists(script_path) else "python -m tinyscheduler"


def _body(play: Play, evidence: Evidence, checks: Sequence[Check]) -> dict[str, object]:
    return {
        "seconds": round(evidence.seconds, 1),
        "events": [entry.data for entry in play.entries],
        "tasks": [_task_json(task_id, evidence) for task_id in script.TASK_IDS],
        "checks": [check._asdict() for check in checks],
    }


def _task_json(task_id: TaskId, evidence: Evidence) -> dict[str, object]:
    task, held = evidence.tasks.get(task_id), evidence.held.get(task_id)
    return {
        "task_id": identifier_value(task_id),
        "title": script.title_of(task_id),
        "status": None if task is None else task.task.status,
        "held": None if held is None else held_json(held),
        "runs": [
            {"agent": run.agent, "attempt": run.attempt, "outcome": run.outcome}
            for run in evidence.runs
            if run.task_id == task_id
        ],
    }
