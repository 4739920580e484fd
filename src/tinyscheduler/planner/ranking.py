"""The one order in which tasks compete, assigned and unassigned alike (contracts, Order of starts)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import counted_s
from tinyscheduler.planner.bands import CRITICAL, OVERDUE, aged, band_of

if TYPE_CHECKING:
    from tinyscheduler.planner.view import View

DIGITS_MAX = 64
"""Longer is no id of a task. As texts of this length numbers are compared by value."""

RankKey = tuple[int, int, float, float, datetime, str]
Rank = Callable[[Task], RankKey]


def rank(view: View) -> Rank:
    """A key, smallest first: aged band, blocks others, priority descending, waiting longer, older, id
    (contracts, Order of starts; ADR 0052). Total: no two tasks tie.

    Among overdue tasks the wait alone decides, or one that others pass all the time would never come first.
    Where the server's order is kept nothing ages.
    """
    snapshot = view.snapshot
    if not snapshot.policy.orders_blockers_first:
        return _servers_order
    blocks, policy, wait = _blocks(view), snapshot.policy, waits_of(snapshot)

    def key(task: Task) -> RankKey:
        wait_s, priority, task_id = wait(task), task.priority, task.id
        band = aged(band_of(priority, policy), wait_s, policy)
        if band == OVERDUE:
            return (band, 0, 0.0, -wait_s, task.created_at, natural_id(task_id))
        return (band, -blocks.get(task_id, 0), -priority, -wait_s, task.created_at, natural_id(task_id))

    return key


def _servers_order(task: Task) -> RankKey:
    return (CRITICAL, 0, -task.priority, 0.0, task.created_at, natural_id(task.id))


def waits_of(snapshot: StartSnapshot) -> Callable[[Task], float]:
    """How many seconds a task has waited for room; 0 for one that no pass has seen."""
    waiting, now = snapshot.waiting, snapshot.now

    def wait_s(task: Task) -> float:
        found = waiting.get(task.id)
        if found is None or found.created_at != task.created_at:
            return 0.0
        return counted_s(found.waited_s, found.since, now)

    return wait_s


def natural_id(task_id: TaskId) -> str:
    """To compare ids by: numbers by value before text, 9 before 10. One text, not a number and a text: a
    plan compares ids a million times, and two texts are compared at once."""
    if is_number(task_id):
        # The id itself comes last: 7 and 07 are two tasks.
        return task_id.zfill(DIGITS_MAX) + task_id
    return f"~{task_id}"


def is_number(task_id: TaskId) -> bool:
    """As most ids are; of ours, a longer one is none."""
    return task_id.isdigit() and len(task_id) <= DIGITS_MAX and task_id.isascii()


def _blocks(view: View) -> Mapping[TaskId, int]:
    """How many of the tasks seen wait for each task directly (features D6)."""
    backlog = view.snapshot.backlog
    # An idle pass loads nothing of what makes the graph.
    if not isinstance(backlog, Known) or not backlog.value.tasks:
        return {}
    graph = view.graph()
    if not graph.waits:
        return {}
    from tinyscheduler.planner.dependencies import blocker_counts

    return blocker_counts(graph)
