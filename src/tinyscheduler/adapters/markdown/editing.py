"""What becomes of a file's content: a new one, a changed one, one more remark; pure.

A change is made from whatever the file holds at that moment, so that it can be made again from what a person
has saved in between (``writing``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.adapters.markdown import values
from tinyscheduler.adapters.markdown.page import (
    REMARKS,
    Page,
    Rubbish,
    hints_apart,
    page_of,
    text_of,
    with_body,
    with_hints,
    with_value,
)
from tinyscheduler.adapters.markdown.remarks import with_remark
from tinyscheduler.adapters.markdown.sheet import Sheet, front_values, name_shown, sheet_of
from tinyscheduler.adapters.markdown.writing import FILE_BYTES_MAX
from tinyscheduler.errors import NotAssigned, ServerRefused, TaskUnreadable
from tinyscheduler.kit.fields import number_text
from tinyscheduler.model.ids import AgentName, QueueName, TaskId, agent_or_nobody, as_task_id
from tinyscheduler.model.task import Status, Task, tags_after

if TYPE_CHECKING:
    from tinyscheduler.model.desk import TaskDraft, TaskEdit

Fields = dict[str, str | None]
"""Front matter to be written, by key; None takes a key away."""
Change = Callable[[Task], Fields]
"""Raises to change nothing."""


class Remark(NamedTuple):
    """Something to be said beside a change."""

    text: str
    author: str


SILENCE = Remark("", "")


class Editing:
    """One change to one file."""

    def __init__(
        self,
        sheet: Sheet,
        change: Change,
        *,
        remark: Remark = SILENCE,
        description: str | None = None,
        now: datetime,
    ) -> None:
        self._sheet = sheet
        self._change = change
        self._remark = remark
        self._description = description
        self._now = now.replace(microsecond=0)

    def __call__(self, content: bytes) -> bytes:
        """The same bytes where nothing changes. Raises what the change raises, and ServerRefused for what
        cannot be read any more."""
        task, page = self._read(content)
        fields, known = self._change(task), front_values(task)
        if self._remark.text:
            page, _ = with_remark(page, self._remark.text, self._remark.author, at=self._now)
        elif self._description in (None, task.description) and all(
            known.get(key) == written for key, written in fields.items()
        ):
            return content
        if self._description is not None:
            # A title that was read off the text would change with it.
            fields = {"title": known["title"], **fields}
            page = _described(page, self._description)
        # Whatever it is called and whenever it is saved from here on, it is this task.
        for key, written in (("id", known["id"]), ("created_at", known["created_at"]), *fields.items()):
            page = with_value(page, key, written)
        return _encoded(text_of(page))

    def _read(self, content: bytes) -> tuple[Task, Page]:
        name, before = self._sheet.name, self._sheet.task
        shown = name_shown(name)
        try:
            text = content.decode("utf-8")
            sheet, page = sheet_of(name, text, before.created_at), page_of(text)
        except UnicodeDecodeError as error:
            raise TaskUnreadable(f"{shown}: byte {error.start} is no UTF-8") from error
        except Rubbish as rubbish:
            raise TaskUnreadable(f"{shown}: line {rubbish.line}: {rubbish.what}") from rubbish
        if sheet is None or sheet.task.id != before.id:
            raise TaskUnreadable(f"{shown} is another task than it was a moment ago")
        return sheet.task, page


def drafted(draft: TaskDraft, number: int, now: datetime) -> bytes:
    """A new file. Raises ServerRefused."""
    task = Task(
        TaskId(str(number)),
        draft.title.strip(),
        "idle",
        agent_or_nobody(draft.assigned_to),
        QueueName(draft.queue.strip()) if draft.queue and draft.queue.strip() else None,
        draft.priority,
        now,
        now,
        created_by=draft.created_by,
        tags=draft.tags,
        parent_id=draft.parent or None,
        blocked_by=draft.blocked_by or None,
    )
    page = page_of("")
    for key, text in front_values(task).items():
        page = with_value(page, key, text)
    return _encoded(text_of(_described(page, draft.description)))


def _described(page: Page, description: str) -> Page:
    """With another description: its hints are in the front matter of the file, the rest is its text. Raises
    ServerRefused."""
    hints, body = hints_apart(description)
    if any(line.strip() == REMARKS for line in body.split("\n")):
        raise ServerRefused(f"a description cannot have the line {REMARKS}: comments begin there")
    return with_body(with_hints(page, hints), body)


def edited(task: Task, edit: TaskEdit) -> Fields:
    """What an edit writes. Raises ServerRefused."""
    found: Fields = {}
    if edit.title is not None:
        if not edit.title.strip():
            raise ServerRefused("a task needs a title")
        found["title"] = values.written(edit.title.strip())
    if edit.status is not None:
        found["status"] = edit.status
    if edit.assigned_to is not None and (new := agent_or_nobody(edit.assigned_to)) != task.assigned_to:
        found["assigned_to"] = values.written(new) if new else None
        found["previous_assigned_to"] = values.written(task.assigned_to) if task.assigned_to else None
    if edit.queue is not None:
        found["queue"] = values.written(edit.queue.strip()) if edit.queue.strip() else None
    if edit.priority is not None:
        found["priority"] = number_text(edit.priority)
    if edit.tags is not None:
        tags = tags_after(edit.tags, task.tags)
        found["tags"] = values.written_list(tags) if tags else None
    for key, other in (("parent", edit.parent), ("blocked_by", edit.blocked_by)):
        if other is not None:
            found[key] = str(as_task_id(other)) if other else None
    return found


def handed_over(task: Task, current: AgentName, new: AgentName) -> Fields:
    """From one agent to another. Raises NotAssigned."""
    holder, heir = agent_or_nobody(current), agent_or_nobody(new)
    if holder is None or task.assigned_to != holder:
        raise NotAssigned(
            f"Task {task.id} is not assigned to {current} (currently assigned to: {task.assigned_to})"
        )
    if task.status == "complete":
        raise NotAssigned(f"Task {task.id} with status 'complete' cannot be transferred")
    return {
        "status": "idle",
        "assigned_to": values.written(heir) if heir else None,
        "previous_assigned_to": values.written(holder),
    }


def standing(status: Status) -> Change:
    """How a parent stands, as its subtasks have it."""
    return lambda _: {"status": status}


def archived(task: Task, now: datetime) -> Fields:
    """Once and for all."""
    return {} if task.archived_at else {"archived_at": f"{now:%Y-%m-%dT%H:%M:%SZ}"}


def slug(title: str) -> str:
    """What of a title may be part of a name on every file system; nothing leads out of the folder."""
    import unicodedata

    letters = unicodedata.normalize("NFKD", title.casefold())
    plain = (letter for letter in letters if not unicodedata.combining(letter))
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in plain).split()
    return "-".join(words)[:50].strip("-")


def _encoded(text: str) -> bytes:
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ServerRefused(f"character {error.start} cannot be written as UTF-8") from error
    if len(data) > FILE_BYTES_MAX:
        raise ServerRefused(
            f"the file would be larger than {FILE_BYTES_MAX} bytes",
            hint="take old comments out of it, or begin a new task",
        )
    return data
