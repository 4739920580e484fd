"""The task server as one pass sees it: the first call that fails makes it unknown (features B6).

Without this a dead server would cost one time limit for each lease, with the lock held.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.snapshot import Backlog
from tinyscheduler.model.task import Comment, Status, Task, TaskDetail
from tinyscheduler.ports import TaskServer

T = TypeVar("T")


class GuardedServer:
    """``ports.TaskServer`` that gives up for the rest of the pass after one ServerUnavailable."""

    def __init__(self, server: TaskServer) -> None:
        self._server = server
        self.source = server.source
        self.trouble: ServerUnavailable | None = None
        """Why the server is unknown; None while it answers."""

    def backlog(self, queues: Sequence[QueueName], agents: Sequence[AgentName], limit: int) -> Backlog:
        """See the port."""
        return self._call(lambda: self._server.backlog(queues, agents, limit))

    def get(self, task_id: TaskId) -> TaskDetail:
        """See the port."""
        return self._call(lambda: self._server.get(task_id))

    def has_open_children(self, task_id: TaskId) -> bool:
        """See the port."""
        return self._call(lambda: self._server.has_open_children(task_id))

    def update(
        self,
        task_id: TaskId,
        *,
        status: Status | None = None,
        assigned_to: str | None = None,
        queue: QueueName | None = None,
        tags: Sequence[str] | None = None,
    ) -> Task:
        """See the port."""
        return self._call(
            lambda: self._server.update(
                task_id, status=status, assigned_to=assigned_to, queue=queue, tags=tags
            )
        )

    def move(self, task_id: TaskId, *, current: AgentName, new: AgentName, comment: str) -> Task:
        """See the port."""
        return self._call(lambda: self._server.move(task_id, current=current, new=new, comment=comment))

    def comment(self, task_id: TaskId, text: str, author: str) -> Comment:
        """See the port."""
        return self._call(lambda: self._server.comment(task_id, text, author))

    def close(self) -> None:
        """See the port."""
        self._server.close()

    def _call(self, ask: Callable[[], T]) -> T:
        if self.trouble is not None:
            # Not sent, so certainly not applied.
            raise ServerUnavailable(self.trouble.message, hint=self.trouble.hint)
        try:
            return ask()
        except ServerUnavailable as error:
            self.trouble = error
            raise
