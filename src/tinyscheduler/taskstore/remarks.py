"""Comments and links: adding and reading, inside the caller's transaction. All raise TaskNotFound."""

from __future__ import annotations

import sqlite3

from tinyscheduler.errors import TaskNotFound
from tinyscheduler.taskstore import checks
from tinyscheduler.taskstore.rows import CommentRow, LinkRow, NewLink


def add_comment(
    connection: sqlite3.Connection, task_id: int, content: str, *, author: str | None, now: str
) -> CommentRow:
    """Say something about a task; the task's own times stay as they are."""
    _check_task(connection, task_id)
    said, by = checks.spoken_comment(content), checks.name("created_by", author)
    return insert_comment(connection, task_id, said, author=by, now=now)


def insert_comment(
    connection: sqlite3.Connection, task_id: int, content: str, *, author: str | None, now: str
) -> CommentRow:
    """As ``add_comment``, for a task that is there and content that was checked; it may be empty."""
    cursor = connection.execute(
        "INSERT INTO comments (task_id, content, created_by, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
        (task_id, content, author, now, now),
    )
    assert cursor.lastrowid is not None
    return CommentRow(cursor.lastrowid, task_id, content, author, created_at=now, updated_at=now)


def comments(connection: sqlite3.Connection, task_id: int) -> tuple[CommentRow, ...]:
    """All of a task, oldest first."""
    _check_task(connection, task_id)
    found = connection.execute(
        "SELECT id, task_id, content, created_by, created_at, updated_at FROM comments"
        " WHERE task_id = ? ORDER BY id",
        (task_id,),
    )
    return tuple(CommentRow._make(readable(row)) for row in found)


def add_link(connection: sqlite3.Connection, task_id: int, new: NewLink, *, now: str) -> LinkRow:
    """Point from a task to something; the task's own times stay as they are."""
    _check_task(connection, task_id)
    url, description = checks.url(new.url), checks.description(new.description)
    author = checks.name("created_by", new.created_by)
    cursor = connection.execute(
        "INSERT INTO links (task_id, url, description, created_by, created_at) VALUES (?, ?, ?, ?, ?)",
        (task_id, url, description, author, now),
    )
    assert cursor.lastrowid is not None
    return LinkRow(cursor.lastrowid, task_id, url, description, author, now)


def links(connection: sqlite3.Connection, task_id: int) -> tuple[LinkRow, ...]:
    """All of a task, oldest first."""
    _check_task(connection, task_id)
    found = connection.execute(
        "SELECT id, task_id, url, description, created_by, created_at FROM links"
        " WHERE task_id = ? ORDER BY id",
        (task_id,),
    )
    return tuple(LinkRow._make(readable(row)) for row in found)


def _check_task(connection: sqlite3.Connection, task_id: int) -> None:
    row = connection.execute("SELECT 1 FROM tasks WHERE id = ?", (checks.task_id(task_id),)).fetchone()
    if row is None:
        raise TaskNotFound(f"Task not found: {task_id}")


def readable(row: tuple[object, ...]) -> tuple[object, ...]:
    """Two numbers, then texts, whatever another program has put there."""
    if not any(isinstance(value, bytes | int | float) for value in row[2:]):
        return row
    from tinyscheduler.taskstore import odd_rows

    return (*row[:2], *(odd_rows.text(value) for value in row[2:]))
