"""What a person or an agent asks of the task server through ``task``: new tasks, lists, changes.

What a query means is here too, once for every server: an adapter may ask for less on the way, and what it
hands out has passed ``cut``.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Status, TagChange, Task


class TaskDraft(NamedTuple):
    """A task to be made; the server makes it idle."""

    title: str
    created_by: str
    description: str = ""
    queue: str | None = None
    """None: no queue, or the parent's."""
    assigned_to: str | None = None
    """None: open to every agent that serves the queue."""
    priority: float = 0
    """Bigger is more urgent; whole numbers may be given as int and stay whole."""
    tags: tuple[str, ...] = ()
    parent: TaskId | None = None
    blocked_by: TaskId | None = None
    once_by: tuple[str, ...] = ()
    """Some of its tags. A task of this title that has them all, whatever became of it, is this one: it is
    handed out, and none is made. A server that cannot do that makes one."""


def made_before(tasks: Iterable[Task], draft: TaskDraft) -> Task | None:
    """The first of ``tasks`` that the draft is already; see ``once_by``."""
    if not draft.once_by:
        return None
    marks, title = set(draft.once_by), draft.title.strip()
    return next((task for task in tasks if task.title == title and marks.issubset(task.tags)), None)


class TaskEdit(NamedTuple):
    """Changes to one task. None leaves a field as it is; empty takes away what is there."""

    title: str | None = None
    description: str | None = None
    status: Status | None = None
    assigned_to: str | None = None
    queue: str | None = None
    priority: float | None = None
    tags: tuple[str, ...] | TagChange | None = None
    """All of them, or what changes about those that are there."""
    parent: TaskId | None = None
    """An empty id: a task of its own."""
    blocked_by: TaskId | None = None
    """An empty id: blocked by nothing any more."""
    by: str = ""
    """Whose change it is, for servers that keep a history."""


class NewLink(NamedTuple):
    """A link to be made."""

    url: str
    author: str
    description: str = ""


class TaskQuery(NamedTuple):
    """Which tasks to list."""

    queue: str | None = None
    """None: any."""
    assigned_to: str | None = None
    """None: any; empty: only those that nobody has."""
    statuses: tuple[Status, ...] = ()
    """Empty: any."""
    limit: int = 200
    """Above 0; see ``TaskList.is_cut``."""
    offset: int = 0
    """So many of those that match are left out, the most urgent ones first."""
    tags: tuple[str, ...] = ()
    """A task that matches has all of them."""
    parent: TaskId | None = None
    """None: any; an empty id: only tasks that are no subtasks."""
    text: str = ""
    """In the title or the description; upper and lower case are one."""
    is_blocked: bool | None = None
    """By a task that is not complete, as the server computes it. None: either."""
    created_by: str | None = None
    includes_archived: bool = False


class TaskList(NamedTuple):
    """Tasks, most urgent first, then oldest, then by id."""

    tasks: tuple[Task, ...]
    is_cut: bool = False
    """There are more than the limit."""
    gaps: tuple[str, ...] = ()
    """What could not be read, or not be got whole. With any of them, a task that is not in ``tasks`` may be
    there all the same (law 4): whoever makes what is missing makes nothing."""


class RemarkCounts(NamedTuple):
    """How much was said about one task."""

    comments: int
    links: int


class TaskEvent(NamedTuple):
    """One entry of a task's history."""

    at: datetime
    by: str | None
    """None: nobody has said."""
    action: str
    """What was done, in the server's word: ``created``, ``updated``, ``claimed``."""
    changes: Mapping[str, tuple[object, object]]
    """Field, what it was, and what it became."""


def cut(tasks: Iterable[Task], query: TaskQuery, gaps: Iterable[str] = ()) -> TaskList:
    """Of these tasks, each given once, what the query asks for. Gaps are said whatever it asks for: of what
    nobody can read, nobody knows whether it matches."""
    found = sorted((task for task in tasks if matches(task, query)), key=order_key)
    end = query.offset + query.limit
    return TaskList(tuple(found[query.offset : end]), len(found) > end, tuple(gaps))


def matches(task: Task, query: TaskQuery) -> bool:
    """Whether it is asked for at all; limit and offset apart."""
    return _is_there(task, query) and _says(task, query)


def may_match(
    query: TaskQuery,
    *,
    queue: str | None,
    assigned_to: str | None,
    created_by: str | None,
    tags: Collection[str] | None,
) -> bool:
    """Of a task that cannot be read: False only where what can be read of it is not what is asked for. None:
    nobody can tell."""
    pairs = ((query.queue, queue), (query.assigned_to, assigned_to), (query.created_by, created_by))
    return all(wanted is None or said is None or wanted == said for wanted, said in pairs) and (
        tags is None or set(query.tags) <= set(tags)
    )


def order_key(task: Task) -> tuple[float, datetime, float, str]:
    """The public server's order, with the tie-break that it lacks (tinytask 5): numbers as numbers."""
    is_number = task.id.isascii() and task.id.isdigit()
    return (-task.priority, task.created_at, float(task.id) if is_number else float("inf"), task.id)


def _is_there(task: Task, query: TaskQuery) -> bool:
    return (
        (query.includes_archived or task.archived_at is None)
        and (not query.statuses or task.status in query.statuses)
        and (query.queue is None or task.queue == query.queue)
        and (query.assigned_to is None or (task.assigned_to or "") == query.assigned_to)
        and (query.parent is None or (task.parent_id or "") == query.parent)
    )


def _says(task: Task, query: TaskQuery) -> bool:
    is_blocked = task.is_blocked and task.status != "complete"
    text = query.text.casefold()
    return (
        set(query.tags) <= set(task.tags)
        and (query.created_by is None or task.created_by == query.created_by)
        and (query.is_blocked is None or is_blocked == query.is_blocked)
        and (not text or text in task.title.casefold() or text in task.description.casefold())
    )
