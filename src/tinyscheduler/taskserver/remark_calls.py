"""What each tool about comments and links does; as ``calls``."""

from __future__ import annotations

from tinyscheduler.taskserver import answers
from tinyscheduler.taskserver.arguments import Given
from tinyscheduler.taskstore import editing
from tinyscheduler.taskstore.rows import LinkChanges, NewLink
from tinyscheduler.taskstore.store import Store


def add_comment(store: Store, given: Given) -> str:
    """Blank is refused."""
    said = store.add_comment(given.whole("task_id"), given.text("content"), given.text_or_none("created_by"))
    return answers.text(said._asdict())


def list_comments(store: Store, given: Given) -> str:
    """Oldest first."""
    task_id = given.whole("task_id")
    found = editing.comments(store, task_id, before=given.whole_or_none("before"))
    return answers.text(answers.comments(task_id, found))


def get_comment(store: Store, given: Given) -> str:
    """By its own id."""
    return answers.text(editing.comment(store, given.whole("id"))._asdict())


def update_comment(store: Store, given: Given) -> str:
    """What was said first is in the task's history."""
    said = editing.change_comment(store, given.whole("id"), given.text("content"), by=_by(given))
    return answers.text(said._asdict())


def delete_comment(store: Store, given: Given) -> str:
    """So is this."""
    number = given.whole("id")
    editing.delete_comment(store, number, by=_by(given))
    return answers.deleted("Comment", number)


def move_comment(store: Store, given: Given) -> str:
    """The new comment; the old one says where it went."""
    number, task_id = given.whole("comment_id"), given.whole("to_task_id")
    moved = editing.move_comment(store, number, task_id, by=_by(given))
    return answers.text(moved._asdict())


def add_link(store: Store, given: Given) -> str:
    """Any text is a link."""
    new = NewLink(given.text("url"), given.text_or_none("description"), given.text_or_none("created_by"))
    return answers.text(store.add_link(given.whole("task_id"), new)._asdict())


def list_links(store: Store, given: Given) -> str:
    """Oldest first."""
    task_id = given.whole("task_id")
    found = editing.links(store, task_id, before=given.whole_or_none("before"))
    return answers.text(answers.links(task_id, found))


def update_link(store: Store, given: Given) -> str:
    """Only the fields given are written."""
    changes: LinkChanges = {}
    if given.has("url"):
        changes["url"] = given.text("url")
    if given.has("description"):
        changes["description"] = given.text("description")
    return answers.text(editing.change_link(store, given.whole("id"), changes, by=_by(given))._asdict())


def delete_link(store: Store, given: Given) -> str:
    """For good."""
    number = given.whole("id")
    editing.delete_link(store, number, by=_by(given))
    return answers.deleted("Link", number)


def _by(given: Given) -> str | None:
    return given.text_or_none("changed_by")
