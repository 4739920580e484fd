"""``logs``: what a task's agent said, all parts in order, and with ``-f`` until its run is over."""

from __future__ import annotations

import argparse
import codecs
import time

from tinyscheduler.bootstrap import load, wire_logs
from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import task_id_of
from tinyscheduler.errors import Refused, UsageError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.ledger import WHY_CHARS_MAX, Ledger, PastRun
from tinyscheduler.reconcile.look import LogSide
from tinyscheduler.views.no_output import NoOutput, no_output
from tinyscheduler.views.wording import block_text, line_text

POLL_S = 0.2
"""Quick for a person, and a stat and a read a second five times cost nothing."""
LINE_CHARS_MAX = 65_536
"""As captured; a longer one without an end is shown in pieces."""

HELP_EXAMPLES = """examples:
  tinyscheduler logs 7
  tinyscheduler logs 7 --attempt 1
  tinyscheduler logs 7 -f           until the run is over; Ctrl+C leaves the run alone

Escape sequences are taken out and control characters made visible; --raw keeps them. What is no UTF-8 was
replaced by U+FFFD when it was captured, and secrets by [redacted].
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.add_argument("task", metavar="TASK", help="id of the task")
    parser.add_argument("--attempt", metavar="N", help="another attempt than the newest")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the run is over")
    parser.add_argument("--raw", action="store_true", help="as it was captured, control characters too")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Print the output. Raises Refused when the task has not run."""
    if options.json and options.follow:
        raise UsageError("--json prints one object, so it cannot follow", hint="leave out -f or --json")
    task_id = task_id_of(options.task)
    side = wire_logs(load(context, write_cache=False))
    attempts = side.logs.attempts(task_id)
    if not attempts:
        raise _has_not_run(side, task_id)
    attempt = _attempt(options.attempt, task_id, attempts)
    reading = Reading(side, task_id, attempt, is_raw=options.raw)
    try:
        if options.json:
            _print_json(reading, attempts, context)
        else:
            _print(reading, context, follows=options.follow)
    finally:
        reading.close()
    return 0


class Reading:
    """One attempt's output as text for people."""

    def __init__(self, side: LogSide, task_id: TaskId, attempt: int, *, is_raw: bool) -> None:
        self.task_id = task_id
        self.attempt = attempt
        self._side = side
        self._tail = side.logs.tail(task_id, attempt)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._is_raw = is_raw
        self.has_said = False
        """Something was read."""
        self._line = ""
        """Begun and not ended yet: an escape sequence may be cut in the middle."""

    @property
    def path(self) -> str:
        """Of the newest part."""
        return self._side.logs.path(self.task_id, self.attempt)

    @property
    def lost_parts(self) -> int:
        """Rotated away before they were read."""
        return self._tail.lost_parts

    def more(self) -> str:
        """Whole lines that are new, or a piece of an endless one; empty when there is nothing new."""
        while data := self._tail.read():
            self.has_said = True
            self._line += self._decode(data)
            cut = self._line.rfind("\n") + 1
            if cut or len(self._line) > LINE_CHARS_MAX:
                return self._take(cut or len(self._line))
        return ""

    def begun(self) -> str:
        """A line without an end, while its writer thinks."""
        return self._take(len(self._line))

    def rest(self) -> str:
        """What is left when nothing more comes."""
        self._line += self._decode(b"", True)
        return self._take(len(self._line))

    def is_over(self) -> bool:
        """Nobody writes any more: the run has ended, or its wrapper is dead. Unknown is not over."""
        lease = self._side.leases.read(self.task_id)
        if lease is None:
            return True
        if not isinstance(lease, Lease):
            return False
        if lease.attempt != self.attempt or lease.state == "finished":
            return True
        wrapper = lease.wrapper
        return wrapper is not None and self._side.processes.liveness(wrapper) == "dead"

    def silence(self) -> NoOutput | None:
        """Why nothing was read; None: something was."""
        if self.has_said:
            return None
        lease = self._side.leases.read(self.task_id)
        mine = lease if isinstance(lease, Lease) and lease.attempt == self.attempt else None
        return no_output(self.attempt, mine, self._past(), is_over=self.is_over())

    def close(self) -> None:
        """Idempotent."""
        self._tail.close()

    def _past(self) -> PastRun | None:
        """How this attempt has ended, found by the lease that its order names."""
        order = self._side.runs.order(self.task_id, self.attempt)
        ledger = self._side.ledgers.read([self.task_id]).get(self.task_id)
        if order is None or not isinstance(ledger, Ledger):
            return None
        return next((past for past in ledger.outcomes if past.lease_id == order.lease_id), None)

    def _take(self, length: int) -> str:
        text, self._line = self._line[:length], self._line[length:]
        return text if self._is_raw else block_text(text)


def _has_not_run(side: LogSide, task_id: TaskId) -> Refused:
    """A start that failed in the pass has left nothing but its line in the ledger."""
    ledger = side.ledgers.read([task_id]).get(task_id)
    last = ledger.outcomes[-1] if isinstance(ledger, Ledger) and ledger.outcomes else None
    failed = ""
    if last is not None and last.kind == "start_failed":
        failed = f"; its last start, on {last.agent}, failed: {line_text(last.why, chars_max=WHY_CHARS_MAX)}"
    hint = f"tinyscheduler explain {task_id} says why; task list --all shows what there is"
    return Refused(f"task {task_id} has no run here{failed}", hint=hint)


def _attempt(given: str | None, task_id: TaskId, attempts: tuple[int, ...]) -> int:
    if given is None:
        return attempts[-1]
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise UsageError(f"--attempt {given[:40]!r} is not a number")
    if int(given) not in attempts:
        known = ", ".join(str(attempt) for attempt in attempts)
        raise Refused(f"task {task_id} has no attempt {int(given)}", hint=f"there are: {known}")
    return int(given)


def _print(reading: Reading, context: Context, *, follows: bool) -> None:
    while True:
        # Asked first: what was written before the end is read after it.
        is_over = not follows or reading.is_over()
        if not _drain(reading, context):
            context.stdout.write(reading.begun())
            context.stdout.flush()
        if is_over:
            break
        time.sleep(POLL_S)
    context.stdout.write(reading.rest())
    context.stdout.flush()
    if reading.lost_parts:
        print("tinyscheduler: some output was rotated away before it was read", file=context.stderr)
    silence = reading.silence()
    if silence is not None:
        hint = f" ({silence.hint})" if silence.hint else ""
        print(f"tinyscheduler: task {reading.task_id}: {silence.message}{hint}", file=context.stderr)


def _drain(reading: Reading, context: Context) -> bool:
    """False: there was nothing new."""
    is_new = False
    while text := reading.more():
        context.stdout.write(text)
        is_new = True
    context.stdout.flush()
    return is_new


def _print_json(reading: Reading, attempts: tuple[int, ...], context: Context) -> None:
    from datetime import UTC, datetime

    from tinyscheduler.kit.fields import instant_text
    from tinyscheduler.views.held import id_json

    is_over = reading.is_over()
    parts = []
    while text := reading.more():
        parts.append(text)
    text = "".join([*parts, reading.rest()])
    silence = reading.silence()
    body = {
        "task_id": id_json(reading.task_id),
        "attempt": reading.attempt,
        "attempts": list(attempts),
        "path": reading.path,
        "is_over": is_over,
        "note": None if silence is None else silence.message,
        "lines": text.removesuffix("\n").split("\n") if text else [],
    }
    print_json(context.stdout, "logs", at=instant_text(datetime.now(UTC)), code=0, body=body)
