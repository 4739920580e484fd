"""The task server in this process: the store of our own behind the port.

What an installation without ``MCP_ENDPOINT`` uses. Nothing runs, nothing listens; ``serve`` offers
the same file to agents, at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from tinyscheduler.errors import ServerUnavailable, StateError, TaskNeverMade, TaskNotFound
from tinyscheduler.model.ids import EMBEDDED, EMBEDDED_UNKNOWN, AgentName, QueueName, TaskId
from tinyscheduler.model.snapshot import Backlog, QueueGap
from tinyscheduler.model.task import Comment, Link, Status, TagChange, Task, TaskDetail
from tinyscheduler.taskstore.as_model import (
    Unreadable,
    changes_of,
    changes_of_tags,
    comment_of,
    event_of,
    link_of,
    new_task_of,
    number_of,
    task_of,
)
from tinyscheduler.taskstore.rows import TaskFilter, TaskRow
from tinyscheduler.taskstore.store import Store

if TYPE_CHECKING:
    from tinyscheduler.model.desk import (
        NewLink,
        RemarkCounts,
        TaskDraft,
        TaskEdit,
        TaskEvent,
        TaskList,
        TaskQuery,
    )
    from tinyscheduler.model.unserved import Unserved


_SCHEDULER = "tinyscheduler"
"""Who a pass is in a task's history."""


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
        """All of one instant, in two queries. One file answers or nothing does; a gap is a row that somebody
        else has written and nobody can read."""
        # One more than asked for tells a list that is full from one that is cut.
        found = self._store().backlog(queues, agents, limit + 1)
        seen, odd = _readable(found.tasks)
        idle = [task for task in seen if task.status == "idle"]
        return Backlog(
            tasks=tuple(idle[:limit]),
            gaps=tuple(_gap(row, why, queues=queues) for row, why in odd),
            open_parents=frozenset(TaskId(str(parent)) for parent in found.open_parents),
            is_cut=len(idle) > limit,
            working=tuple(seen[len(idle) : limit]),
        )

    def get(self, task_id: TaskId) -> TaskDetail:
        """Raises TaskNotFound, and of that TaskNeverMade: a file that was put back from an older copy."""
        number = number_of(task_id)
        try:
            found = self._store().task_with_relations(number)
        except TaskNotFound as error:
            if self._store().has_made(number):
                raise
            raise TaskNeverMade(error.message, hint=error.hint) from error
        comments = tuple(comment_of(row) for row in found.comments)
        return TaskDetail(_one(found.task), comments, tuple(link_of(row) for row in found.links))

    def has_open_children(self, task_id: TaskId) -> bool:
        """True while a child is neither complete nor archived."""
        return bool(
            self._store().tasks(
                TaskFilter(parent_task_id=number_of(task_id), excluded_statuses=("complete",))
            )
        )

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
        tags: Sequence[str] | TagChange | None = None,
    ) -> Task:
        """See the port. Raises TaskNotFound."""
        changes = changes_of_tags(tags)
        if status is not None:
            changes["status"] = status
        if assigned_to is not None:
            changes["assigned_to"] = assigned_to
        if queue is not None:
            changes["queue_name"] = queue
        return _one(self._store().update_task(number_of(task_id), changes, by=_SCHEDULER))

    def move(self, task_id: TaskId, *, current: AgentName, new: AgentName, comment: str) -> Task:
        """See the port. Raises NotAssigned, TaskNotFound."""
        return _one(
            self._store().move_task(number_of(task_id), current=current, new=new, comment=comment).task
        )

    def comment(self, task_id: TaskId, text: str, author: str) -> Comment:
        """Raises TaskNotFound."""
        return comment_of(self._store().add_comment(number_of(task_id), text, author))

    def hold(self) -> None:
        """See the port. A power cut then takes the last writes, never one of the middle."""
        self._store().hold()

    def sync(self) -> None:
        """See the port."""
        self._store().sync()

    def add(self, draft: TaskDraft) -> Task:
        """See ``ports.TaskDesk``. Raises ServerRefused for a parent or a blocker that is not there."""
        return _one(self._store().create_task(new_task_of(draft)))

    def find(self, query: TaskQuery) -> TaskList:
        """See ``ports.TaskDesk``."""
        from tinyscheduler.model.desk import cut, may_match

        wanted = TaskFilter(
            assigned_to=query.assigned_to,
            statuses=query.statuses,
            queue_name=query.queue,
            archived="included" if query.includes_archived else "excluded",
            limit=_limit(query),
        )
        rows = self._store().tasks(wanted)
        seen, odd = _readable(rows)
        gaps = [
            why
            for row, why in odd
            if may_match(query, queue=None, assigned_to=None, created_by=row.created_by, tags=row.tags)
        ]
        found = cut(seen, query, gaps)
        return found._replace(is_cut=found.is_cut or 0 < wanted.limit == len(rows))

    def change(self, task_id: TaskId, edit: TaskEdit) -> Task:
        """See ``ports.TaskDesk``. Raises TaskNotFound; ServerRefused for what makes a circle."""
        return _one(self._store().update_task(number_of(task_id), changes_of(edit), by=edit.by or None))

    def archive(self, task_id: TaskId, *, by: str = "") -> Task:
        """See ``ports.TaskDesk``. Raises TaskNotFound."""
        return _one(self._store().archive_task(number_of(task_id), by=by or None))

    def link(self, task_id: TaskId, link: NewLink) -> Link:
        """See ``ports.TaskDesk``. Raises TaskNotFound."""
        from tinyscheduler.taskstore import rows

        new = rows.NewLink(link.url, link.description, link.author)
        return link_of(self._store().add_link(number_of(task_id), new))

    def remark_counts(self) -> Mapping[TaskId, RemarkCounts]:
        """See ``ports.TaskDesk``: in one query."""
        from tinyscheduler.model.desk import RemarkCounts
        from tinyscheduler.taskstore import editing

        counted = editing.remark_counts(self._store())
        return {TaskId(str(number)): RemarkCounts(said, linked) for number, said, linked in counted}

    def history(self, task_id: TaskId) -> tuple[TaskEvent, ...]:
        """See ``ports.TaskDesk``. Raises TaskNotFound."""
        from tinyscheduler.taskstore import editing

        return tuple(event_of(row) for row in editing.task_history(self._store(), number_of(task_id)))

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


def _limit(query: TaskQuery) -> int:
    """Rows to ask the store for, 0 for all: what it does not filter by may match none of the first ones."""
    is_narrowed_later = (
        query.tags
        or query.text
        or query.parent is not None
        or query.is_blocked is not None
        or query.created_by is not None
    )
    # One more than asked for tells a list that is full from one that is cut.
    return 0 if is_narrowed_later else query.offset + query.limit + 1


def _readable(rows: Sequence[TaskRow]) -> tuple[list[Task], list[tuple[TaskRow, str]]]:
    """Tasks, and what is wrong with the other rows."""
    tasks: list[Task] = []
    odd: list[tuple[TaskRow, str]] = []
    for row in rows:
        try:
            tasks.append(task_of(row))
        except Unreadable as error:
            odd.append((row, str(error)))
    return tasks, odd


def _gap(row: TaskRow, why: str, *, queues: Sequence[QueueName]) -> QueueGap:
    """Where a row belongs that is left out."""
    for queue in queues:
        if queue == row.queue_name:
            return QueueGap(queue, None, why)
    return QueueGap(None, row.assigned_to, why)


def _one(row: TaskRow) -> Task:
    try:
        return task_of(row)
    except Unreadable as error:
        raise ServerUnavailable(f"the task store cannot be read: {error}", hint=_MEND) from error


_MEND = (
    "set the column in state/tasks.db to what it should be: a time like 2026-01-31T12:00:00Z, a list like"
    ' ["web"], or [] where there are no tags'
)
