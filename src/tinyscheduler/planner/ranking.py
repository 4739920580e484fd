"""The one order in which tasks compete, assigned and unassigned alike (contracts, Order of starts)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Task

DIGITS_MAX = 64
"""Longer is no id of a task; Python refuses to read numbers of more than 4,300 digits."""

RankKey = tuple[int, float, datetime, tuple[int, int, str]]


def rank_key(task: Task, blocks: Mapping[TaskId, int], *, blockers_first: bool) -> RankKey:
    """Smallest first: blocks others, priority descending, older, id. Total: no two tasks tie."""
    blocked_count = blocks.get(task.id, 0) if blockers_first else 0
    return (-blocked_count, -task.priority, task.created_at, natural_id(task.id))


def natural_id(task_id: TaskId) -> tuple[int, int, str]:
    """Numbers by value before text: 9 comes before 10."""
    if task_id.isascii() and task_id.isdigit() and len(task_id) <= DIGITS_MAX:
        return (0, int(task_id), task_id)
    return (1, 0, task_id)


def blocked_counts(tasks: Iterable[Task]) -> Mapping[TaskId, int]:
    """How many of the tasks seen wait for each task directly (features D6)."""
    counts: dict[TaskId, int] = {}
    for task in tasks:
        if task.blocked_by is not None and task.is_blocked:
            counts[task.blocked_by] = counts.get(task.blocked_by, 0) + 1
    return counts
