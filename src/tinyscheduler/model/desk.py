"""What a person or an agent asks of the task server through ``task``: new tasks, lists, changes."""

from typing import NamedTuple

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Status, Task


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


class TaskEdit(NamedTuple):
    """Changes to one task. None leaves a field as it is; empty takes away what is there."""

    title: str | None = None
    description: str | None = None
    status: Status | None = None
    assigned_to: str | None = None
    queue: str | None = None
    priority: float | None = None
    tags: tuple[str, ...] | None = None
    """All of them: the server replaces, it does not add."""
    parent: TaskId | None = None
    """Cannot be taken away: the public server's update refuses it (tinytask 3.3)."""
    blocked_by: TaskId | None = None
    """An empty id: blocked by nothing any more."""


class TaskQuery(NamedTuple):
    """Which tasks to list; archived ones never."""

    queue: str | None = None
    """None: any."""
    assigned_to: str | None = None
    """None: any; empty: only those that nobody has."""
    statuses: tuple[Status, ...] = ()
    """Empty: any."""
    limit: int = 200
    """Above 0; see ``TaskList.is_cut``."""


class TaskList(NamedTuple):
    """Tasks, most urgent first, then oldest, then by id."""

    tasks: tuple[Task, ...]
    is_cut: bool = False
    """There are more than the limit."""
