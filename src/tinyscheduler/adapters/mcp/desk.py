"""``ports.TaskDesk`` over MCP: what people and agents do with ``task`` on a server elsewhere.

Apart from ``tasks`` because no pass needs it: a pass never makes a task, nor changes what one says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self

from tinyscheduler.adapters.mcp import task_json, wire
from tinyscheduler.adapters.mcp.client import Effect, McpClient
from tinyscheduler.errors import ServerRefused, ServerUnavailable
from tinyscheduler.model.desk import TaskDraft, TaskEdit, TaskList, TaskQuery
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Comment, Task, TaskDetail

PAGE_ROWS: Final = 500
"""As a pass asks for: about 0.4 MB and 10 ms on the public server."""

Arguments = dict[str, wire.Argument]


class McpTaskDesk:
    """A task server behind an MCP endpoint. Opens nothing before the first call."""

    def __init__(
        self, endpoint: str, *, headers: Mapping[str, str], timeout_s: float, ca_file: str | None = None
    ) -> None:
        """``timeout_s`` for all calls of one command together. Raises ConfigError."""
        self._client = McpClient(
            endpoint, headers=headers, timeout_s=timeout_s, budget_s=timeout_s, ca_file=ca_file
        )

    @classmethod
    def over(cls, client: McpClient) -> Self:
        """A desk that shares the conversation of somebody else, who closes it."""
        desk = cls.__new__(cls)
        desk._client = client
        return desk

    def add(self, draft: TaskDraft) -> Task:
        """Never sent twice once it may have arrived."""
        arguments = _given(
            {
                "title": draft.title,
                "created_by": draft.created_by,
                "description": draft.description or None,
                "assigned_to": draft.assigned_to,
                "priority": _number(draft.priority),
                "tags": list(draft.tags) or None,
                "queue_name": draft.queue,
                "parent_task_id": _id(draft.parent),
                "blocked_by_task_id": _id(draft.blocked_by),
            }
        )
        task = self._written("create_task", arguments, "once")
        if draft.queue is not None and task.queue != draft.queue:
            # An older server ignores what it does not know (tinytask 2.5).
            raise ServerRefused(
                f"the server made task {task.id} without queue {draft.queue}: it knows no queues",
                hint="assign the task to an agent instead",
            )
        return task

    def find(self, query: TaskQuery) -> TaskList:
        """In pages; filters that the server lacks or ignores are applied here as well."""
        seen: dict[TaskId, Task] = {}
        offset, is_last = 0, False
        while not is_last and sum(_matches(task, query) for task in seen.values()) <= query.limit:
            rows = task_json.rows_of(self._read("list_tasks", _page(query, offset)))
            before = len(seen)
            seen.update((task.id, task) for task in rows.tasks)
            offset += rows.received
            # Another length than asked for is the end, or everything; nothing new is a repetition.
            is_last = rows.received != PAGE_ROWS or len(seen) == before
        tasks = sorted((task for task in seen.values() if _matches(task, query)), key=task_json.sort_key)
        return TaskList(tuple(tasks[: query.limit]), len(tasks) > query.limit)

    def get(self, task_id: TaskId) -> TaskDetail:
        """See the port."""
        return task_json.detail_of(self._read("get_task", {"id": task_json.id_argument(task_id)}))

    def change(self, task_id: TaskId, edit: TaskEdit) -> Task:
        """May be sent twice: the same values twice are the same."""
        number = task_json.id_argument(task_id)
        fields = _given(
            {
                "title": edit.title,
                "description": edit.description,
                "status": edit.status,
                "assigned_to": edit.assigned_to,
                "priority": _number(edit.priority),
                "tags": None if edit.tags is None else list(edit.tags),
                "queue_name": edit.queue or None,
                "parent_task_id": _id(edit.parent),
                "blocked_by_task_id": _id(edit.blocked_by),
            }
        )
        if edit.blocked_by == "":
            # The one argument of the public server that may be null (tinytask 3.3).
            fields["blocked_by_task_id"] = None
        if edit.queue == "":
            # An empty queue_name would become a queue of that name (tinytask 5).
            task = self._written("remove_task_from_queue", {"task_id": number}, "repeatable")
            if not fields:
                return task
        return self._written("update_task", {"id": number, **fields}, "repeatable")

    def comment(self, task_id: TaskId, text: str, author: str) -> Comment:
        """Never sent twice once it may have arrived."""
        arguments: dict[str, wire.Argument] = {
            "task_id": task_json.id_argument(task_id),
            "content": text,
            "created_by": author,
        }
        fitting = wire.with_text_cut("add_comment", arguments, "content")
        answer = self._client.call("add_comment", fitting, "once")
        try:
            return task_json.comment_of(answer)
        except ServerUnavailable as error:
            error.maybe_applied = True
            raise

    def close(self) -> None:
        """Idempotent."""
        self._client.close()

    def _read(self, tool: str, arguments: Arguments) -> object:
        return self._client.call(tool, arguments, "read")

    def _written(self, tool: str, arguments: Arguments, effect: Effect) -> Task:
        answer = self._client.call(tool, arguments, effect)
        try:
            return task_json.task_of(answer)
        except ServerUnavailable as error:
            # What cannot be read after a write has been done all the same.
            error.maybe_applied = True
            raise


def _page(query: TaskQuery, offset: int) -> Arguments:
    return _given(
        {
            "queue_name": query.queue,
            "assigned_to": query.assigned_to or None,
            "status": list(query.statuses) or None,
            "limit": PAGE_ROWS,
            "offset": offset,
        }
    )


def _matches(task: Task, query: TaskQuery) -> bool:
    is_wanted = not query.statuses or task.status in query.statuses
    is_there = query.queue is None or task.queue == query.queue
    is_theirs = query.assigned_to is None or (task.assigned_to or "") == query.assigned_to
    return is_wanted and is_there and is_theirs and task.archived_at is None


def _given(fields: Arguments) -> Arguments:
    """Unset arguments are omitted, never sent as null (tinytask 3)."""
    return {name: value for name, value in fields.items() if value is not None}


def _id(task_id: TaskId | None) -> int | str | None:
    return task_json.id_argument(task_id) if task_id else None


def _number(priority: float | None) -> float | None:
    """Whole ones without a fraction: older servers take nothing else."""
    return int(priority) if priority is not None and priority == int(priority) else priority
