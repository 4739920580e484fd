"""``task list`` and ``task show``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import name_of, name_or_empty, task_id_of
from tinyscheduler.errors import StateError, UsageError
from tinyscheduler.kit.fields import instant_text
from tinyscheduler.model.desk import TaskQuery
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import Ledger, Parked
from tinyscheduler.model.task import Status, Task
from tinyscheduler.planner.retry import parked_now
from tinyscheduler.ports import LedgerStore
from tinyscheduler.ports.reading import TaskDesk
from tinyscheduler.views.task import detail_json, detail_text, list_json, list_table

LIMIT_MAX = 100_000
"""Ten times what a pass looks at; beyond it a list is an export."""

OPEN: tuple[Status, ...] = ("idle", "working")


class Shelves(NamedTuple):
    """Where it stands what a task is: on its server, and in our ledger."""

    desk: TaskDesk
    ledgers: LedgerStore


def list_tasks(options: argparse.Namespace, context: Context, shelves: Shelves) -> None:
    """A table, most urgent first."""
    query = TaskQuery(
        queue=None if options.queue is None else name_of(options.queue, what="the queue"),
        assigned_to=None if options.assigned is None else name_or_empty(options.assigned, what="the agent"),
        statuses=tuple(options.status or (() if options.all else OPEN)),
        limit=_limit(options.limit),
    )
    found, now = shelves.desk.find(query), datetime.now(UTC)
    parked = _parked(shelves.ledgers, found.tasks)
    if options.json:
        print_json(context.stdout, "task_list", at=instant_text(now), code=0, body=list_json(found, parked))
        return
    from tinyscheduler.views.table import show as show_tables

    show_tables(context.stdout, [list_table(found.tasks, now, parked)], context.environ)
    if not found.tasks:
        print("tinyscheduler: no task matches", file=context.stderr)
    if found.is_cut:
        print(f"tinyscheduler: the first {query.limit} of more; --limit N shows them", file=context.stderr)


def show(options: argparse.Namespace, context: Context, shelves: Shelves) -> None:
    """Everything about one task, comments inline. Raises TaskNotFound."""
    detail, now = shelves.desk.get(task_id_of(options.task)), datetime.now(UTC)
    parked = _parked(shelves.ledgers, [detail.task]).get(detail.task.id)
    if options.json:
        body = detail_json(detail, parked)
        print_json(context.stdout, "task_show", at=instant_text(now), code=0, body=body)
    else:
        context.stdout.write(detail_text(detail, now, parked))


def _parked(ledgers: LedgerStore, tasks: Sequence[Task]) -> Mapping[TaskId, Parked]:
    """Of those that wait. The server only knows a tag, which people give and take, too."""
    idle = {task.id: task for task in tasks if task.status == "idle"}
    try:
        found = ledgers.read(idle)
    except StateError:
        # Whoever may not read our folder still gets what the server says: that is what was asked for.
        return {}
    known = {
        task_id: parked_now(ledger, idle[task_id])
        for task_id, ledger in found.items()
        if isinstance(ledger, Ledger)
    }
    return {task_id: parked for task_id, parked in known.items() if parked is not None}


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) <= LIMIT_MAX):
        raise UsageError(f"--limit {text[:40]!r} is not a number from 1 to {LIMIT_MAX}")
    return int(text)
