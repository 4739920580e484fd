"""The task server as one pass sees it: the first call that fails makes it unknown (features B6).

Without this a dead server would cost one time limit for each lease, with the lock held.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from tinyscheduler.errors import ServerUnavailable, TaskNeverMade, TaskNotFound, TaskServerError
from tinyscheduler.model.ids import EMBEDDED, AgentName, QueueName, TaskId
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.snapshot import Backlog, TendSnapshot
from tinyscheduler.model.task import Comment, Status, TagChange, Task, TaskDetail
from tinyscheduler.ports import TaskServer
from tinyscheduler.reconcile.memory import Memory

if TYPE_CHECKING:
    from tinyscheduler.model.desk import TaskDraft, TaskList, TaskQuery
    from tinyscheduler.model.intent import Intent
    from tinyscheduler.model.unserved import Unserved
    from tinyscheduler.reconcile.acquaintance import Acquaintance

T = TypeVar("T")


class GuardedServer:
    """``ports.TaskServer`` that gives up for the rest of the pass after one ServerUnavailable, and does
    not even try while the breaker of passes before is open (features C6)."""

    def __init__(self, server: TaskServer, memory: Memory) -> None:
        self._server = server
        self._memory = memory
        self.trouble: ServerUnavailable | None = None
        """Why the server is unknown; None while it answers."""
        self._in_flight: Sequence[Lease] = ()
        self._asked: Sequence[Intent] = ()
        self._acquaintance: Acquaintance | None = None
        """Made when the first task is asked for: most passes ask for none."""

    @property
    def source(self) -> str:
        """See the port."""
        return self._server.source

    def backlog(self, queues: Sequence[QueueName], agents: Sequence[AgentName], limit: int) -> Backlog:
        """See the port."""
        return self._call(lambda: self._server.backlog(queues, agents, limit))

    def meet(self, snapshot: TendSnapshot) -> None:
        """Tasks that this server should know (law 4), and what people ask for. Unknown from here on where it
        is a store that was made since."""
        self._in_flight = [facts.lease for facts in snapshot.leases]
        self._asked = snapshot.intents
        if any(
            lease.source.startswith(EMBEDDED) and lease.source != self.source for lease in self._in_flight
        ):
            from tinyscheduler.reconcile.acquaintance import lost_store

            self.trouble = self.trouble or lost_store(self._in_flight, self.source)

    def get(self, task_id: TaskId) -> TaskDetail:
        """See the port. Raises ServerUnavailable also where the server turns out to have other data."""
        try:
            detail = self._call(lambda: self._server.get(task_id))
        except TaskNotFound as error:
            self._recognise(task_id, None, is_new=isinstance(error, TaskNeverMade))
            raise
        self._recognise(task_id, detail.task.created_at)
        return detail

    def has_open_children(self, task_id: TaskId) -> bool:
        """See the port."""
        return self._call(lambda: self._server.has_open_children(task_id))

    def unserved(self, queues: Sequence[QueueName], agents: Sequence[AgentName]) -> tuple[Unserved, ...]:
        """See the port."""
        return self._call(lambda: self._server.unserved(queues, agents))

    def update(
        self,
        task_id: TaskId,
        *,
        status: Status | None = None,
        assigned_to: str | None = None,
        queue: QueueName | None = None,
        tags: Sequence[str] | TagChange | None = None,
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

    def add(self, draft: TaskDraft) -> Task:
        """See the port."""
        return self._call(lambda: self._server.add(draft))

    def find(self, query: TaskQuery) -> TaskList:
        """See the port."""
        return self._call(lambda: self._server.find(query))

    def hold(self) -> None:
        """See the port. A server that cannot says so at the next call."""
        if self.trouble is None:
            try:
                self._server.hold()
            except ServerUnavailable as error:
                self._give_up(error)

    def sync(self) -> None:
        """See the port. Also where a call has got no answer: what was answered before it counts."""
        try:
            self._server.sync()
        except ServerUnavailable as error:
            if self.trouble is None:
                self._give_up(error)
            raise

    def close(self) -> None:
        """See the port."""
        self._server.close()

    def _recognise(self, task_id: TaskId, created_at: datetime | None, *, is_new: bool = False) -> None:
        if not self._in_flight:
            return
        if self._acquaintance is None:
            from tinyscheduler.reconcile.acquaintance import Acquaintance

            before = self._memory.tasks_before
            self._acquaintance = Acquaintance(self._in_flight, self.source, before, asked=self._asked)
        try:
            self._acquaintance.check(task_id, created_at, self._created_at, is_new=is_new)
        except ServerUnavailable as error:
            self.trouble = error
            raise

    def _created_at(self, task_id: TaskId) -> datetime | None:
        try:
            return self._call(lambda: self._server.get(task_id)).task.created_at
        except ServerUnavailable:
            raise
        except TaskServerError:
            # Not there, or not shown: the same as not known, which is what is counted.
            return None

    def _call(self, ask: Callable[[], T]) -> T:
        if self.trouble is not None:
            # Not sent, so certainly not applied.
            raise ServerUnavailable(self.trouble.message, hint=self.trouble.hint)
        self._check_breaker()
        try:
            answer = ask()
        except ServerUnavailable as error:
            self._give_up(error)
            raise
        except TaskServerError:
            # A no is an answer.
            self._memory.after_answer()
            raise
        self._memory.after_answer()
        return answer

    def _give_up(self, error: ServerUnavailable) -> None:
        self.trouble = error
        self._memory.after_failure(error.message)

    def _check_breaker(self) -> None:
        breaker = self._memory.before_call()
        if breaker.state != "open":
            return
        assert breaker.until is not None, "an open breaker has an end"
        self.trouble = ServerUnavailable(
            f"the task server is not asked until {breaker.until:%H:%M:%S} UTC, after failures in a row: "
            f"{breaker.why}",
            hint="it is tried again by itself; mend the task server meanwhile",
        )
        raise self.trouble
