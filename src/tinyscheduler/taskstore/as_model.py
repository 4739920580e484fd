"""The store's rows in the words of the model, and back: what ``adapters.embedded`` hands out and takes.

Apart from ``rows``, which are what clients of the public server read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from tinyscheduler.errors import TaskNotFound
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.task import Comment, Link, TagChange, Task
from tinyscheduler.taskstore.rows import CommentRow, HistoryRow, LinkRow, NewTask, TaskChanges, TaskRow

if TYPE_CHECKING:
    from tinyscheduler.model.desk import TaskDraft, TaskEdit, TaskEvent


def number_of(task_id: TaskId) -> int:
    """Raises TaskNotFound for an id that no task of this store can have."""
    # int() also takes "1_000" and digits of other scripts, which no task was ever called.
    if not (task_id.isascii() and task_id.isdigit()):
        raise TaskNotFound(f"Task not found: {task_id[:40]}")
    return int(task_id[:40])


def new_task_of(draft: TaskDraft) -> NewTask:
    """What a person asks for, as a row to be."""
    return NewTask(
        draft.title,
        draft.created_by,
        draft.description,
        draft.assigned_to,
        draft.priority,
        draft.tags,
        None if draft.parent is None else number_of(draft.parent),
        draft.queue,
        None if draft.blocked_by is None else number_of(draft.blocked_by),
        draft.once_by,
    )


def changes_of(edit: TaskEdit) -> TaskChanges:
    """Only the fields that an edit names."""
    changes = changes_of_tags(edit.tags)
    if edit.title is not None:
        changes["title"] = edit.title
    if edit.description is not None:
        changes["description"] = edit.description
    if edit.status is not None:
        changes["status"] = edit.status
    if edit.assigned_to is not None:
        changes["assigned_to"] = edit.assigned_to
    if edit.queue is not None:
        changes["queue_name"] = edit.queue
    if edit.priority is not None:
        changes["priority"] = edit.priority
    if edit.parent is not None:
        changes["parent_task_id"] = number_of(edit.parent) if edit.parent else None
    if edit.blocked_by is not None:
        changes["blocked_by_task_id"] = number_of(edit.blocked_by) if edit.blocked_by else None
    return changes


def changes_of_tags(tags: Sequence[str] | TagChange | None) -> TaskChanges:
    """None: they stay."""
    if isinstance(tags, TagChange):
        return {"tag_change": tags}
    return {} if tags is None else {"tags": tuple(tags)}


class Unreadable(Exception):
    """A row says something that this program cannot use, whatever neutral value it takes for the rest."""


def task_of(row: TaskRow) -> Task:
    """One task. Raises Unreadable where it is not known when it was made: by that it is told from another
    one of the same id; and where its tags are no list: one of them may hold it."""
    if type(row.tags) is not tuple:
        raise _no_list(row)
    try:
        return _task(row)
    except ValueError:
        # Seldom, so that the common way is short: another of its times may be the one that is none.
        return _mended(row)


def _no_list(row: TaskRow) -> Unreadable:
    from tinyscheduler.taskstore import odd_rows

    return Unreadable(f"task {row.id}: tags {odd_rows.stored_text(row.tags)[:40]!r} are no list")


def _mended(row: TaskRow) -> Task:
    from tinyscheduler.taskstore import odd_rows

    try:
        return _task(TaskRow._make(odd_rows.mended(list(row))))
    except ValueError as error:
        raise Unreadable(f"task {row.id}: created_at {row.created_at[:40]!r} is no time") from error


def _task(row: TaskRow) -> Task:
    # By position and in one go: ten thousand of these are part of a pass.
    (number, title, description, status, assigned_to, previous, created_by, priority, tags, parent, queue,
     blocker, created_at, updated_at, archived_at, is_blocked) = row  # fmt: skip
    return Task(
        TaskId(str(number)),
        title,
        status,
        None if assigned_to is None else AgentName(assigned_to),
        None if queue is None else QueueName(queue),
        priority,
        datetime.fromisoformat(created_at),
        datetime.fromisoformat(updated_at),
        description or "",
        None if previous is None else AgentName(previous),
        created_by or None,
        tags,
        None if parent is None else TaskId(str(parent)),
        None if blocker is None else TaskId(str(blocker)),
        is_blocked,
        None if archived_at is None else datetime.fromisoformat(archived_at),
    )


def comment_of(row: CommentRow) -> Comment:
    """One remark."""
    return Comment(str(row.id), row.content, row.created_by, _time(row.created_at))


def link_of(row: LinkRow) -> Link:
    """What a task points to."""
    return Link(str(row.id), row.url, row.description or "", row.created_by, _time(row.created_at))


def _time(text: str) -> datetime:
    """Of a remark: nothing depends on it, so one that cannot be read is long ago."""
    from tinyscheduler.taskstore import odd_rows

    return datetime.fromisoformat(odd_rows.time(text) or "1970-01-01T00:00:00Z")


def event_of(row: HistoryRow) -> TaskEvent:
    """One entry of a history."""
    from tinyscheduler.model.desk import TaskEvent

    return TaskEvent(_time(row.at), row.by, row.action, row.changes)
