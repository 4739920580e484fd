"""``report``: the workload, for people, programs, spreadsheets and documents."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import name_of
from tinyscheduler.cli.task_read import LIMIT_MAX, parked_of
from tinyscheduler.cli.task_told import tell_gaps
from tinyscheduler.errors import ServerUnavailable, UsageError
from tinyscheduler.kit.fields import instant_text
from tinyscheduler.model.configuration import Configuration
from tinyscheduler.model.desk import TaskQuery, order_key
from tinyscheduler.model.task import Task
from tinyscheduler.planner.bands import BANDS, band_name, band_of
from tinyscheduler.ports.reading import TaskDesk
from tinyscheduler.views.report import Known, Report, report_json, report_of

FORMATS = ("console", "json", "csv", "markdown")
EXAMPLES = """examples:
  tinyscheduler report
  tinyscheduler report --queue dev --queue qa
  tinyscheduler report --all --format csv > tasks.csv
  tinyscheduler report --format markdown > report.md

Counted are all tasks but archived ones; listed are those that are not complete, or with --all every one of
them: the 50 most urgent for people, all of them in CSV and JSON. Comments and links are counted where the
task server tells them in one answer: files do, servers asked over MCP do not. Bands are those of
[bands]. In CSV, text that a spreadsheet would take for a formula has an apostrophe before it.

Exit code 0: all is counted; 3: the task server is unknown, or something could not be read and is left out.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``run``."""
    parser.epilog = EXAMPLES
    parser.add_argument("--format", choices=FORMATS, default=None, help="console, where none is named")
    parser.add_argument("--json", action="store_true", help="the same as --format json")
    parser.add_argument("--queue", metavar="NAME", action="append", default=[], help="only these queues")
    parser.add_argument("--all", action="store_true", help="list complete tasks, too")


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises UsageError, TaskServerError."""
    from tinyscheduler.bootstrap import desk, load, wire_ledgers

    chosen = _format(options)
    queues = tuple(dict.fromkeys(name_of(name, what="the queue") for name in options.queue))
    configuration = load(context, write_cache=False)
    server = desk(configuration, context, is_read_only=True)
    now = datetime.now(UTC)
    try:
        (tasks, gaps), remarks = _tasks(server, queues), server.remark_counts()
    finally:
        server.close()
    known = Known(
        now=now,
        parked=frozenset(parked_of(wire_ledgers(configuration), tasks)),
        remarks=remarks,
        band_of=lambda task: _band(task, configuration),
        bands=tuple(BANDS),
    )
    whole = report_of(tasks, known)
    listed = [line for line in whole.lines if options.all or line.task.status != "complete"]
    code = tell_gaps(context, gaps)
    _tell_empty(context, queues, tasks)
    whole = whole._replace(lines=tuple(listed), gaps=gaps)
    _print(chosen, whole, context, queues=queues, now=now, code=code)
    return code


def _format(options: argparse.Namespace) -> Literal["console", "json", "csv", "markdown"]:
    if options.json and options.format not in (None, "json"):
        raise UsageError(f"--json and --format {options.format} are two", hint="leave one of them out")
    return "json" if options.json else options.format or "console"


def _tell_empty(context: Context, queues: Sequence[str], tasks: Sequence[Task]) -> None:
    """A queue whose name is misspelt has as many tasks as one where all is done long ago."""
    used = {task.queue for task in tasks}
    for queue in queues:
        if queue not in used:
            print(f"tinyscheduler: note: no task is in queue {queue!r}", file=context.stderr)


def _tasks(server: TaskDesk, queues: Sequence[str]) -> tuple[list[Task], tuple[str, ...]]:
    """One list a queue, and what nobody could read. Raises ServerUnavailable where they are too many to be
    counted truly."""
    tasks: list[Task] = []
    gaps: dict[str, None] = {}
    for queue in queues or (None,):
        found = server.find(TaskQuery(queue=queue, limit=LIMIT_MAX))
        if found.is_cut:
            raise ServerUnavailable(
                f"there are more than {LIMIT_MAX} tasks", hint="--queue NAME counts a part"
            )
        tasks += found.tasks
        gaps.update(dict.fromkeys(found.gaps))
    return sorted(tasks, key=order_key), tuple(gaps)


def _band(task: Task, configuration: Configuration) -> str:
    return band_name(band_of(task.priority, configuration.policy))


def _print(
    chosen: Literal["console", "json", "csv", "markdown"],
    report: Report,
    context: Context,
    *,
    queues: Sequence[str],
    now: datetime,
    code: int,
) -> None:
    if chosen == "json":
        body = report_json(report, queues=queues)
        print_json(context.stdout, "report", at=instant_text(now), code=code, body=body)
        return
    from tinyscheduler.views import report_text

    if chosen == "csv":
        context.stdout.write(report_text.csv_of(report))
    elif chosen == "markdown":
        where = f" of queue {', '.join(queues)}" if queues else ""
        context.stdout.write(report_text.markdown_of(report, title=f"Workload{where}, {now:%Y-%m-%d %H:%M}Z"))
    else:
        from tinyscheduler.views.table import show

        show(context.stdout, report_text.tables_of(report), context.environ)
        for text in report_text.tail_of(report):
            print(f"tinyscheduler: {text}", file=context.stderr)
