"""Making, reading and changing tasks, inside the caller's transaction.

Raises TaskNotFound, NotAssigned and ServerRefused with the public server's sentences, which its
clients tell apart by their beginnings.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from tinyscheduler.errors import NotAssigned, ServerRefused, TaskNotFound
from tinyscheduler.taskstore import checks, families, remarks
from tinyscheduler.taskstore.rows import (
    TASK_COLUMNS,
    TASK_ORDER,
    Moved,
    NewTask,
    TaskChanges,
    TaskRow,
    tags_text,
    task_rows,
)


def check_room(connection: sqlite3.Connection, most: int) -> None:
    """One more task may wait; 0 is no limit. Raises ServerRefused."""
    if most <= 0:
        return
    question = "SELECT COUNT(*) FROM tasks WHERE status = 'idle' AND archived_at IS NULL"
    (count,) = connection.execute(question).fetchone()
    if count >= most:
        raise ServerRefused(
            f"The queues are full: {count} tasks wait, and {most} may",
            hint="wait until some have run, complete some, or raise TINYSCHEDULER_MAX_QUEUE_DEPTH",
        )


def create(connection: sqlite3.Connection, new: NewTask, now: str) -> TaskRow:
    """A new idle task; its parents' statuses follow."""
    queue = checks.name("Queue name", new.queue_name)
    if new.parent_task_id is not None:
        families.check_parent(connection, None, new.parent_task_id)
        queue = queue or read(connection, new.parent_task_id).queue_name
    if new.blocked_by_task_id is not None:
        families.check_blocker(connection, None, new.blocked_by_task_id)
    task_id = _insert(connection, new, queue=queue, now=now)
    families.derive_status(connection, new.parent_task_id, now)
    return read(connection, task_id)


def _insert(connection: sqlite3.Connection, new: NewTask, *, queue: str | None, now: str) -> int:
    cursor = connection.execute(
        "INSERT INTO tasks (title, description, status, assigned_to, created_by, priority, tags,"
        " parent_task_id, queue_name, blocked_by_task_id, created_at, updated_at)"
        " VALUES (?, ?, 'idle', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            checks.title(new.title),
            checks.description(new.description),
            checks.assignee(new.assigned_to),
            checks.name("created_by", new.created_by) or "",
            checks.priority(new.priority),
            tags_text(checks.tags(new.tags)),
            new.parent_task_id,
            queue,
            new.blocked_by_task_id,
            now,
            now,
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def read(connection: sqlite3.Connection, task_id: int) -> TaskRow:
    """One task, archived or not."""
    found = task_rows(connection.execute(TASK_COLUMNS + " WHERE t.id = ?", (checks.task_id(task_id),)))
    if not found:
        raise TaskNotFound(f"Task not found: {task_id}")
    return found[0]


def update(connection: sqlite3.Connection, task_id: int, changes: TaskChanges, *, now: str) -> TaskRow:
    """Set the fields given, whoever has the task and whatever its status.

    When the assignee really changes, ``previous_assigned_to`` of the answer is exactly what was
    replaced; None: nobody had it.
    """
    before = read(connection, task_id)
    wanted = _checked(changes)
    if not wanted:
        return before
    _check_relations(connection, before, wanted)
    after = _with_trace(before, before._replace(**wanted))
    # Of all fields only the blocker leaves updated_at alone, as on the public server.
    touched = before.updated_at if wanted.keys() == {"blocked_by_task_id"} else now
    _save(connection, after._replace(updated_at=touched))
    _derive_after(connection, before, after, now=now)
    return read(connection, task_id)


def _checked(changes: TaskChanges) -> TaskChanges:
    wanted = changes.copy()
    if "title" in wanted:
        wanted["title"] = checks.title(wanted["title"])
    if "description" in wanted:
        wanted["description"] = checks.description(wanted["description"])
    if "status" in wanted:
        wanted["status"] = checks.status(wanted["status"])
    if "assigned_to" in wanted:
        wanted["assigned_to"] = checks.assignee(wanted["assigned_to"])
    if "priority" in wanted:
        wanted["priority"] = checks.priority(wanted["priority"])
    if "tags" in wanted:
        wanted["tags"] = checks.tags(wanted["tags"])
    if "queue_name" in wanted:
        wanted["queue_name"] = checks.name("Queue name", wanted["queue_name"])
    return wanted


def _check_relations(connection: sqlite3.Connection, before: TaskRow, wanted: TaskChanges) -> None:
    parent, blocker = wanted.get("parent_task_id"), wanted.get("blocked_by_task_id")
    if parent is not None:
        families.check_parent(connection, before.id, parent)
    if blocker is not None:
        families.check_blocker(connection, before.id, blocker)


def _with_trace(before: TaskRow, after: TaskRow) -> TaskRow:
    if after.assigned_to == before.assigned_to:
        return after
    return after._replace(previous_assigned_to=before.assigned_to)


def _derive_after(connection: sqlite3.Connection, before: TaskRow, after: TaskRow, *, now: str) -> None:
    if (after.status, after.parent_task_id) == (before.status, before.parent_task_id):
        return
    families.derive_status(connection, after.parent_task_id, now)
    if after.parent_task_id != before.parent_task_id:
        families.derive_status(connection, before.parent_task_id, now)


def _save(connection: sqlite3.Connection, task: TaskRow) -> None:
    connection.execute(
        "UPDATE tasks SET title = ?, description = ?, status = ?, assigned_to = ?, previous_assigned_to = ?,"
        " priority = ?, tags = ?, parent_task_id = ?, queue_name = ?, blocked_by_task_id = ?, updated_at = ?"
        " WHERE id = ?",
        (
            task.title,
            task.description,
            task.status,
            task.assigned_to,
            task.previous_assigned_to,
            task.priority,
            tags_text(task.tags),
            task.parent_task_id,
            task.queue_name,
            task.blocked_by_task_id,
            task.updated_at,
            task.id,
        ),
    )


_CLAIMABLE: Final = (
    " WHERE t.assigned_to = ? AND t.status = 'idle' AND t.archived_at IS NULL"
    " AND (b.id IS NULL OR b.status = 'complete')"
)


def sign_up(connection: sqlite3.Connection, agent: str, now: str) -> TaskRow | None:
    """Set the agent's most urgent idle task to working; None: there is none.

    Unlike the public server it never gives out a blocked task.
    """
    found = task_rows(
        connection.execute(TASK_COLUMNS + _CLAIMABLE + TASK_ORDER + " LIMIT 1", (checks.assignee(agent),))
    )
    return update(connection, found[0].id, {"status": "working"}, now=now) if found else None


def move(
    connection: sqlite3.Connection, task_id: int, *, current: str, new: str, comment: str, now: str
) -> Moved:
    """Hand the task on, or back with a reason, only if ``current`` still has it.

    ``new`` empty gives it to nobody. Raises NotAssigned.
    """
    before = read(connection, task_id)
    _check_held(before, current)
    after = before._replace(
        assigned_to=checks.assignee(new),
        previous_assigned_to=before.assigned_to,
        status="idle",
        updated_at=now,
    )
    _save(connection, after)
    said = remarks.insert_comment(
        connection, task_id, checks.comment(comment), author=before.assigned_to, now=now
    )
    _derive_after(connection, before, after, now=now)
    return Moved(read(connection, task_id), said)


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


def archive(connection: sqlite3.Connection, task_id: int, now: str) -> TaskRow:
    """Take the task out of every list; there is no way back. A second time changes nothing."""
    before = read(connection, task_id)
    if before.archived_at is None:
        connection.execute("UPDATE tasks SET archived_at = ? WHERE id = ?", (now, task_id))
        families.derive_status(connection, before.parent_task_id, now)
    return read(connection, task_id)
