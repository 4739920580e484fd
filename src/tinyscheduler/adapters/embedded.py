"""The task server in this process: the store of our own behind the port.

What an installation without ``MCP_ENDPOINT`` uses. Nothing runs, nothing listens; ``serve`` offers
the same file to agents, at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from tinyscheduler.errors import ServerUnavailable, StateError, TaskNotFound
from tinyscheduler.model.ids import EMBEDDED, EMBEDDED_UNKNOWN, AgentName, QueueName, TaskId
from tinyscheduler.model.snapshot import Backlog
from tinyscheduler.model.task import Comment, Status, Task, TaskDetail
from tinyscheduler.taskstore.rows import CommentRow, NewTask, TaskChanges, TaskFilter, TaskRow
from tinyscheduler.taskstore.store import Store

if TYPE_CHECKING:
    from tinyscheduler.model.desk import TaskDraft, TaskEdit, TaskList, TaskQuery
    from tinyscheduler.model.unserved import Unserved


class EmbeddedTaskServer:
    """A TaskServer and a TaskDesk over one database file, opened when it is first needed."""

    def __init__(self, path: str, *, read_only: bool = False, depth_max: int = 0) -> None:
        """Touch nothing yet: whoever finds the pass lock busy leaves no trace. ``depth_max``: see ``Store``.

        ``read_only`` looks at a private copy of the first call's instant and makes and touches no
        file. A file that is damaged, not ours or locked for too long makes every call raise
        ServerUnavailable, so that a pass still tends what needs no server.
        """
        self._path = path
        self._is_read_only = read_only
        self._depth_max = depth_max
        self._opened: Store | ServerUnavailable | None = None

    if TYPE_CHECKING:
        source: str
    else:
        # The port has a plain attribute; here it is worked out when it is first asked for.
        @cached_property
        def source(self):
            """See the port."""
            return self._identity()

    def backlog(self, queues: Sequence[QueueName], agents: Sequence[AgentName], limit: int) -> Backlog:
        """All of one instant, in two queries; there are no gaps: one file answers or nothing does."""
        # One more than asked for tells a list that is full from one that is cut.
        found = self._store().backlog(queues, agents, limit + 1)
        seen = [_task(row) for row in found.tasks]
        idle = [task for task in seen if task.status == "idle"]
        return Backlog(
            tasks=tuple(idle[:limit]),
            open_parents=frozenset(TaskId(str(parent)) for parent in found.open_parents),
            is_cut=len(idle) > limit,
            working=tuple(seen[len(idle) : limit]),
        )

    def get(self, task_id: TaskId) -> TaskDetail:
        """Raises TaskNotFound."""
        found = self._store().task_with_relations(_number(task_id))
        return TaskDetail(_task(found.task), tuple(_comment(row) for row in found.comments))

    def has_open_children(self, task_id: TaskId) -> bool:
        """True while a child is neither complete nor archived."""
        return any(child.status != "complete" for child in self._store().subtasks(_number(task_id)))

    def unserved(self, queues: Sequence[QueueName], agents: Sequence[AgentName]) -> tuple[Unserved, ...]:
        """See the port."""
        from tinyscheduler.model.unserved import UNSERVED_MAX, Unserved

        found = self._store().unserved(queues, agents, UNSERVED_MAX)
        return tuple(
            Unserved(
                None if queue is None else QueueName(queue), None if name is None else AgentName(name), n
            )
            for queue, name, n in found
        )

    def update(
        self,
        task_id: TaskId,
        *,
        status: Status | None = None,
        assigned_to: str | None = None,
        queue: QueueName | None = None,
        tags: Sequence[str] | None = None,
    ) -> Task:
        """See the port. Raises TaskNotFound."""
        changes: TaskChanges = {}
        if status is not None:
            changes["status"] = status
        if assigned_to is not None:
            changes["assigned_to"] = assigned_to
        if queue is not None:
            changes["queue_name"] = queue
        if tags is not None:
            changes["tags"] = tuple(tags)
        return _task(self._store().update_task(_number(task_id), changes))

    def move(self, task_id: TaskId, *, current: AgentName, new: AgentName, comment: str) -> Task:
        """See the port. Raises NotAssigned, TaskNotFound."""
        return _task(
            self._store().move_task(_number(task_id), current=current, new=new, comment=comment).task
        )

    def comment(self, task_id: TaskId, text: str, author: str) -> Comment:
        """Raises TaskNotFound."""
        return _comment(self._store().add_comment(_number(task_id), text, author))

    def hold(self) -> None:
        """See the port. A power cut then takes the last writes, never one of the middle."""
        self._store().hold()

    def sync(self) -> None:
        """See the port."""
        self._store().sync()

    def add(self, draft: TaskDraft) -> Task:
        """See ``ports.TaskDesk``. Raises ServerRefused for a parent or a blocker that is not there."""
        new = NewTask(
            draft.title,
            draft.created_by,
            draft.description,
            draft.assigned_to,
            draft.priority,
            draft.tags,
            None if draft.parent is None else _number(draft.parent),
            draft.queue,
            None if draft.blocked_by is None else _number(draft.blocked_by),
        )
        return _task(self._store().create_task(new))

    def find(self, query: TaskQuery) -> TaskList:
        """See ``ports.TaskDesk``."""
        from tinyscheduler.model.desk import TaskList

        is_for_nobody = query.assigned_to == ""
        wanted = TaskFilter(
            assigned_to=query.assigned_to or None,
            statuses=query.statuses,
            queue_name=query.queue,
            # The store cannot be asked for what nobody has; and one more tells a full list from a cut one.
            limit=0 if is_for_nobody else query.limit + 1,
        )
        rows = [row for row in self._store().tasks(wanted) if not is_for_nobody or row.assigned_to is None]
        return TaskList(tuple(_task(row) for row in rows[: query.limit]), len(rows) > query.limit)

    def change(self, task_id: TaskId, edit: TaskEdit) -> Task:
        """See ``ports.TaskDesk``. Raises TaskNotFound; ServerRefused for what makes a circle."""
        return _task(self._store().update_task(_number(task_id), _changes(edit)))

    def close(self) -> None:
        """Idempotent."""
        if isinstance(self._opened, Store):
            self._opened.close()

    def _identity(self) -> str:
        """Made with the file: the same in every process, another one for another file."""
        try:
            return EMBEDDED + self._store().identity
        except ServerUnavailable:
            return EMBEDDED_UNKNOWN

    def _store(self) -> Store:
        if self._opened is None:
            self._opened = self._open()
        if isinstance(self._opened, ServerUnavailable):
            # Not tried again in this process: source must not change under the caller.
            raise self._opened
        return self._opened

    def _open(self) -> Store | ServerUnavailable:
        try:
            return Store(self._path, read_only=self._is_read_only, depth_max=self._depth_max)
        except (StateError, ServerUnavailable) as error:
            failure = ServerUnavailable(error.message, hint=error.hint)
            failure.__cause__ = error
            return failure


def _number(task_id: TaskId) -> int:
    # int() also takes "1_000" and digits of other scripts, which no task was ever called.
    if not (task_id.isascii() and task_id.isdigit()):
        raise TaskNotFound(f"Task not found: {task_id[:40]}")
    return int(task_id[:40])


def _changes(edit: TaskEdit) -> TaskChanges:
    changes: TaskChanges = {}
    if edit.title is not None:
        changes["title"] = edit.title
    if edit.description is not None:
        changes["description"] = edit.description
    if edit.status is not None:
        changes["status"] = edit.status
    if edit.assigned_to is not None:
        changes["assigned_to"] = edit.assigned_to
    if edit.queue is not None:
        changes["queue_name"] = edit.queue
    if edit.priority is not None:
        changes["priority"] = edit.priority
    if edit.tags is not None:
        changes["tags"] = edit.tags
    if edit.parent is not None:
        changes["parent_task_id"] = _number(edit.parent)
    if edit.blocked_by is not None:
        changes["blocked_by_task_id"] = _number(edit.blocked_by) if edit.blocked_by else None
    return changes


def _task(row: TaskRow) -> Task:
    # By position and in one go: ten thousand of these are part of a pass.
    (number, title, description, status, assigned_to, previous, created_by, priority, tags, parent, queue,
     blocker, created_at, updated_at, archived_at, is_blocked) = row  # fmt: skip
    return Task(
        TaskId(str(number)),
        title,
        status,
        None if assigned_to is None else AgentName(assigned_to),
        None if queue is None else QueueName(queue),
        priority,
        datetime.fromisoformat(created_at),
        datetime.fromisoformat(updated_at),
        description or "",
        None if previous is None else AgentName(previous),
        created_by or None,
        tags,
        None if parent is None else TaskId(str(parent)),
        None if blocker is None else TaskId(str(blocker)),
        is_blocked,
        None if archived_at is None else datetime.fromisoformat(archived_at),
    )


def _comment(row: CommentRow) -> Comment:
    return Comment(str(row.id), row.content, row.created_by, datetime.fromisoformat(row.created_at))
