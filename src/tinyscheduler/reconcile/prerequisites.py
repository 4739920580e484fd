"""Ask for tasks that others wait for and that no list of ours shows (features D10).

They are complete, or somebody else's, or gone: only the task server can tell, one call for each. Apart
from ``observe`` because most passes have none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tinyscheduler.errors import ServerUnavailable, TaskNotFound, TaskServerError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.prerequisite import Prerequisite
from tinyscheduler.model.snapshot import Backlog
from tinyscheduler.model.task import Task
from tinyscheduler.planner.dependencies import Edges, edges_of, outside
from tinyscheduler.planner.hints import hints_of
from tinyscheduler.ports import LedgerStore, TaskServer

ASKED_MAX = 100
"""Calls in one pass: a fifth of the time that it may ask the task server, at 40 ms each."""


def prerequisites_of(
    server: TaskServer, backlog: Backlog, leased: Collection[TaskId], now: datetime
) -> Mapping[TaskId, Prerequisite]:
    """What is known of them, each asked for once; those beyond the limit are ``unasked``, and another
    pass asks for others. Never raises for what the server does."""
    tasks = (*backlog.tasks, *backlog.working)
    edges = edges_of(tasks, hints_of)
    if not edges:
        return {}
    seen = {task.id for task in tasks} | set(leased)
    wanted = _turned(outside(edges, seen), _urgency(tasks, edges), now)
    found: dict[TaskId, Prerequisite] = {}
    for task_id in wanted:
        if len(found) >= ASKED_MAX:
            break
        try:
            found[task_id] = answer = _ask(server, task_id)
        except ServerUnavailable as error:
            # The first call without an answer is the last one of a pass.
            return {other: Prerequisite(other, "unknown", error.message) for other in wanted} | found
        # What that one waits for, too: a ring may go by way of tasks that are nobody's of ours.
        wanted += _beyond(answer, seen, wanted)
    return {task_id: Prerequisite(task_id, "unasked") for task_id in wanted} | found


def pasts_of(ledgers: LedgerStore, found: Mapping[TaskId, Prerequisite]) -> Mapping[TaskId, Ledger]:
    """Of those that are in no list of ours: what was approved, parked or put off is so for whoever waits for
    them, too. Without those that have an open run: that one is judged by itself. Raises StateError."""
    read = ledgers.read([task_id for task_id, known in found.items() if known.state == "open"])
    return {
        task_id: ledger
        for task_id, ledger in read.items()
        if isinstance(ledger, Ledger) and ledger.open is None
    }


def _urgency(tasks: Sequence[Task], edges: Edges) -> Mapping[TaskId, float]:
    """Of each prerequisite, the priority of the most urgent task that waits for it."""
    found: dict[TaskId, float] = {}
    for task in tasks:
        for other in edges.get(task.id, ()):
            found[other] = max(task.priority, found.get(other, task.priority))
    return found


def _turned(task_ids: Sequence[TaskId], urgency: Mapping[TaskId, float], now: datetime) -> list[TaskId]:
    """Where there are too many: those of the most urgent tasks, and then each minute others."""
    if len(task_ids) <= ASKED_MAX:
        return list(task_ids)
    half = ASKED_MAX // 2
    urgent = sorted(task_ids, key=lambda task_id: -urgency[task_id])[:half]
    chosen = set(urgent)
    others = [task_id for task_id in task_ids if task_id not in chosen]
    start = int(now.timestamp() // 60) * half % len(others)
    return [*urgent, *others[start:], *others[:start]]


def _beyond(answer: Prerequisite, seen: set[TaskId], wanted: Sequence[TaskId]) -> list[TaskId]:
    if answer.task is None or answer.state != "open":
        return []
    known = seen | set(wanted)
    return outside(edges_of((answer.task,), hints_of), known)


def _ask(server: TaskServer, task_id: TaskId) -> Prerequisite:
    """Raises ServerUnavailable."""
    try:
        return _judged(server.get(task_id).task)
    except TaskNotFound:
        return Prerequisite(task_id, "gone")
    except ServerUnavailable:
        raise
    except TaskServerError as error:
        return Prerequisite(task_id, "unknown", error.message, remedy=error.hint)


def _judged(task: Task) -> Prerequisite:
    if task.status == "complete":
        return Prerequisite(task.id, "complete", task=task)
    return Prerequisite(task.id, "open" if task.archived_at is None else "archived", task=task)
