"""What people and agents do with an open store and no pass does, so that no pass loads it.

Each is one transaction. All raise as ``Store`` does.
"""

from __future__ import annotations

from sqlite3 import Connection
from typing import Final

from tinyscheduler.taskstore import checks, history, holders, listing, removal, said, second_thoughts, tasks
from tinyscheduler.taskstore.rows import (
    ANYTHING,
    CommentRow,
    Expected,
    HistoryRow,
    LinkChanges,
    LinkRow,
    Page,
    TaskFilter,
    TaskRow,
    TaskWithRelations,
)
from tinyscheduler.taskstore.store import Store

HISTORY_MAX: Final = 500
"""Entries in one answer; there are no more of one task."""


def claim_task(store: Store, task_id: int, agent: str, *, expected: str | None = None) -> TaskWithRelations:
    """See ``holders.claim``."""
    return store.write(
        lambda c, stamp: said.with_relations(
            c, holders.claim(c, task_id, agent, expected=expected, stamp=stamp).id
        )
    )


def task_with_relations(store: Store, task_id: int) -> TaskWithRelations:
    """See ``said``; so the following two."""
    return store.read(lambda c: said.with_relations(c, task_id))


def comments(store: Store, task_id: int, *, before: int | None = None) -> said.Comments:
    """Oldest first."""
    return store.read(lambda c: said.comments(c, task_id, before=before))


def links(store: Store, task_id: int, *, before: int | None = None) -> said.Links:
    """Oldest first."""
    return store.read(lambda c: said.links(c, task_id, before=before))


def subtasks(store: Store, parent: int, *, recursive: bool = False, include_archived: bool = False) -> Page:
    """See ``listing.subtasks``."""
    return store.read(
        lambda c: listing.subtasks(c, parent, recursive=recursive, include_archived=include_archived)
    )


def family(store: Store, task_id: int, *, recursive: bool) -> tuple[TaskRow, Page]:
    """A task and its children, or everything below it, of one instant."""
    return store.read(
        lambda c: (
            tasks.read(c, task_id),
            listing.subtasks(c, task_id, recursive=recursive, include_archived=False),
        )
    )


def delete_task(store: Store, task_id: int, expected: Expected = ANYTHING, *, by: str | None = None) -> None:
    """See ``removal.delete``. ``by``, here and below: who wants it, for the history."""
    store.write(lambda c, stamp: removal.delete(c, task_id, stamp=stamp, expected=expected), by=by)


def clear_queue(store: Store, queue: str, *, by: str | None = None) -> int:
    """See ``removal.clear_queue``."""
    return store.write(lambda c, stamp: removal.clear_queue(c, checks.queue(queue), stamp), by=by)


def comment(store: Store, comment_id: int) -> CommentRow:
    """See ``second_thoughts``; so the following."""
    return store.read(lambda c: second_thoughts.comment(c, comment_id))


def change_comment(store: Store, comment_id: int, content: str, *, by: str | None = None) -> CommentRow:
    """Say something else in its place."""
    return store.write(
        lambda c, stamp: second_thoughts.change_comment(c, comment_id, content, stamp=stamp), by=by
    )


def delete_comment(store: Store, comment_id: int, *, by: str | None = None) -> None:
    """For good."""
    store.write(lambda c, stamp: second_thoughts.delete_comment(c, comment_id, stamp), by=by)


def move_comment(store: Store, comment_id: int, task_id: int, *, by: str | None = None) -> CommentRow:
    """The new one."""
    return store.write(
        lambda c, stamp: second_thoughts.move_comment(c, comment_id, task_id, stamp=stamp), by=by
    )


def change_link(store: Store, link_id: int, changes: LinkChanges, *, by: str | None = None) -> LinkRow:
    """The fields given."""
    return store.write(lambda c, stamp: second_thoughts.change_link(c, link_id, changes, stamp=stamp), by=by)


def delete_link(store: Store, link_id: int, *, by: str | None = None) -> None:
    """For good."""
    store.write(lambda c, stamp: second_thoughts.delete_link(c, link_id, stamp), by=by)


def task_history(store: Store, task_id: int, limit: int = HISTORY_MAX) -> tuple[HistoryRow, ...]:
    """The newest ``limit``, oldest first; also of a task that was deleted. Raises TaskNotFound for one that
    never was."""

    def look(connection: Connection) -> tuple[HistoryRow, ...]:
        found = history.entries(connection, checks.task_id(task_id), min(limit, HISTORY_MAX))
        if not found:
            # A task of before there were histories has none yet.
            tasks.read(connection, task_id)
        return found

    return store.read(look)


def page(store: Store, wanted: TaskFilter) -> Page:
    """A list that is not longer than a client can read."""
    return store.read(lambda c: listing.page(c, wanted))


def remark_counts(store: Store) -> tuple[tuple[int, int, int], ...]:
    """Task, its comments, its links: of all tasks that have any."""
    return store.read(listing.remark_counts)
