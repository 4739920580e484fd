"""Taking tasks out of sight: archive, delete, and a queue emptied; inside the caller's transaction.

Apart from ``tasks`` because no pass does any of it.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from tinyscheduler.taskstore import families, history, tasks
from tinyscheduler.taskstore.rows import ANYTHING, Expected, Stamp, TaskRow

_TREE: Final = """
    WITH RECURSIVE tree (id) AS (
        VALUES (?) UNION SELECT t.id FROM tasks t JOIN tree ON t.parent_task_id = tree.id
    ) SELECT id FROM tree ORDER BY id
"""


def archive(
    connection: sqlite3.Connection, task_id: int, *, stamp: Stamp, expected: Expected = ANYTHING
) -> TaskRow:
    """Take the task out of every list; there is no way back. A second time changes nothing."""
    before = tasks.read(connection, task_id)
    tasks.check_expected(before, expected)
    if before.archived_at is None:
        connection.execute("UPDATE tasks SET archived_at = ? WHERE id = ?", (stamp.at, task_id))
        history.record(connection, task_id, "archived", changes={}, stamp=stamp)
        families.derive_status(connection, before.parent_task_id, stamp)
    return tasks.read(connection, task_id)


def delete(
    connection: sqlite3.Connection, task_id: int, *, stamp: Stamp, expected: Expected = ANYTHING
) -> None:
    """The task, everything below it, and what was said about them; who waited for one of them waits no more.
    Histories stay."""
    before = tasks.read(connection, task_id)
    tasks.check_expected(before, expected)
    tree = [found for (found,) in connection.execute(_TREE, (task_id,))]
    for gone in tree:
        _release_waiting(connection, gone, stamp)
    for gone in tree:
        title = tasks.read(connection, gone).title
        for table in ("comments", "links"):
            connection.execute(f"DELETE FROM {table} WHERE task_id = ?", (gone,))  # noqa: S608
        history.record(connection, gone, "deleted", changes={"title": (title, None)}, stamp=stamp)
    connection.executemany("DELETE FROM tasks WHERE id = ?", [(gone,) for gone in tree])
    families.derive_status(connection, before.parent_task_id, stamp)


def _release_waiting(connection: sqlite3.Connection, blocker: int, stamp: Stamp) -> None:
    waiting = connection.execute("SELECT id FROM tasks WHERE blocked_by_task_id = ?", (blocker,)).fetchall()
    connection.execute("UPDATE tasks SET blocked_by_task_id = NULL WHERE blocked_by_task_id = ?", (blocker,))
    for (task_id,) in waiting:
        changes = {"blocked_by_task_id": (blocker, None)}
        history.record(connection, task_id, "unblocked", changes=changes, stamp=stamp)


def clear_queue(connection: sqlite3.Connection, queue: str, stamp: Stamp) -> int:
    """Take all tasks that are not archived out of the queue; how many there were."""
    inside = "queue_name = ? AND archived_at IS NULL"
    found = connection.execute(f"SELECT id FROM tasks WHERE {inside} ORDER BY id", (queue,)).fetchall()  # noqa: S608
    connection.execute(
        f"UPDATE tasks SET queue_name = NULL, updated_at = ? WHERE {inside}",  # noqa: S608
        (stamp.at, queue),
    )
    for (task_id,) in found:
        history.record(connection, task_id, "updated", changes={"queue_name": (queue, None)}, stamp=stamp)
    return len(found)
