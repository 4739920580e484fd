"""Comments and links that are there already: read by their own ids, changed, moved, taken away.

Inside the caller's transaction; each change is in the task's history with what was there before. Apart
from ``remarks`` because no pass does any of it. All raise RemarkNotFound.
"""

from __future__ import annotations

import sqlite3

from tinyscheduler.errors import RemarkNotFound
from tinyscheduler.taskstore import checks, history, remarks
from tinyscheduler.taskstore.rows import CommentRow, LinkChanges, LinkRow, Stamp


def comment(connection: sqlite3.Connection, comment_id: int) -> CommentRow:
    """One comment."""
    row = connection.execute(
        "SELECT id, task_id, content, created_by, created_at, updated_at FROM comments WHERE id = ?",
        (_number("Comment", comment_id),),
    ).fetchone()
    if row is None:
        raise RemarkNotFound(f"Comment not found: {comment_id}")
    return CommentRow._make(remarks.readable(row))


def change_comment(
    connection: sqlite3.Connection, comment_id: int, content: str, *, stamp: Stamp
) -> CommentRow:
    """Say something else in its place."""
    before, said = comment(connection, comment_id), checks.spoken_comment(content)
    _rewrite(connection, before, said, action="comment_changed", stamp=stamp)
    return comment(connection, comment_id)


def delete_comment(connection: sqlite3.Connection, comment_id: int, stamp: Stamp) -> None:
    """For good."""
    before = comment(connection, comment_id)
    connection.execute("DELETE FROM comments WHERE id = ?", (comment_id,))
    changes = {f"comment {comment_id}": (before.content, None)}
    history.record(connection, before.task_id, "comment_deleted", changes=changes, stamp=stamp)


def move_comment(
    connection: sqlite3.Connection, comment_id: int, task_id: int, *, stamp: Stamp
) -> CommentRow:
    """The same words on another task; the first ones are replaced by where they went."""
    before = comment(connection, comment_id)
    moved = remarks.add_comment(connection, task_id, before.content, author=before.created_by, now=stamp.at)
    note = f"Comment moved to task {task_id} comment {moved.id}"
    _rewrite(connection, before, note, action="comment_moved", stamp=stamp)
    return moved


def _rewrite(
    connection: sqlite3.Connection, before: CommentRow, content: str, *, action: str, stamp: Stamp
) -> None:
    connection.execute(
        "UPDATE comments SET content = ?, updated_at = ? WHERE id = ?", (content, stamp.at, before.id)
    )
    changes = {f"comment {before.id}": (before.content, content)}
    history.record(connection, before.task_id, action, changes=changes, stamp=stamp)


def link(connection: sqlite3.Connection, link_id: int) -> LinkRow:
    """One link."""
    row = connection.execute(
        "SELECT id, task_id, url, description, created_by, created_at FROM links WHERE id = ?",
        (_number("Link", link_id),),
    ).fetchone()
    if row is None:
        raise RemarkNotFound(f"Link not found: {link_id}")
    return LinkRow._make(remarks.readable(row))


def change_link(
    connection: sqlite3.Connection, link_id: int, changes: LinkChanges, *, stamp: Stamp
) -> LinkRow:
    """Set the fields given."""
    before = after = link(connection, link_id)
    if "url" in changes:
        after = after._replace(url=checks.url(changes["url"]))
    if "description" in changes:
        after = after._replace(description=checks.description(changes["description"]))
    if after == before:
        return before
    connection.execute(
        "UPDATE links SET url = ?, description = ? WHERE id = ?", (after.url, after.description, link_id)
    )
    said = {f"link {link_id}": (_as_said(before), _as_said(after))}
    history.record(connection, before.task_id, "link_changed", changes=said, stamp=stamp)
    return after


def delete_link(connection: sqlite3.Connection, link_id: int, stamp: Stamp) -> None:
    """For good."""
    before = link(connection, link_id)
    connection.execute("DELETE FROM links WHERE id = ?", (link_id,))
    changes = {f"link {link_id}": (_as_said(before), None)}
    history.record(connection, before.task_id, "link_deleted", changes=changes, stamp=stamp)


def _as_said(found: LinkRow) -> str:
    return f"{found.url} ({found.description})" if found.description else found.url


def _number(what: str, number: int) -> int:
    if not 0 < number <= checks.ID_MAX:
        raise RemarkNotFound(f"{what} not found: {number}")
    return number
