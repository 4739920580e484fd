"""From the server's JSON to tasks and comments, with every liberty servers take.

What is missing or odd and harmless gets the neutral value; what we would have to guess to act on (id,
status, created_at) makes the task unreadable: it raises ``Unreadable``, and the caller leaves that one
out and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Final, NamedTuple, TypeVar

from tinyscheduler.adapters.mcp import faults
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.kit.fields import identifier_value
from tinyscheduler.model.ids import AgentName, QueueName, TaskId, as_task_id
from tinyscheduler.model.task import Comment, Status, Task, TaskDetail

T = TypeVar("T")
Row = Mapping[str, object]

ID_MAX_CHARS: Final = 100
"""Ids become file names; 255 bytes less what we put around them."""

STATUSES: Final[dict[str, Status]] = {"idle": "idle", "working": "working", "complete": "complete"}


class Unreadable(Exception):
    """One object of an answer cannot be used; says which and why."""


class BadRow(NamedTuple):
    """A task that was left out, with as much as could be read of where it belongs."""

    queue: QueueName | None
    assigned_to: AgentName | None
    why: str
    created_by: str | None = None
    tags: tuple[str, ...] | None = None
    """None: nobody can tell."""


class Rows(NamedTuple):
    """One page of a list."""

    tasks: tuple[Task, ...]
    bad: tuple[BadRow, ...]
    has_queues: bool
    """False: no row has the field, as with servers from before there were queues."""
    is_cut: bool = False
    """The embedded server says that there is more, however short the page is."""

    @property
    def received(self) -> int:
        """What the server sent, readable or not: by it a short page is known."""
        return len(self.tasks) + len(self.bad)


def rows_of(value: object) -> Rows:
    """``{"tasks": [...]}`` or a bare list. Raises ServerUnavailable for another shape."""
    found = value.get("tasks") if isinstance(value, dict) else value
    if not isinstance(found, list):
        raise ServerUnavailable("the task server's answer holds no list of tasks")
    tasks: list[Task] = []
    bad: list[BadRow] = []
    for row in found:
        try:
            tasks.append(_task(row))
        except Unreadable as error:
            bad.append(_bad_row(row, str(error)))
    has_queues = not found or any(isinstance(row, dict) and "queue_name" in row for row in found)
    is_cut = isinstance(value, dict) and value.get("is_cut") is True
    return Rows(tuple(tasks), tuple(bad), has_queues, is_cut)


def _bad_row(row: object, why: str) -> BadRow:
    if not isinstance(row, dict):
        return BadRow(None, None, why)
    queue, assigned_to, author = map(row.get, ("queue_name", "assigned_to", "created_by"))
    tags = _tags(row["tags"]) if isinstance(row.get("tags"), list) else None
    return BadRow(_queue(queue), _name(assigned_to), why, text_of(author), tags)


def task_of(value: object) -> Task:
    """The one task of an answer: bare, or under ``task`` as ``move_task`` has it.
    Raises ServerUnavailable."""
    inner = value.get("task", value) if isinstance(value, dict) else value
    return or_unavailable(_task, inner)


def about(task_id: TaskId, value: object, key: str = "id") -> object:
    """The answer, unless it names another task: then it answers another call, by whoever mixes them up.
    Raises ServerUnavailable."""
    inner = value.get("task", value) if isinstance(value, dict) else value
    said = id_of(inner.get(key)) if isinstance(inner, dict) else None
    if said is not None and as_task_id(said) != as_task_id(task_id):
        message = f"the task server was asked about task {task_id[:40]} and answered about {said}"
        raise ServerUnavailable(message, hint="is there a proxy between, that mixes up answers?")
    return value


def detail_of(value: object) -> TaskDetail:
    """A task with its comments, oldest first. Raises ServerUnavailable."""
    task = task_of(value)
    rows = value.get("comments") if isinstance(value, dict) else None
    comments: list[Comment] = []
    for row in rows if isinstance(rows, list) else ():
        try:
            comments.append(_comment(row))
        except Unreadable:
            # A remark that cannot be read decides nothing; the task and the others still can.
            continue
    return TaskDetail(task, tuple(sorted(comments, key=lambda c: (c.created_at, number_key(c.id)))))


def comment_of(value: object) -> Comment:
    """One comment. Raises ServerUnavailable."""
    return or_unavailable(_comment, value)


def has_open_child(value: object) -> bool | None:
    """Of ``get_subtasks``: whether one is neither complete nor archived; None: not among those shown.
    Raises ServerUnavailable when that cannot be told (law 4)."""
    found = value.get("subtasks") if isinstance(value, dict) else value
    if not isinstance(found, list):
        raise ServerUnavailable("the task server's answer holds no list of subtasks")
    is_cut = isinstance(value, dict) and value.get("is_cut") is True
    return any(_is_open(row) for row in found) or (None if is_cut else False)


def _is_open(row: object) -> bool:
    status = _status(row.get("status")) if isinstance(row, dict) else None
    if status is None:
        raise ServerUnavailable("the task server lists a subtask without a status we know")
    return status != "complete" and not (isinstance(row, dict) and row.get("archived_at"))


def sort_key(task: Task) -> tuple[float, datetime, tuple[float, str]]:
    """The server's own order, with the tie-break it lacks (tinytask 5)."""
    return (-task.priority, task.created_at, number_key(task.id))


def id_argument(task_id: TaskId) -> int | str:
    """A number where the id is one: the older server takes nothing else."""
    return identifier_value(task_id) if len(task_id) <= ID_MAX_CHARS else task_id


def or_unavailable(read: Callable[[object], T], value: object) -> T:
    """What ``read`` makes of it. Raises ServerUnavailable where that is Unreadable."""
    try:
        return read(value)
    except Unreadable as error:
        raise ServerUnavailable(f"the task server's answer cannot be used: {error}") from error


def _task(value: object) -> Task:
    """Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable(f"a {type(value).__name__} stands where a task should")
    row: Row = value
    task_id = id_of(row.get("id"))
    if task_id is None:
        raise Unreadable(f"a task has id {_shown(row.get('id'))}")
    status = _status(row.get("status"))
    if status is None:
        raise Unreadable(f"task {task_id} has status {_shown(row.get('status'))}")
    created_at = instant(row.get("created_at"))
    if created_at is None:
        raise Unreadable(f"task {task_id} has created_at {_shown(row.get('created_at'))}")
    blocked_by = id_of(row.get("blocked_by_task_id"))
    return Task(
        id=task_id,
        title=text_of(row.get("title")) or "",
        status=status,
        assigned_to=_name(row.get("assigned_to")),
        queue=_queue(row.get("queue_name")),
        priority=_priority(row.get("priority")),
        created_at=created_at,
        updated_at=instant(row.get("updated_at")) or created_at,
        description=text_of(row.get("description")) or "",
        previous_assigned_to=_name(row.get("previous_assigned_to")),
        created_by=text_of(row.get("created_by")),
        tags=_tags(row.get("tags")),
        parent_id=id_of(row.get("parent_task_id")),
        blocked_by=blocked_by,
        is_blocked=_is_blocked(row, blocked_by),
        archived_at=_archived_at(row.get("archived_at"), created_at),
    )


def _comment(value: object) -> Comment:
    """Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable("a comment is not an object")
    comment_id, created_at = id_of(value.get("id")), instant(value.get("created_at"))
    if comment_id is None or created_at is None:
        raise Unreadable("a comment has no usable id or created_at")
    return Comment(
        id=comment_id,
        text=text_of(value.get("content")) or "",
        author=text_of(value.get("created_by")),
        created_at=created_at,
    )


def _shown(value: object) -> str:
    """For a message; the type alone of anything that could be deep."""
    is_scalar = value is None or isinstance(value, str | int | float)
    return faults.excerpt(repr(value), 40) if is_scalar else f"a {type(value).__name__}"


def _status(value: object) -> Status | None:
    return STATUSES.get(value) if isinstance(value, str) else None


def id_of(value: object) -> TaskId | None:
    """Of a task, a comment or a link. None: not there, or nothing that may become a file name."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        # 0 is what a server makes of null (tinytask 3); no task has it.
        return TaskId(str(value)) if 0 < value < 10**ID_MAX_CHARS else None
    return TaskId(value) if isinstance(value, str) and _is_id(value) else None


def _is_id(text: str) -> bool:
    letters = text.replace("-", "").replace("_", "").replace(".", "")
    return len(text) <= ID_MAX_CHARS and text[:1] != "." and letters.isascii() and letters.isalnum()


def text_of(value: object) -> str | None:
    """Any scalar as text. Half a surrogate pair could be written nowhere: it is replaced."""
    if isinstance(value, str):
        if value.isascii():
            return value
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)[:60]
    return None


def _name(value: object) -> AgentName | None:
    """An assignee. The text ``null`` is what the manual makes people write for nobody (tinytask 5)."""
    text = text_of(value)
    return AgentName(text) if text and text != "null" else None


def _queue(value: object) -> QueueName | None:
    text = text_of(value)
    return QueueName(text) if text else None


def _priority(value: object) -> float:
    """A number, or text that is one; 0 for anything else, the not finite included."""
    if not isinstance(value, int | float | str):
        return 0.0
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return number if isfinite(number) else 0.0


def _tags(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(text for tag in value if (text := text_of(tag)))


def instant(value: object) -> datetime | None:
    """UTC; ``T...Z`` and the older ``YYYY-MM-DD HH:MM:SS``, which is UTC too (tinytask 2.5)."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _archived_at(value: object, created_at: datetime) -> datetime | None:
    """Archived is archived, also at a time we cannot read."""
    return None if not value else instant(value) or created_at


def _is_blocked(row: Row, blocked_by: TaskId | None) -> bool:
    """As the server says; where it names a blocker and says nothing, blocked: unknown starts nothing."""
    said = row.get("is_currently_blocked")
    if said is None:
        return blocked_by is not None
    return said not in {False, ""} if isinstance(said, str | int | float) else True


def number_key(text: str) -> tuple[float, str]:
    """Sorts numbers as numbers, before everything else."""
    return (float(text), "") if text.isascii() and text.isdigit() else (float("inf"), text)
