"""Making, reading and changing tasks, inside the caller's transaction.

Raises TaskNotFound, NotAsExpected and ServerRefused with the public server's sentences, which its
clients tell apart by their beginnings.
"""

from __future__ import annotations

import sqlite3

from tinyscheduler.errors import NotAsExpected, ServerRefused, TaskNotFound
from tinyscheduler.model.task import TagChange
from tinyscheduler.taskstore import checks, families
from tinyscheduler.taskstore.rows import (
    ANYTHING,
    TASK_COLUMNS,
    Expected,
    NewTask,
    Stamp,
    TaskChanges,
    TaskFields,
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


def made_before(connection: sqlite3.Connection, new: NewTask) -> TaskRow | None:
    """The oldest task of its title with all the tags by which it is made once, archived or not."""
    wanted = set(checks.tags(new.once_by))
    found = connection.execute(TASK_COLUMNS + " WHERE t.title = ? ORDER BY t.id", (checks.title(new.title),))
    return next((row for row in task_rows(found) if wanted.issubset(row.tags)), None)


def create(connection: sqlite3.Connection, new: NewTask, stamp: Stamp) -> TaskRow:
    """A new idle task; its parents' statuses follow."""
    from tinyscheduler.taskstore import history

    queue = checks.queue_or_none(new.queue_name)
    if new.parent_task_id is not None:
        families.check_parent(connection, None, new.parent_task_id)
        queue = queue or read(connection, new.parent_task_id).queue_name
    if new.blocked_by_task_id is not None:
        families.check_blocker(connection, None, new.blocked_by_task_id)
    task_id = _insert(connection, new, queue=queue, now=stamp.at)
    made = read(connection, task_id)
    history.record(
        connection, task_id, "created", changes={}, stamp=stamp._replace(by=made.created_by or None)
    )
    families.derive_status(connection, new.parent_task_id, stamp)
    return made


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


def update(
    connection: sqlite3.Connection,
    task_id: int,
    changes: TaskChanges,
    *,
    stamp: Stamp,
    expected: Expected = ANYTHING,
) -> TaskRow:
    """Set the fields given, whoever has the task and whatever its status, unless something is ``expected``.

    When the assignee really changes, ``previous_assigned_to`` of the answer is exactly what was
    replaced; None: nobody had it.
    """
    before = read(connection, task_id)
    check_expected(before, expected)
    wanted = _checked(changes, before)
    if not wanted:
        return before
    _check_relations(connection, before, wanted)
    after = with_trace(before, before._replace(**wanted, updated_at=stamp.at))
    save(connection, before, after, action="updated", stamp=stamp)
    return read(connection, task_id)


def check_expected(task: TaskRow, expected: Expected) -> None:
    """Raises NotAsExpected."""
    if expected.assigned_to is not None:
        check_holder(task, expected.assigned_to)
    if expected.status is not None and expected.status != task.status:
        raise NotAsExpected(f"Task {task.id} has status '{task.status}', not '{expected.status}'")


def check_holder(task: TaskRow, name: str) -> None:
    """``name`` empty: nobody has it. Raises NotAsExpected."""
    if checks.assignee(name) != task.assigned_to:
        raise NotAsExpected(
            f"Task {task.id} is not assigned to {name or 'nobody'}"
            f" (currently assigned to: {task.assigned_to or 'nobody'})"
        )


def _checked(changes: TaskChanges, before: TaskRow) -> TaskFields:
    rest = changes.copy()
    change = rest.pop("tag_change", None)
    wanted: TaskFields = rest
    if change is not None:
        wanted["tags"] = _changed_tags(change, before)
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
        wanted["queue_name"] = checks.queue_or_none(wanted["queue_name"])
    return wanted


def _changed_tags(change: TagChange, before: TaskRow) -> tuple[str, ...]:
    if type(before.tags) is not tuple:
        # One of them may ask for approval, which a list made of nothing would lose.
        raise ServerRefused(f"Task {before.id} has tags that are no list: say all of them")
    return change.of(before.tags)


def _check_relations(connection: sqlite3.Connection, before: TaskRow, wanted: TaskFields) -> None:
    parent, blocker = wanted.get("parent_task_id"), wanted.get("blocked_by_task_id")
    if parent is not None:
        families.check_parent(connection, before.id, parent)
    if blocker is not None:
        families.check_blocker(connection, before.id, blocker)


def with_trace(before: TaskRow, after: TaskRow) -> TaskRow:
    """A change of assignee says whom it replaced."""
    if after.assigned_to == before.assigned_to:
        return after
    return after._replace(previous_assigned_to=before.assigned_to)


def save(
    connection: sqlite3.Connection, before: TaskRow, after: TaskRow, *, action: str, stamp: Stamp
) -> None:
    """Write the task, its history, and what follows for its parents."""
    from tinyscheduler.taskstore import history

    _write(connection, after)
    changes = history.changes_between(before, after)
    if changes:
        history.record(connection, after.id, action, changes=changes, stamp=stamp)
    if (after.status, after.parent_task_id) == (before.status, before.parent_task_id):
        return
    families.derive_status(connection, after.parent_task_id, stamp)
    if after.parent_task_id != before.parent_task_id:
        families.derive_status(connection, before.parent_task_id, stamp)


def _write(connection: sqlite3.Connection, task: TaskRow) -> None:
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
