"""``task list`` and ``task show``."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import name_of, name_or_empty, task_id_of
from tinyscheduler.errors import UsageError
from tinyscheduler.kit.fields import instant_text
from tinyscheduler.model.desk import TaskQuery
from tinyscheduler.model.task import Status
from tinyscheduler.ports.reading import TaskDesk
from tinyscheduler.views.task import detail_json, detail_text, list_json, list_table

LIMIT_MAX = 100_000
"""Ten times what a pass looks at; beyond it a list is an export."""

OPEN: tuple[Status, ...] = ("idle", "working")


def list_tasks(options: argparse.Namespace, context: Context, desk: TaskDesk) -> None:
    """A table, most urgent first."""
    query = TaskQuery(
        queue=None if options.queue is None else name_of(options.queue, what="the queue"),
        assigned_to=None if options.assigned is None else name_or_empty(options.assigned, what="the agent"),
        statuses=tuple(options.status or (() if options.all else OPEN)),
        limit=_limit(options.limit),
    )
    found, now = desk.find(query), datetime.now(UTC)
    if options.json:
        print_json(context.stdout, "task_list", at=instant_text(now), code=0, body=list_json(found))
        return
    from tinyscheduler.views.table import show as show_tables

    show_tables(context.stdout, [list_table(found.tasks, now)], context.environ)
    if not found.tasks:
        print("tinyscheduler: no task matches", file=context.stderr)
    if found.is_cut:
        print(f"tinyscheduler: the first {query.limit} of more; --limit N shows them", file=context.stderr)


def show(options: argparse.Namespace, context: Context, desk: TaskDesk) -> None:
    """Everything about one task, comments inline. Raises TaskNotFound."""
    detail, now = desk.get(task_id_of(options.task)), datetime.now(UTC)
    if options.json:
        print_json(context.stdout, "task_show", at=instant_text(now), code=0, body=detail_json(detail))
    else:
        context.stdout.write(detail_text(detail, now))


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) <= LIMIT_MAX):
        raise UsageError(f"--limit {text[:40]!r} is not a number from 1 to {LIMIT_MAX}")
    return int(text)
