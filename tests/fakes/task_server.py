"""A task server in memory: a real one behind the port, with hands to break it and to meddle.

It passes the contract suite of the real ones. Tests of ``reconcile`` use it as the world: its
public attributes are knobs, the methods that are not of the port are what a person or another
program does on the server meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import RLock

from tinyscheduler.errors import NotAssigned, ServerRefused, ServerUnavailable, TaskNotFound
from tinyscheduler.model.desk import TaskDraft, TaskList, TaskQuery, cut, made_before
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.snapshot import Backlog, QueueGap
from tinyscheduler.model.task import Comment, Status, TagChange, Task, TaskDetail, tags_after
from tinyscheduler.model.unserved import UNSERVED_MAX, Unserved


def whole_second_now() -> datetime:
    """As precise as task servers are."""
    return datetime.now(UTC).replace(microsecond=0)


class FakeTaskServer:
    """``ports.TaskServer`` over a dict; one object may be shared by threads."""

    def __init__(self, *, source: str = "fake:1", now: Callable[[], datetime] = whole_second_now) -> None:
        self.source = source
        self.now = now
        self.unavailable = False
        """Nobody answers: every call raises, nothing is applied."""
        self.lose_next_answer = False
        """The next write is applied, but its answer is lost; falls back to False by itself."""
        self.refuse_writes = False
        self.makes_once = True
        """False: as a public server, which knows nothing of ``once_by``."""
        """Every write is refused for good."""
        self.failing_queues: set[str] = set()
        """Fetching one of these is a gap."""
        self.failing_agents: set[str] = set()
        self.unreadable: tuple[str, ...] = ()
        """Tasks that a look for tasks cannot read, as sentences."""
        self.writes = 0
        """How many writes were applied, whoever heard of it."""
        self._tasks: dict[TaskId, Task] = {}
        self._comments: dict[TaskId, list[Comment]] = {}
        self._elsewhere: tuple[dict[TaskId, Task], dict[TaskId, list[Comment]]] = ({}, {})
        self.is_elsewhere = False
        """It has other data just now."""
        self._lock = RLock()

    # --- the port ------------------------------------------------------------------------------

    def backlog(self, queues: Sequence[QueueName], agents: Sequence[AgentName], limit: int) -> Backlog:
        with self._lock:
            self._answer_or_fail()
            gaps = self._gaps(queues, agents)
            if gaps and len(gaps) == len(queues) + len(agents):
                raise ServerUnavailable("no queue could be asked")
            known_queues = set(queues) - self.failing_queues
            known_agents = set(agents) - self.failing_agents
            seen = sorted(
                (
                    self._seen(task)
                    for task in self._tasks.values()
                    if task.archived_at is None
                    if task.queue in known_queues or task.assigned_to in known_agents
                ),
                key=lambda task: (-task.priority, task.created_at, int(task.id)),
            )
            idle = [task for task in seen if task.status == "idle"]
            working = [task for task in seen if task.status == "working"]
            return Backlog(
                tuple(idle[:limit]),
                gaps,
                self._open_parents(),
                is_cut=len(idle) > limit,
                working=tuple(working[: max(0, limit - len(idle))]),
            )

    def get(self, task_id: TaskId) -> TaskDetail:
        with self._lock:
            self._answer_or_fail()
            return TaskDetail(self._seen(self._find(task_id)), tuple(self._comments[task_id]))

    def has_open_children(self, task_id: TaskId) -> bool:
        with self._lock:
            self._answer_or_fail()
            return task_id in self._open_parents()

    def unserved(self, queues: Sequence[QueueName], agents: Sequence[AgentName]) -> tuple[Unserved, ...]:
        with self._lock:
            self._answer_or_fail()
            groups = Counter(
                (task.queue, task.assigned_to)
                for task in self._tasks.values()
                if task.status == "idle" and task.archived_at is None
                if task.queue not in queues and task.assigned_to not in agents
            )
            found = [Unserved(queue, name, count) for (queue, name), count in groups.items()]
            order = sorted(found, key=lambda one: (-one.tasks, one.queue or "", one.assigned_to or ""))
            return tuple(order[:UNSERVED_MAX])

    def update(
        self,
        task_id: TaskId,
        *,
        status: Status | None = None,
        assigned_to: str | None = None,
        queue: QueueName | None = None,
        tags: Sequence[str] | TagChange | None = None,
    ) -> Task:
        with self._lock:
            self._begin_write()
            before = self._find(task_id)
            after = before
            if assigned_to is not None:
                after = _handed(after, assigned_to)
            if status is not None:
                after = after._replace(status=status)
            if queue is not None:
                after = after._replace(queue=QueueName(queue.strip()) or None)
            if tags is not None:
                after = after._replace(tags=tags_after(tags, before.tags))
            self._put(after._replace(updated_at=self.now()))
            self._end_write()
            return self._seen(self._tasks[task_id])

    def move(self, task_id: TaskId, *, current: AgentName, new: AgentName, comment: str) -> Task:
        with self._lock:
            self._begin_write()
            before = self._find(task_id)
            if not current or before.assigned_to != current:
                raise NotAssigned(f"Task {task_id} is not assigned to {current}")
            if before.status == "complete":
                raise NotAssigned(f"Task {task_id} with status 'complete' cannot be transferred")
            after = _handed(before, new)._replace(previous_assigned_to=current, status="idle")
            self._put(after._replace(updated_at=self.now()))
            self._say(task_id, comment, current)
            self._end_write()
            return self._seen(self._tasks[task_id])

    def comment(self, task_id: TaskId, text: str, author: str) -> Comment:
        with self._lock:
            self._begin_write()
            self._find(task_id)
            if not text.strip():
                raise ServerRefused("Comment content must not be empty")
            said = self._say(task_id, text, author)
            self._end_write()
            return said

    def add(self, draft: TaskDraft) -> Task:
        with self._lock:
            self._begin_write()
            fields = draft._asdict()
            del fields["once_by"]
            there = made_before(self._tasks.values(), draft) if self.makes_once else None
            made = self.create(fields.pop("title"), **fields) if there is None else there.id
            self._end_write()
            return self._seen(self._tasks[made])

    def find(self, query: TaskQuery) -> TaskList:
        with self._lock:
            self._answer_or_fail()
            return cut(map(self._seen, self._tasks.values()), query, self.unreadable)

    def hold(self) -> None:
        """Memory has no other durability."""

    def sync(self) -> None:
        """As ``hold``."""

    def close(self) -> None:
        """Nothing to close."""

    # --- human hands ---------------------------------------------------------------------------

    def create(
        self,
        title: str = "a task",
        *,
        queue: str | None = None,
        assigned_to: str | None = None,
        status: Status = "idle",
        priority: float = 0,
        description: str = "",
        tags: tuple[str, ...] = (),
        parent: TaskId | None = None,
        blocked_by: TaskId | None = None,
        created_by: str = "a-person",
        created_at: datetime | None = None,
    ) -> TaskId:
        """A new task, exactly as told."""
        with self._lock:
            task_id = TaskId(str(len(self._comments) + 1))
            made = created_at or self.now()
            self._comments[task_id] = []
            self._put(
                Task(
                    id=task_id,
                    title=title,
                    status=status,
                    assigned_to=AgentName(assigned_to) if assigned_to else None,
                    queue=QueueName(queue) if queue else None,
                    priority=priority,
                    created_at=made,
                    updated_at=made,
                    description=description,
                    created_by=created_by,
                    tags=tags,
                    parent_id=parent,
                    blocked_by=blocked_by,
                )
            )
            return task_id

    def assign(self, task_id: TaskId, name: str) -> None:
        """Somebody gives the task to somebody; empty for nobody."""
        with self._lock:
            self._put(_handed(self._find(task_id), name)._replace(updated_at=self.now()))

    def set_status(self, task_id: TaskId, status: Status) -> None:
        """Somebody sets the status."""
        with self._lock:
            self._put(self._find(task_id)._replace(status=status, updated_at=self.now()))

    def edit(self, task: Task) -> None:
        """Put this in place of the task of that id."""
        with self._lock:
            self._find(task.id)
            self._put(task)

    def archive(self, task_id: TaskId) -> None:
        """Somebody archives it."""
        with self._lock:
            self._put(self._find(task_id)._replace(archived_at=self.now()))

    def delete(self, task_id: TaskId) -> None:
        """Somebody deletes it; its id is not given again."""
        with self._lock:
            del self._tasks[task_id]

    def exists(self, task_id: TaskId) -> bool:
        """Nobody has deleted it."""
        return task_id in self._tasks

    def swap_data(self) -> None:
        """Restarted over another database, empty at first; the next time over this one again."""
        with self._lock:
            self._tasks, self._comments, self._elsewhere = *self._elsewhere, (self._tasks, self._comments)
            self.is_elsewhere = not self.is_elsewhere

    def task(self, task_id: TaskId) -> Task:
        """The task as it is, whatever the knobs say."""
        return self._seen(self._find(task_id))

    def comments(self, task_id: TaskId) -> tuple[Comment, ...]:
        """What was said, whatever the knobs say."""
        return tuple(self._comments[task_id])

    # --- inside --------------------------------------------------------------------------------

    def _answer_or_fail(self) -> None:
        if self.unavailable:
            raise ServerUnavailable("the fake server is down")

    def _begin_write(self) -> None:
        self._answer_or_fail()
        if self.refuse_writes:
            raise ServerRefused("the fake server refuses")

    def _end_write(self) -> None:
        self.writes += 1
        if self.lose_next_answer:
            self.lose_next_answer = False
            raise ServerUnavailable("the answer was lost", maybe_applied=True)

    def _gaps(self, queues: Sequence[QueueName], agents: Sequence[AgentName]) -> tuple[QueueGap, ...]:
        silent = "the fake server is silent"
        of_queues = [QueueGap(queue, None, silent) for queue in queues if queue in self.failing_queues]
        of_agents = [QueueGap(None, agent, silent) for agent in agents if agent in self.failing_agents]
        return (*of_queues, *of_agents)

    def _find(self, task_id: TaskId) -> Task:
        if task_id not in self._tasks:
            raise TaskNotFound(f"Task not found: {task_id}")
        return self._tasks[task_id]

    def _seen(self, task: Task) -> Task:
        blocker = self._tasks.get(task.blocked_by) if task.blocked_by else None
        return task._replace(is_blocked=blocker is not None and blocker.status != "complete")

    def _open_parents(self) -> frozenset[TaskId]:
        return frozenset(
            task.parent_id
            for task in self._tasks.values()
            if task.parent_id is not None and task.status != "complete" and task.archived_at is None
        )

    def _put(self, task: Task) -> None:
        self._tasks[task.id] = task
        self._derive(task.parent_id)

    def _derive(self, parent: TaskId | None) -> None:
        """A parent's status is its children's, as on the public server."""
        statuses = {
            task.status
            for task in self._tasks.values()
            if task.parent_id == parent and parent is not None and task.archived_at is None
        }
        if parent is None or parent not in self._tasks or not statuses:
            return
        derived: Status = "working" if "working" in statuses else "idle"
        if statuses == {"complete"}:
            derived = "complete"
        if self._tasks[parent].status != derived:
            self._put(self._tasks[parent]._replace(status=derived, updated_at=self.now()))

    def _say(self, task_id: TaskId, text: str, author: str) -> Comment:
        number = sum(len(said) for said in self._comments.values()) + 1
        said = Comment(str(number), text.strip(), author, self.now())
        self._comments[task_id].append(said)
        return said


def _handed(task: Task, name: str) -> Task:
    new = None if name in ("", "null") else AgentName(name)
    if new == task.assigned_to:
        return task
    return task._replace(assigned_to=new, previous_assigned_to=task.assigned_to)
