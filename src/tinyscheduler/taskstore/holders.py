"""Who has a task: signing up, claiming, and handing on, each inside the caller's transaction.

All three are conditional, so that of any number of callers one wins. Apart from ``tasks`` because a pass
that moves nothing does not load it.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from tinyscheduler.errors import NotAsExpected, NotAssigned
from tinyscheduler.taskstore import checks, remarks, tasks
from tinyscheduler.taskstore.rows import (
    ANYTHING,
    TASK_COLUMNS,
    TASK_ORDER,
    Expected,
    Moved,
    Stamp,
    TaskRow,
    task_rows,
)

_CLAIMABLE: Final = (
    " WHERE t.assigned_to = ? AND t.status = 'idle' AND t.archived_at IS NULL"
    " AND (b.id IS NULL OR b.status = 'complete')"
)


def sign_up(connection: sqlite3.Connection, agent: str, stamp: Stamp) -> TaskRow | None:
    """Set the agent's most urgent idle task to working; None: there is none.

    Unlike the public server it never gives out a blocked task.
    """
    found = task_rows(
        connection.execute(TASK_COLUMNS + _CLAIMABLE + TASK_ORDER + " LIMIT 1", (checks.assignee(agent),))
    )
    return _taken(connection, found[0], agent, stamp=stamp) if found else None


def claim(
    connection: sqlite3.Connection, task_id: int, agent: str, *, expected: str | None, stamp: Stamp
) -> TaskRow:
    """Give this task to the agent and set it working, if it is idle, not blocked, not archived, and nobody's
    or the agent's; with ``expected``: exactly that one's (empty: nobody's). Raises NotAsExpected.
    """
    task, name = tasks.read(connection, task_id), checks.agent(agent)
    if expected is not None:
        tasks.check_holder(task, expected)
    reason = _unclaimable(task, name, is_anyones=expected is not None)
    if reason:
        raise NotAsExpected(f"Task {task.id} cannot be claimed by {name}: {reason}")
    return _taken(connection, task, name, stamp=stamp)


def _unclaimable(task: TaskRow, agent: str, *, is_anyones: bool) -> str:
    """The first reason; empty: there is none."""
    if task.archived_at is not None:
        return "it is archived"
    if task.status != "idle":
        return f"it is {task.status} (assigned to: {task.assigned_to or 'nobody'})"
    if task.is_currently_blocked:
        return f"task {task.blocked_by_task_id} has to be complete first"
    if not is_anyones and task.assigned_to not in (None, agent):
        return f"it is assigned to {task.assigned_to}"
    return ""


def _taken(connection: sqlite3.Connection, before: TaskRow, agent: str, *, stamp: Stamp) -> TaskRow:
    after = before._replace(status="working", assigned_to=checks.assignee(agent), updated_at=stamp.at)
    tasks.save(
        connection, before, tasks.with_trace(before, after), action="claimed", stamp=stamp._replace(by=agent)
    )
    return tasks.read(connection, before.id)


def move(
    connection: sqlite3.Connection,
    task_id: int,
    *,
    current: str,
    new: str,
    comment: str,
    stamp: Stamp,
    expected: Expected = ANYTHING,
) -> Moved:
    """Hand the task on, or back with a reason, only if ``current`` still has it.

    ``new`` empty gives it to nobody. Raises NotAssigned.
    """
    before = tasks.read(connection, task_id)
    _check_held(before, current)
    tasks.check_expected(before, expected)
    after = before._replace(
        assigned_to=checks.assignee(new),
        previous_assigned_to=before.assigned_to,
        status="idle",
        updated_at=stamp.at,
    )
    tasks.save(connection, before, after, action="moved", stamp=stamp._replace(by=before.assigned_to))
    said = remarks.insert_comment(
        connection, task_id, checks.comment(comment), author=before.assigned_to, now=stamp.at
    )
    return Moved(tasks.read(connection, task_id), said)


def _check_held(task: TaskRow, current: str) -> None:
    holder = checks.assignee(current)
    if holder is None or holder != task.assigned_to:
        raise NotAssigned(
            f"Task {task.id} is not assigned to {current}"
            f" (currently assigned to: {task.assigned_to or 'nobody'})"
        )
    if task.status == "complete":
        raise NotAssigned(
            f"Task {task.id} with status 'complete' cannot be transferred"
            " (only 'idle' or 'working' are allowed)"
        )
