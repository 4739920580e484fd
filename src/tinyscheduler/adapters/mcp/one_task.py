"""What passes and people both do with one task: each call once, for ``tasks`` and for ``desk``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tinyscheduler.adapters.mcp import faults, task_json, wire
from tinyscheduler.adapters.mcp.client import McpClient
from tinyscheduler.errors import ServerRefused, TaskNotFound
from tinyscheduler.model.ids import AgentName, TaskId, agent_or_nobody
from tinyscheduler.model.task import Comment, Task

NEWER_TOOL: Final = "get_queue_tasks"
"""By it a server with queues, subtasks and blockers is known from an older one (tinytask 2.5)."""


def read(client: McpClient, task_id: TaskId) -> object:
    """The answer about it, not yet looked into. Raises TaskNotFound, TaskUnreadable."""
    number = task_json.id_argument(task_id)
    try:
        answer = faults.of_one_task(task_id, lambda: client.call("get_task", {"id": number}, "read"))
    except ServerRefused as error:
        if isinstance(number, str) and faults.WRONG_TYPE in error.message:
            # Ids are numbers there: it cannot have one that is a word.
            raise TaskNotFound(f"Task not found: {task_id[:40]}") from error
        raise
    return task_json.about(task_id, answer)


def move(client: McpClient, task_id: TaskId, *, current: AgentName, new: AgentName, comment: str) -> Task:
    """Raises NotAssigned, TaskNotFound. Never sent twice once it may have arrived."""
    arguments: dict[str, wire.Argument] = {
        "task_id": task_json.id_argument(task_id),
        "current_agent": current,
        "new_agent": agent_or_nobody(new) or "",
        "comment": comment,
    }
    answer = _said(client, "move_task", arguments, text="comment")
    return faults.after_write(lambda: task_json.task_of(task_json.about(task_id, answer)))


def comment(client: McpClient, task_id: TaskId, *, text: str, author: str) -> Comment:
    """Raises TaskNotFound. Never sent twice once it may have arrived."""
    arguments: dict[str, wire.Argument] = {
        "task_id": task_json.id_argument(task_id),
        "content": text,
        "created_by": author,
    }
    answer = _said(client, "add_comment", arguments, text="content")
    return faults.after_write(lambda: task_json.comment_of(task_json.about(task_id, answer, "task_id")))


def _said(client: McpClient, tool: str, arguments: Mapping[str, wire.Argument], *, text: str) -> object:
    """With the middle of its argument ``text`` cut out where it is long; else the server reads none of it."""
    return client.call(tool, wire.with_text_cut(tool, arguments, text), "once")
