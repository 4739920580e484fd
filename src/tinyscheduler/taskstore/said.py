"""What one answer to a client holds of what was said about a task and what it points to: the newest first.

Whoever may comment could else make a task longer than its readers read, and nobody would work on it any more.
Nothing is lost: an answer says how much it has left out, and older ones can be asked for. Apart from
``remarks`` because no pass does any of it.
"""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from tinyscheduler.errors import TaskNotFound
from tinyscheduler.taskstore import checks, remarks, tasks
from tinyscheduler.taskstore.answer_size import sent_bytes
from tinyscheduler.taskstore.rows import CommentRow, LinkRow, TaskWithRelations

BYTES_MAX: Final = 4_000_000
"""Of comments, and of links, on the wire: with a description at its longest (7 MB there, if it is all control
characters) they stay below the 16 MiB that our own client reads."""
ROWS_MAX: Final = 5_000
"""As many as a list of tasks has."""

Row = tuple[object, ...]


class _Table(NamedTuple):
    name: str
    columns: str
    """After id and task."""


_COMMENTS: Final = _Table("comments", "content, created_by, created_at, updated_at")
_LINKS: Final = _Table("links", "url, description, created_by, created_at")


class Comments(NamedTuple):
    """Oldest first."""

    rows: tuple[CommentRow, ...]
    left_out: int
    """Older ones."""


class Links(NamedTuple):
    """Oldest first."""

    rows: tuple[LinkRow, ...]
    left_out: int
    """Older ones."""


def comments(connection: sqlite3.Connection, task_id: int, *, before: int | None = None) -> Comments:
    """The newest of a task, of those with an id below ``before``. Raises TaskNotFound."""
    found, left_out = _newest(connection, _COMMENTS, _key(connection, task_id, before))
    return Comments(tuple(CommentRow._make(remarks.readable(row)) for row in found), left_out)


def links(connection: sqlite3.Connection, task_id: int, *, before: int | None = None) -> Links:
    """As ``comments``."""
    found, left_out = _newest(connection, _LINKS, _key(connection, task_id, before))
    return Links(tuple(LinkRow._make(remarks.readable(row)) for row in found), left_out)


def with_relations(connection: sqlite3.Connection, task_id: int) -> TaskWithRelations:
    """A task with the newest of both."""
    task = tasks.read(connection, task_id)
    said, linked = comments(connection, task_id), links(connection, task_id)
    return TaskWithRelations(task, said.rows, linked.rows, said.left_out, linked.left_out)


def _key(connection: sqlite3.Connection, task_id: int, before: int | None) -> tuple[int, int]:
    number = checks.task_id(task_id)
    if connection.execute("SELECT 1 FROM tasks WHERE id = ?", (number,)).fetchone() is None:
        raise TaskNotFound(f"Task not found: {task_id}")
    return number, checks.ID_MAX if before is None else max(0, min(before, checks.ID_MAX))


def _newest(connection: sqlite3.Connection, table: _Table, key: tuple[int, int]) -> tuple[list[Row], int]:
    """Oldest first, and how many there are below them; at least one, if there is one."""
    where = f"FROM {table.name} WHERE task_id = ? AND id < ?"
    found = connection.execute(f"SELECT id, task_id, {table.columns} {where} ORDER BY id DESC", key)
    kept: list[Row] = []
    size = 0
    for row in found:
        size += sent_bytes("".join(map(str, row[2:4])))
        if kept and (size > BYTES_MAX or len(kept) == ROWS_MAX):
            below = (key[0], kept[-1][0])
            (left_out,) = connection.execute(f"SELECT count(*) {where}", below).fetchone()
            return kept[::-1], int(left_out)
        kept.append(row)
    return kept[::-1], 0
