"""A work item as the task server describes it. Its *status* belongs to the server."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from tinyscheduler.model.ids import AgentName, QueueName, TaskId

Status = Literal["idle", "working", "complete"]
PARKED_TAG = "parked"
"""By which people see on the server what a ledger holds. They give and take it, too: it decides nothing."""


BEING_IMPORTED = AgentName("being-imported")
"""Has the tasks that nobody may start while an import is at work: those that are about to have subtasks, and
those that are done already. No agent is called so."""


class Page(NamedTuple):
    """Where a task stands that is kept in a file of its own."""

    name: str
    """Of the file, as it may be shown."""
    lines: tuple[int, ...]
    """Of each line of the description from its second on, as far as it is front matter: its number in the
    file, from 1."""


class Task(NamedTuple):
    """One task. Times are aware UTC."""

    id: TaskId
    title: str
    status: Status
    assigned_to: AgentName | None
    """None: open to every agent that serves the queue."""
    queue: QueueName | None
    priority: float
    """Bigger is more urgent; any number; 0 where the server says nothing."""
    created_at: datetime
    """With ``source`` it tells a task from another one of the same id on a re-created server."""
    updated_at: datetime
    description: str = ""
    previous_assigned_to: AgentName | None = None
    """The assignee that the last change of assignee replaced; the trace a claim looks for."""
    created_by: str | None = None
    tags: tuple[str, ...] = ()
    parent_id: TaskId | None = None
    blocked_by: TaskId | None = None
    is_blocked: bool = False
    """As the server computes it: the blocker is there and not complete."""
    archived_at: datetime | None = None
    page: Page | None = None
    """For people who are told where something stands; None: it is in no file."""


class TagChange(NamedTuple):
    """What becomes of the tags that a task has when the change is made: whoever changes others of them in the
    same moment loses none, as one does who replaces a list that was read before."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    """Also of those that are added."""

    def of(self, had: Sequence[str]) -> tuple[str, ...]:
        """Those that it has then, in their order."""
        wanted = dict.fromkeys((*had, *self.added))
        return tuple(tag for tag in wanted if tag not in self.removed)


def tags_after(wanted: Sequence[str] | TagChange, had: Sequence[str]) -> tuple[str, ...]:
    """A list that takes the place of all, or a change of those that are there."""
    return wanted.of(had) if isinstance(wanted, TagChange) else tuple(wanted)


class Comment(NamedTuple):
    """One remark on a task, oldest first wherever several are given."""

    id: str
    text: str
    author: str | None
    created_at: datetime


class Link(NamedTuple):
    """What a task points to: a pull request, a log, a file."""

    id: str
    url: str
    """Any text; whoever shows it decides what can be opened."""
    description: str
    """Empty: nothing was said about it."""
    author: str | None
    created_at: datetime


class TaskDetail(NamedTuple):
    """A task with its conversation."""

    task: Task
    comments: tuple[Comment, ...]
    links: tuple[Link, ...] = ()
    """Oldest first. A pass never looks at them."""
    comments_left_out: int = 0
    """Older ones, which the server's answer has left out because it would have been too long."""
