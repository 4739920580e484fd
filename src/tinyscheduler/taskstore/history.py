"""Who changed what: written in the transaction of the change itself, so that neither is without the other.

What was said (comments) and pointed to (links) is its own record; only changes of it are here.
Apart from ``tasks`` because a pass that writes nothing does not load it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from tinyscheduler.taskstore.rows import HistoryRow, Stamp, TaskRow

ENTRIES_MAX: Final = 500
"""Of one task; the oldest go. A task that goes round for ever must not fill the disk by it."""
TEXT_MAX_CHARS: Final = 300
"""Of one value: a history is read for what happened, not for old descriptions."""

Change = tuple[object, object]
"""What was there, and what is there now."""

_FIELDS: Final = (
    "title", "description", "status", "assigned_to", "priority", "tags", "parent_task_id", "queue_name",
    "blocked_by_task_id",
)  # fmt: skip
"""Those that people and agents set; the others follow from them."""


def changes_between(before: TaskRow, after: TaskRow) -> dict[str, Change]:
    """Field by field; empty where both say the same."""
    both = ((name, getattr(before, name), getattr(after, name)) for name in _FIELDS)
    return {name: (old, new) for name, old, new in both if old != new}


def record(
    connection: sqlite3.Connection, task_id: int, action: str, *, changes: Mapping[str, Change], stamp: Stamp
) -> None:
    """Add one entry to a task's history, and take away what is too old."""
    from json import dumps

    cut = {name: [_cut(old), _cut(new)] for name, (old, new) in changes.items()}
    connection.execute(
        "INSERT INTO history (task_id, at, by, action, changes) VALUES (?, ?, ?, ?, ?)",
        (task_id, stamp.at, stamp.by, action, dumps(cut, ensure_ascii=False, separators=(",", ":"))),
    )
    connection.execute(
        "DELETE FROM history WHERE task_id = ? AND id <="
        " (SELECT id FROM history WHERE task_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (task_id, task_id, ENTRIES_MAX),
    )


def _cut(value: object) -> object:
    if isinstance(value, str) and len(value) > TEXT_MAX_CHARS:
        return value[:TEXT_MAX_CHARS] + "\u2026"
    return value


def entries(connection: sqlite3.Connection, task_id: int, limit: int) -> tuple[HistoryRow, ...]:
    """The newest ``limit`` of a task, oldest first; none of a task that was never there."""
    found = connection.execute(
        "SELECT id, task_id, at, by, action, changes FROM history WHERE task_id = ? ORDER BY id DESC LIMIT ?",
        (task_id, limit),
    ).fetchall()
    return tuple(HistoryRow._make((*facts, changes_in(text) or {})) for *facts, text in reversed(found))


def changes_in(stored: object) -> dict[str, Change] | None:
    """None: another program has written it, and nobody can read it."""
    from json import loads

    try:
        return {str(name): (old, new) for name, (old, new) in loads(str(stored)).items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
