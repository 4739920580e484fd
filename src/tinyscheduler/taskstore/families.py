"""How tasks hang together: parents and blockers, without cycles, and a parent's derived status.

All functions run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from tinyscheduler.errors import ServerRefused
from tinyscheduler.model.task import Status
from tinyscheduler.taskstore import checks
from tinyscheduler.taskstore.rows import Stamp

DEPTH_MAX: Final = 3
"""Levels below a root, as on the public server: deeper trees are plans, not tasks."""


def check_blocker(connection: sqlite3.Connection, task_id: int | None, blocker: int) -> None:
    """The blocker exists and does not wait, over any number of steps, for the task itself.

    ``task_id`` is None for a task that does not exist yet. Raises ServerRefused.
    """
    if not _exists(connection, blocker):
        raise ServerRefused(f"Blocking task not found: {blocker}")
    if task_id == blocker:
        raise ServerRefused(f"Task {task_id} cannot be blocked by itself: a task cannot wait for itself")
    if task_id is not None and task_id in _chain(connection, _BLOCKERS, blocker):
        raise ServerRefused(
            f"Task {task_id} cannot be blocked by task {blocker}: that task already waits for it",
            hint="clear blocked_by_task_id of one task in the circle first",
        )


def check_parent(connection: sqlite3.Connection, task_id: int | None, parent: int) -> None:
    """The parent exists, is not below the task, and the tree stays shallow. Raises ServerRefused."""
    if not _exists(connection, parent):
        raise ServerRefused(f"Parent task not found: {parent}")
    ancestors = _chain(connection, _PARENTS, parent)
    if task_id is not None and task_id in ancestors:
        raise ServerRefused(f"Task {task_id} cannot be a subtask of task {parent}, which is below it")
    below = 0 if task_id is None else _height(connection, task_id)
    if len(ancestors) + below > DEPTH_MAX:
        raise ServerRefused(f"Maximum nesting depth ({DEPTH_MAX} levels) exceeded")


def derive_status(connection: sqlite3.Connection, parent: int | None, stamp: Stamp) -> None:
    """Set the parent, and its parents in turn, to what the children say.

    Complete when all children are, working when any is, else idle; archived children do not
    count, and without any child left a parent stays as it is (tinytask.md 3.3).
    """
    from tinyscheduler.taskstore import history

    while parent is not None:
        derived = _derived(connection, parent)
        found = connection.execute(
            "SELECT status, parent_task_id FROM tasks WHERE id = ?", (parent,)
        ).fetchone()
        # A parent that is not there, or was deleted as its own child, is another program's work.
        if found is None or derived is None or derived == found[0]:
            return
        status, above = found
        connection.execute(
            "UPDATE tasks SET status = ?, updated_at = ? WHERE id = ?", (derived, stamp.at, parent)
        )
        history.record(connection, parent, "derived", changes={"status": (status, derived)}, stamp=stamp)
        parent = above


def _derived(connection: sqlite3.Connection, parent: int) -> Status | None:
    statuses = {
        status
        for (status,) in connection.execute(
            "SELECT DISTINCT status FROM tasks WHERE parent_task_id = ? AND archived_at IS NULL", (parent,)
        )
    }
    if not statuses:
        return None
    if statuses == {"complete"}:
        return "complete"
    return "working" if "working" in statuses else "idle"


def _exists(connection: sqlite3.Connection, task_id: int) -> bool:
    if not 0 < task_id <= checks.ID_MAX:
        return False
    return connection.execute("SELECT 1 FROM tasks WHERE id = ?", (task_id,)).fetchone() is not None


# UNION, not UNION ALL: a circle that got into the file some other way ends the walk.
_BLOCKERS: Final = """
    WITH RECURSIVE chain (id) AS (
        VALUES (?) UNION
        SELECT t.blocked_by_task_id FROM tasks t JOIN chain ON t.id = chain.id
        WHERE t.blocked_by_task_id IS NOT NULL
    ) SELECT id FROM chain
"""
_PARENTS: Final = """
    WITH RECURSIVE chain (id) AS (
        VALUES (?) UNION
        SELECT t.parent_task_id FROM tasks t JOIN chain ON t.id = chain.id
        WHERE t.parent_task_id IS NOT NULL
    ) SELECT id FROM chain
"""
_HEIGHT: Final = """
    WITH RECURSIVE below (id, level) AS (
        VALUES (?, 0) UNION
        SELECT t.id, below.level + 1 FROM tasks t JOIN below ON t.parent_task_id = below.id
        WHERE below.level < 10
    ) SELECT max(level) FROM below
"""


def _chain(connection: sqlite3.Connection, query: str, first: int) -> frozenset[int]:
    return frozenset(found for (found,) in connection.execute(query, (first,)))


def _height(connection: sqlite3.Connection, task_id: int) -> int:
    (levels,) = connection.execute(_HEIGHT, (task_id,)).fetchone()
    return int(levels)


_CIRCLES: Final = """
    WITH RECURSIVE steps (first, id) AS (
        SELECT id, {column} FROM tasks WHERE {column} IS NOT NULL UNION
        SELECT steps.first, t.{column} FROM tasks t JOIN steps ON t.id = steps.id
        WHERE t.{column} IS NOT NULL
    ) SELECT DISTINCT first FROM steps WHERE first = id
"""


def in_circles(connection: sqlite3.Connection) -> list[int]:
    """Tasks that wait for themselves, or are below themselves: another program has written that."""
    found: set[int] = set()
    for column in ("blocked_by_task_id", "parent_task_id"):
        found.update(task_id for (task_id,) in connection.execute(_CIRCLES.format(column=column)))
    return sorted(found)
