"""The ports of commands that look and ask, apart from those of a pass, which never loads these."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from tinyscheduler.model.desk import (
    NewLink,
    RemarkCounts,
    TaskDraft,
    TaskEdit,
    TaskEvent,
    TaskList,
    TaskQuery,
)
from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.model.intent import Intent, IntentAnswer
from tinyscheduler.model.past_pass import BrokenRecord, PastPass, Shelf
from tinyscheduler.model.task import Comment, Link, Task, TaskDetail


class TaskDesk(Protocol):
    """The task server as people and agents use it through ``task``; no pass needs it.

    Raises as TaskServer does, and ServerRefused for what this server cannot do. A write that is lost on the
    way is never repeated by itself; whoever calls looks for it. Every list has passed ``model.desk.cut``.
    """

    def add(self, draft: TaskDraft) -> Task:
        """A new idle task."""

    def find(self, query: TaskQuery) -> TaskList:
        """Tasks that match."""

    def get(self, task_id: TaskId) -> TaskDetail:
        """Raises TaskNotFound."""

    def change(self, task_id: TaskId, edit: TaskEdit) -> Task:
        """Unconditional; only the fields given. The answer is the task after it. Raises TaskNotFound."""

    def move(self, task_id: TaskId, *, current: AgentName, new: AgentName, comment: str) -> Task:
        """As ``TaskServer.move``: only while ``current`` has it. Raises NotAssigned, TaskNotFound."""

    def archive(self, task_id: TaskId, *, by: str = "") -> Task:
        """Out of every list, for good; what is archived stays so. ``by`` is for servers that keep a history.
        Raises TaskNotFound."""

    def comment(self, task_id: TaskId, text: str, author: str) -> Comment:
        """Raises TaskNotFound."""

    def link(self, task_id: TaskId, link: NewLink) -> Link:
        """Raises TaskNotFound."""

    def remark_counts(self) -> Mapping[TaskId, RemarkCounts] | None:
        """Of all tasks that have comments or links, in one question; archived ones may be among them. None:
        this server tells it only task by task."""

    def history(self, task_id: TaskId) -> tuple[TaskEvent, ...] | None:
        """Who changed what, oldest first. None: this server keeps no history. Raises TaskNotFound."""

    def close(self) -> None:
        """Idempotent."""


class Hindsight(Protocol):
    """What earlier passes left for people to read; no plan depends on it. Never raises: what cannot
    be read is part of the answer."""

    def last_pass(self) -> PastPass | BrokenRecord | None:
        """None: no pass has ended here yet."""

    def shelf(self, but: Collection[TaskId]) -> Shelf:
        """Of all ledgers; of the tasks named only those that cannot be read."""


class LogTail(Protocol):
    """The output of one run, read from its beginning, across rotations."""

    lost_parts: int
    """How often output was rotated away before it could be read."""

    def read(self) -> bytes:
        """What comes next; empty when there is nothing new. Raises StateError."""

    def close(self) -> None:
        """Idempotent."""


class RunLogs(Protocol):
    """Captured output."""

    def attempts(self, task_id: TaskId) -> tuple[int, ...]:
        """Those that have a run folder, ascending. Raises StateError."""

    def path(self, task_id: TaskId, attempt: int) -> str:
        """Of the newest part; it may not exist yet."""

    def tail(self, task_id: TaskId, attempt: int) -> LogTail:
        """Opens nothing before the first read."""


class Answers(Protocol):
    """What passes have made of intents, for a command that waits."""

    def find(self, intent: Intent) -> IntentAnswer | None:
        """None: nothing is known of it. Never raises."""
