"""Change tags of a task and leave the others, on our own server and on those that only know all of them.

Apart from ``one_task`` because passes need it only where a task is parked or let go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from tinyscheduler.adapters.mcp import one_task, task_json, wire
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.task import TagChange

if TYPE_CHECKING:
    from tinyscheduler.adapters.mcp.client import McpClient
    from tinyscheduler.model.ids import TaskId
    from tinyscheduler.model.task import Task

OUR_TOOL: Final = "claim_task"
"""By it our own server is known, which takes ``changed_by``, ``once_by`` and ``add_tags``; every other
refuses them."""
ROUNDS_MAX: Final = 3
"""Of looking again: each time somebody else would have to have written in the same few milliseconds."""


def arguments_of(
    client: McpClient, task_id: TaskId, tags: Sequence[str] | TagChange
) -> dict[str, wire.Argument]:
    """For ``update_task``. Where only all of them can be said, they are read just before. Raises
    TaskServerError."""
    if not isinstance(tags, TagChange):
        return {"tags": list(tags)}
    if client.offers(OUR_TOOL):
        given = {"add_tags": list(tags.added), "remove_tags": list(tags.removed)}
        return {name: value for name, value in given.items() if value}
    return {"tags": list(tags.of(_read(client, task_id).tags))}


def made_sure(client: McpClient, task: Task, change: TagChange, *, write: Callable[[], Task]) -> Task:
    """Look again after a write of all of them: whoever has read them before it and written after it has taken
    ours away, so it is written once more. Raises TaskServerError."""
    if client.offers(OUR_TOOL):
        return task
    for _ in range(ROUNDS_MAX):
        found = _read(client, task.id)
        if change.of(found.tags) == found.tags:
            return task
        task = write()
    message = f"others change the tags of task {task.id} all the time"
    raise ServerUnavailable(message, hint=f"tinyscheduler task show {task.id} says which it has; then again")


def _read(client: McpClient, task_id: TaskId) -> Task:
    return task_json.task_of(one_task.read(client, task_id))
