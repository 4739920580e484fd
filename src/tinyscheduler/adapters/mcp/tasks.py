"""``ports.TaskServer`` over MCP, with the tools of the public server (tinytask 3).

Apart from ``client`` because it knows tasks and not calls. It never deletes, clears or archives: no such
tool is named in this room. Tasks of schedules are made as people make theirs, by ``desk``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tinyscheduler.adapters.mcp import faults, fetch, one_task, task_json, wire
from tinyscheduler.adapters.mcp.client import UNKNOWN_ARGUMENT, McpClient
from tinyscheduler.adapters.mcp.habits import WithDescriptions
from tinyscheduler.adapters.mcp.manners import Memory
from tinyscheduler.errors import ServerRefused
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.snapshot import Backlog
from tinyscheduler.model.task import Comment, Status, TagChange, Task, TaskDetail

if TYPE_CHECKING:
    from tinyscheduler.adapters.mcp.desk import McpTaskDesk
    from tinyscheduler.model.desk import TaskDraft, TaskList, TaskQuery
    from tinyscheduler.model.unserved import Unserved

NO_HEADERS: Mapping[str, str] = {}


OUR_NAME = "tinyscheduler"
"""In the history of what passes change."""


class McpTaskServer:
    """A task server behind an MCP endpoint. Opens nothing before the first call."""

    def __init__(
        self,
        endpoint: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        timeout_s: float = 35.0,
        budget_s: float = 20.0,
        ca_file: str | None = None,
        memory: Memory | None = None,
    ) -> None:
        """``headers`` may hold a bearer token; it never gets into an error.

        ``timeout_s`` per call: the public server can stall for 30 s and then still answer (tinytask
        5). ``budget_s`` for all calls of this object together: the pass holds the lock meanwhile.
        ``memory`` keeps what was found out about the server (ADR 0022).
        Raises ConfigError.
        """
        self._client = McpClient(
            endpoint,
            headers=headers,
            timeout_s=timeout_s,
            budget_s=budget_s,
            ca_file=ca_file,
            memory=memory,
        )
        self.source = self._client.endpoint.source

    def backlog(self, queues: Sequence[QueueName], agents: Sequence[AgentName], limit: int) -> Backlog:
        """As the port says; ``limit`` counts the tasks looked at. A task that cannot be read is left
        out and is a gap of its queue or agent.

        ``open_parents`` knows the children among the idle tasks seen. A parent whose only open
        children are working is derived as working by the server; what slips through is caught by
        ``has_open_children`` when it is claimed.
        """
        read = WithDescriptions(self._read, self._client.manners)
        return fetch.backlog(read, queues, agents, limit=limit, habits=ServerHabits(self._client))

    def get(self, task_id: TaskId) -> TaskDetail:
        """Raises TaskNotFound."""
        return task_json.detail_of(one_task.read(self._client, task_id))

    def has_open_children(self, task_id: TaskId) -> bool:
        """True while a child is neither complete nor archived."""
        try:
            found = self._read("get_subtasks", {"parent_task_id": task_json.id_argument(task_id)})
        except faults.UnknownTool:
            # A server from before there were subtasks: nothing can have one.
            return False
        except faults.AnswerTooLarge:
            return self._lists_open_child(task_id)
        is_open = task_json.has_open_child(found)
        return self._lists_open_child(task_id) if is_open is None else is_open

    def _lists_open_child(self, task_id: TaskId) -> bool:
        """One open one is enough to know, however many there are."""
        open_ones: dict[str, wire.Argument] = {
            "parent_task_id": task_json.id_argument(task_id),
            "exclude_status": ["complete"],
            "limit": 1,
        }
        rows = task_json.rows_of(self._read("list_tasks", open_ones))
        return bool(rows.bad) or any(task.status != "complete" for task in rows.tasks)

    def unserved(self, queues: Sequence[QueueName], agents: Sequence[AgentName]) -> tuple[Unserved, ...]:
        """See the port."""
        from tinyscheduler.adapters.mcp import unserved

        return unserved.unserved(self._read, queues, agents)

    def update(
        self,
        task_id: TaskId,
        *,
        status: Status | None = None,
        assigned_to: str | None = None,
        queue: QueueName | None = None,
        tags: Sequence[str] | TagChange | None = None,
    ) -> Task:
        """Raises TaskNotFound. May be sent twice: the same values twice are the same, and a hand that
        came between shows in ``previous_assigned_to`` of the answer (tinytask 3.2)."""
        arguments: dict[str, wire.Argument] = {"id": task_json.id_argument(task_id)}
        given = {"status": status, "assigned_to": assigned_to, "queue_name": queue}
        arguments.update({name: value for name, value in given.items() if value is not None})
        if tags is not None:
            from tinyscheduler.adapters.mcp.tagging import arguments_of

            arguments |= arguments_of(self._client, task_id, tags)
        answer = self._update(arguments)
        task = faults.after_write(lambda: task_json.task_of(task_json.about(task_id, answer)))
        if queue is not None and task.queue != queue:
            # An older server ignores what it does not know (tinytask 2.5).
            message = f"the task server left task {task_id} in {task.queue or 'no queue'} instead of {queue}"
            raise ServerRefused(message, hint="let on_success move tasks to an agent, or use a newer server")
        return task

    def _update(self, arguments: dict[str, wire.Argument]) -> object:
        """In our name, where a history is kept and takes it: as an embedded store has it."""
        if not self._keeps_names():
            return self._client.call("update_task", arguments, "repeatable")
        try:
            return self._client.call("update_task", {**arguments, "changed_by": OUR_NAME}, "repeatable")
        except ServerRefused as error:
            if UNKNOWN_ARGUMENT not in error.message:
                raise
            # Another server has come in its place: no task is to suffer for a name.
            return self._client.call("update_task", arguments, "repeatable")

    def _keeps_names(self) -> bool:
        from tinyscheduler.adapters.mcp.tagging import OUR_TOOL

        # As far as that is known: a claim does not wait for the answer, and a name is worth no call.
        return OUR_TOOL in (self._client.manners.manner.tools or ())

    def move(self, task_id: TaskId, *, current: AgentName, new: AgentName, comment: str) -> Task:
        """Raises NotAssigned, TaskNotFound. Never sent twice once it may have arrived."""
        return one_task.move(self._client, task_id, current=current, new=new, comment=comment)

    def comment(self, task_id: TaskId, text: str, author: str) -> Comment:
        """Raises TaskNotFound. Never sent twice once it may have arrived."""
        return one_task.comment(self._client, task_id, text=text, author=author)

    def add(self, draft: TaskDraft) -> Task:
        """See the port; as people add it."""
        return self._desk().add(draft)

    def find(self, query: TaskQuery) -> TaskList:
        """See the port; as people find them."""
        return self._desk().find(query)

    def hold(self) -> None:
        """Its answers are promises already, and it knows no others."""

    def sync(self) -> None:
        """As ``hold``."""

    def close(self) -> None:
        """Idempotent."""
        self._client.close()

    def _desk(self) -> McpTaskDesk:
        """Over the same connection; loaded by passes that have schedules."""
        from tinyscheduler.adapters.mcp.desk import McpTaskDesk

        return McpTaskDesk.over(self._client)

    def _read(self, tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        return self._client.call(tool, arguments, "read")


class ServerHabits:
    """``fetch.Habits`` by what is remembered of the server, or what its list of tools says now."""

    def __init__(self, client: McpClient) -> None:
        self._client = client

    @property
    def takes_status_lists(self) -> bool | None:
        """See ``fetch.Habits``."""
        return self._client.manners.manner.takes_status_lists

    def learn_status_lists(self, takes: bool) -> None:
        """See ``fetch.Habits``."""
        manners = self._client.manners
        manners.learn(manners.manner._replace(takes_status_lists=takes))

    def has_queues(self) -> bool:
        """See ``fetch.Habits``."""
        return self._client.offers(one_task.NEWER_TOOL)
