"""A task file as a task, as far as it says so by itself; pure.

What follows from other files (whether a blocker is done, what a parent's children are at) is added by
``shelf``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from tinyscheduler.adapters.markdown import values
from tinyscheduler.adapters.markdown.page import (
    KEYS,
    Entry,
    Page,
    Rubbish,
    body_of,
    hint_lines,
    hints_of,
    page_of,
    value,
)
from tinyscheduler.adapters.markdown.remarks import remarks_of
from tinyscheduler.kit.fields import NUMBER_MAX, number_text
from tinyscheduler.model.ids import AgentName, QueueName, TaskId, as_task_id
from tinyscheduler.model.task import Comment, Status, Task
from tinyscheduler.model.task import Page as TaskPage
from tinyscheduler.planner.hints import is_near

ID_DIGITS_MAX: Final = 15
_STATUSES: Final[dict[str, Status]] = {"idle": "idle", "working": "working", "complete": "complete"}
_ID_LIKE: Final = re.compile(r"[0-9]+")
_NOTHING: Final = re.compile(r"(?!)")
_DECIDING: Final = {
    "status": re.compile("|".join(_STATUSES)),
    "parent": _ID_LIKE,
    "blocked_by": _ID_LIKE,
    "queue": _NOTHING,
    "assigned_to": _NOTHING,
    "priority": _NOTHING,
    "tags": _NOTHING,
}
"""What decides whether and when a task starts, and which values are its alone: any text may be a queue."""
_DATE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"|(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[0-9]{4}|[0-9]{6})?(?![0-9])"
)
"""Journals and boxes of notes write it with and without hyphens, the latter with the time behind it."""
_NUMBERED: Final = re.compile(r"([0-9]{1,15})(?:[-_. ](.*))?")
_HEADING_MARKS: Final = frozenset("#" * level for level in range(1, 7))


class Sheet(NamedTuple):
    """One file that is a task."""

    name: str
    """Of the file."""
    task: Task
    comments: tuple[Comment, ...]


def name_shown(name: str) -> str:
    """A file's name as it may stand in a message: anybody may have given it, with line ends and escapes."""
    return name if name.isprintable() else ascii(name)[1:-1]


def number_in(name: str) -> TaskId | None:
    """The number that a file's name begins with; a date is none."""
    stem = name.removesuffix(".md")
    found = None if _DATE.match(stem) else _NUMBERED.fullmatch(stem)
    return as_task_id(found[1]) if found and int(found[1]) else None


def sheet_of(name: str, text: str, modified_at: datetime) -> Sheet | None:
    """None: it is no task, because it has no number and says nothing that a task says. Raises Rubbish.

    ``modified_at`` in whole seconds: when a task is made, where the file does not say so itself.
    """
    page = page_of(text)
    task_id = _id(page, name)
    if task_id is None:
        return None
    _refuse_slips(page)
    hints, body = hints_of(page), body_of(page)[0].replace("\r\n", "\n").strip("\n")
    description = f"---\n{hints}\n---\n\n{body}" if hints else body
    created = _moment(page, "created_at") or modified_at
    assignee = _name(page, "assigned_to")
    task = Task(
        task_id,
        _name(page, "title") or _title(name, body),
        _status(page),
        None if assignee is None else AgentName(assignee),
        None if (queue := _name(page, "queue")) is None else QueueName(queue),
        _number(page, "priority"),
        created,
        modified_at,
        description,
        None if (before := _name(page, "previous_assigned_to")) is None else AgentName(before),
        _name(page, "created_by"),
        _texts(page, "tags"),
        _parent(page, task_id),
        _task_id(page, "blocked_by"),
        archived_at=_moment(page, "archived_at"),
        page=TaskPage(name_shown(name), hint_lines(page)),
    )
    return Sheet(name, task, remarks_of(page))


def id_said(text: str) -> TaskId | None:
    """The id in a file that cannot be read otherwise, as far as a line of it names one."""
    found = re.search(r"(?m)^id: *\"?([0-9]{1,15})\"? *\r?$", text[:4096])
    return as_task_id(found[1]) if found else None


def _id(page: Page, name: str) -> TaskId | None:
    said, number = _task_id(page, "id"), number_in(name)
    if said is None and number is None and any(_is_ours(entry) for entry in page.entries):
        raise Rubbish(1, "it has no id: begin its name with a number, like 12-title.md, or write id: 12")
    return said or number


def _is_ours(entry: Entry) -> bool:
    return entry.key in ("status", "queue", "assigned_to", "priority", "parent", "blocked_by")


def _refuse_slips(page: Page) -> None:
    """Keys of others are theirs; but a task that says in a misspelt one that it is done, or what it waits
    for, would be started."""
    said = {entry.key for entry in page.entries}
    for entry in page.entries:
        meant = next((key for key in _DECIDING if key not in said and _is_slip(page, entry.key, key)), None)
        if entry.key not in KEYS and meant is not None:
            raise Rubbish(entry.line, f"{entry.key}: is {meant} meant? Write it so, or call it otherwise")


def _is_slip(page: Page, name: str, key: str) -> bool:
    """Another word that is near is ours only if it says what such a key says."""
    if name.lower().replace("-", "_") == key:
        return True
    if not is_near(name, key):
        return False
    try:
        return bool(_DECIDING[key].fullmatch(_text(page, name) or ""))
    except Rubbish:
        return False


def _line(page: Page, key: str) -> int:
    return next((entry.line for entry in page.entries if entry.key == key), 1)


def _text(page: Page, key: str) -> str | None:
    found = value(page, key)
    if isinstance(found, tuple):
        raise Rubbish(_line(page, key), f"{key} is a list: write one value")
    return found


def _name(page: Page, key: str) -> str | None:
    """Blank: as if it were not there."""
    return (_text(page, key) or "").strip() or None


def _status(page: Page) -> Status:
    text = _text(page, "status") or "idle"
    if text not in _STATUSES:
        raise Rubbish(_line(page, "status"), f"status {text[:40]}: write idle, working or complete")
    return _STATUSES[text]


def _number(page: Page, key: str) -> float:
    text = _text(page, key) or "0"
    try:
        number = float(text)
    except ValueError:
        number = NUMBER_MAX * 2
    if not abs(number) <= NUMBER_MAX:
        raise Rubbish(_line(page, key), f"{key} {text[:40]}: write a number")
    return int(number) if number == int(number) else number


def _task_id(page: Page, key: str) -> TaskId | None:
    text = _text(page, key)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) and len(text) <= ID_DIGITS_MAX):
        raise Rubbish(_line(page, key), f"{key} {text[:40]}: write the number of a task")
    return as_task_id(text)


def _parent(page: Page, task_id: TaskId) -> TaskId | None:
    """Not the task itself: it would wait for itself for ever, as for an open subtask."""
    found = _task_id(page, "parent")
    if found == task_id:
        raise Rubbish(_line(page, "parent"), f"parent: {task_id} is this task itself; take the line out")
    return found


def _moment(page: Page, key: str) -> datetime | None:
    text = _text(page, key)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise Rubbish(
            _line(page, key), f"{key} {text[:40]}: write a time like 2026-01-31T12:00:00Z"
        ) from None


def _texts(page: Page, key: str) -> tuple[str, ...]:
    found = value(page, key)
    texts = found if isinstance(found, tuple) else () if found is None else (found,)
    return tuple(text for text in texts if text)


def _title(name: str, body: str) -> str:
    """The first line, if it is a heading; else what the file is called."""
    marks, _, heading = body.partition("\n")[0].partition(" ")
    # No pattern: one that looks for the end of blanks and marks begins anew at each of them, for minutes.
    heading = heading.rstrip(" #").strip()
    if marks in _HEADING_MARKS and heading:
        return heading
    numbered = _NUMBERED.fullmatch(name.removesuffix(".md"))
    words = (numbered[2] if numbered else name.removesuffix(".md")) or ""
    return words.replace("-", " ").replace("_", " ").strip() or name


def front_values(task: Task) -> dict[str, str]:
    """A task's fields as the front matter writes them; without those that say nothing."""
    found = {"id": str(task.id)}
    texts = {
        "title": task.title,
        "status": task.status,
        "queue": task.queue,
        "assigned_to": task.assigned_to,
        "previous_assigned_to": task.previous_assigned_to,
        "created_by": task.created_by,
    }
    found.update({key: values.written(text) for key, text in texts.items() if text})
    if task.priority:
        found["priority"] = number_text(task.priority)
    if task.tags:
        found["tags"] = values.written_list(task.tags)
    numbers = {"parent": task.parent_id, "blocked_by": task.blocked_by}
    found.update({key: str(number) for key, number in numbers.items() if number})
    times = {"created_at": task.created_at, "archived_at": task.archived_at}
    found.update({key: f"{at:%Y-%m-%dT%H:%M:%SZ}" for key, at in times.items() if at})
    return found
