"""The rows as callers get them: field for field what the public server sends.

Times are the text that is stored (``2026-01-31T12:00:00Z``); whoever needs instants maps them.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, TypedDict

from tinyscheduler.model.task import Status, TagChange

TASK_COLUMNS: Final = (
    "SELECT t.id, t.title, t.description, t.status, t.assigned_to, t.previous_assigned_to, t.created_by,"
    " t.priority, t.tags, t.parent_task_id, t.queue_name, t.blocked_by_task_id, t.created_at, t.updated_at,"
    " t.archived_at, b.id IS NOT NULL AND b.status <> 'complete'"
    " FROM tasks t LEFT JOIN tasks b ON b.id = t.blocked_by_task_id"
)
"""Every reading of tasks begins so; ``task_rows`` knows the order of the columns."""

TASK_ORDER: Final = " ORDER BY t.priority DESC, t.created_at, t.id"
"""Most urgent first, then oldest; the id breaks ties because times have whole seconds only."""


class TaskRow(NamedTuple):
    """One task."""

    id: int
    title: str
    description: str | None
    status: Status
    assigned_to: str | None
    previous_assigned_to: str | None
    created_by: str
    priority: float
    """An int where it was given as one."""
    tags: tuple[str, ...]
    parent_task_id: int | None
    queue_name: str | None
    blocked_by_task_id: int | None
    created_at: str
    updated_at: str
    archived_at: str | None
    is_currently_blocked: bool
    """Computed when read: there is a blocker and it is not complete."""


class CommentRow(NamedTuple):
    """One comment."""

    id: int
    task_id: int
    content: str
    created_by: str | None
    created_at: str
    updated_at: str


class LinkRow(NamedTuple):
    """One link."""

    id: int
    task_id: int
    url: str
    description: str | None
    created_by: str | None
    created_at: str


class TaskWithRelations(NamedTuple):
    """A task with what was said about it and what it points to, oldest first."""

    task: TaskRow
    comments: tuple[CommentRow, ...]
    links: tuple[LinkRow, ...]
    comments_left_out: int = 0
    """Older ones that one answer does not hold; 0 wherever all are read."""
    links_left_out: int = 0


class Moved(NamedTuple):
    """What a move did."""

    task: TaskRow
    comment: CommentRow


class Stamp(NamedTuple):
    """Of one write."""

    at: str
    by: str | None = None
    """Who asked for it; None: nobody said."""


class Expected(NamedTuple):
    """What a task has to be like for a change to be made; None: anything."""

    status: Status | None = None
    assigned_to: str | None = None
    """Empty: nobody has it."""


ANYTHING: Final = Expected()


class HistoryRow(NamedTuple):
    """One thing that happened to a task."""

    id: int
    task_id: int
    at: str
    by: str | None
    action: str
    changes: Mapping[str, tuple[object, object]]
    """By field: what it was and what it became; long texts are cut."""


class Page(NamedTuple):
    """A list as it goes to a client."""

    tasks: tuple[TaskRow, ...]
    is_cut: bool
    """It would have been longer than a page may be, whatever was asked for."""


class QueueStats(NamedTuple):
    """Figures of one queue; archived tasks are not counted, complete ones are."""

    total_tasks: int
    idle: int
    working: int
    complete: int
    assigned: int
    unassigned: int
    agents: tuple[str, ...]


class Waiting(NamedTuple):
    """What a scheduler looks at: tasks that are idle, then those that are worked on, and which tasks are
    not work because a child is open."""

    tasks: tuple[TaskRow, ...]
    open_parents: frozenset[int]


class NewTask(NamedTuple):
    """What a task is made from; it begins idle."""

    title: str
    created_by: str
    description: str | None = None
    assigned_to: str | None = None
    priority: float = 0
    tags: tuple[str, ...] = ()
    parent_task_id: int | None = None
    queue_name: str | None = None
    """None: the parent's."""
    blocked_by_task_id: int | None = None
    once_by: tuple[str, ...] = ()
    """Some of its tags: a task of this title that has them all is this one, and none is made."""


class NewLink(NamedTuple):
    """What a link is made from."""

    url: str
    description: str | None = None
    created_by: str | None = None


class TaskFields(TypedDict, total=False):
    """The fields of a task that an update may set; one that is absent stays as it is."""

    title: str
    description: str | None
    status: Status
    assigned_to: str | None
    priority: float
    tags: tuple[str, ...]
    parent_task_id: int | None
    queue_name: str | None
    blocked_by_task_id: int | None


class TaskChanges(TaskFields, total=False):
    """What an update may say."""

    tag_change: TagChange
    """Instead of ``tags``: of those that the task has when it is made."""


class LinkChanges(TypedDict, total=False):
    """The fields of a link that may be set."""

    url: str
    description: str | None


class TaskFilter(NamedTuple):
    """Which tasks to list. None, or nothing in a tuple, filters nothing."""

    assigned_to: str | None = None
    """Empty: those that nobody has."""
    statuses: tuple[Status, ...] = ()
    excluded_statuses: tuple[Status, ...] = ()
    queue_name: str | None = None
    parent_task_id: int | None = None
    subtasks: Literal["included", "excluded"] = "included"
    archived: Literal["included", "excluded", "only"] = "excluded"
    limit: int = 0
    """0 or less: no limit."""
    offset: int = 0


def task_rows(found: Iterable[tuple[object, ...]]) -> tuple[TaskRow, ...]:
    """Rows of a ``TASK_COLUMNS`` query."""
    return tuple([_task_row(row) for row in found])


def _task_row(row: tuple[object, ...]) -> TaskRow:
    values = list(row)
    values[8] = _tags(row[8])
    values[15] = bool(row[15])
    if not is_usual(row):
        from tinyscheduler.taskstore import odd_rows

        values = odd_rows.mended(values)
    return TaskRow._make(values)


_TEXT: Final = (str,)
_OPTIONAL: Final = (str, type(None))
_NUMBER: Final = (int, type(None))
_USUAL: Final[tuple[tuple[type, ...], ...]] = (
    (int,), _TEXT, _OPTIONAL, _TEXT, _OPTIONAL, _OPTIONAL, _TEXT, (int, float), _TEXT, _NUMBER, _OPTIONAL,
    _NUMBER, _TEXT, _TEXT, _OPTIONAL, (int,),
)  # fmt: skip
"""What this program writes into each of the columns."""
_seen_types: dict[tuple[type, ...], bool] = {}


def is_usual(row: tuple[object, ...]) -> bool:
    """Nobody else has written it. In few steps: ten thousand rows are part of a pass."""
    types = tuple(map(type, row))
    try:
        is_known = _seen_types[types]
    except KeyError:
        is_known = all(found in usual for found, usual in zip(types, _USUAL, strict=True))
        _seen_types[types] = is_known
    # Types are as they should be from here on, which mypy cannot see: texts have ends, and numbers can be
    # compared. To ask each value again would double the time of this check.
    return is_known and row[12][-1:] == "Z" == row[13][-1:] and abs(row[7]) < _INFINITE  # type: ignore[index,arg-type]


_INFINITE: Final = float("inf")


def _tags(stored: object) -> tuple[str, ...]:
    # Most tasks have none, and ten thousand of them are mapped in one pass.
    if stored == "[]":
        return ()
    from json import loads

    try:
        found = loads(str(stored))
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, list):
        return tuple(str(tag) for tag in found)
    # Somebody else's hand.
    from tinyscheduler.taskstore import odd_rows

    return odd_rows.no_tags(stored)


def tags_text(tags: tuple[str, ...]) -> str:
    """Tags as they are stored; what nobody could read stays what it is until somebody says other tags."""
    if type(tags) is not tuple:
        from tinyscheduler.taskstore import odd_rows

        return odd_rows.stored_text(tags)
    from json import dumps

    return dumps(tags) if tags else "[]"
