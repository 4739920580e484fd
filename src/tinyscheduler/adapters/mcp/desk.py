"""``ports.TaskDesk`` over MCP: what people and agents do with ``task`` on a server elsewhere.

Apart from ``tasks`` because it says more: a pass never changes what a task says. What an older server
would ignore in silence (queues, subtasks, blockers; tinytask 2.5) is refused before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final, Self

from tinyscheduler.adapters.mcp import (
    faults,
    finding,
    one_task,
    public_history,
    remark_json,
    tagging,
    task_json,
    wire,
)
from tinyscheduler.adapters.mcp.client import Effect, McpClient
from tinyscheduler.adapters.mcp.habits import WithDescriptions
from tinyscheduler.adapters.mcp.manners import Memory
from tinyscheduler.adapters.mcp.tagging import OUR_TOOL
from tinyscheduler.errors import ServerRefused, ServerUnavailable
from tinyscheduler.model.desk import (
    NewLink,
    RemarkCounts,
    TaskDraft,
    TaskEdit,
    TaskEvent,
    TaskList,
    TaskQuery,
)
from tinyscheduler.model.ids import AgentName, TaskId, agent_or_nobody
from tinyscheduler.model.task import Comment, Link, TagChange, Task, TaskDetail

CHANGES_TOOL: Final = "get_task_changes"
"""What became of a task, on our own server."""
HISTORY_TOOL: Final = "get_task_history"
"""The same on the public one, from its 2.2 on, which takes ``updated_by`` for it where a task is updated."""

Arguments = dict[str, wire.Argument]


class McpTaskDesk:
    """A task server behind an MCP endpoint. Opens nothing before the first call."""

    def __init__(
        self,
        endpoint: str,
        *,
        headers: Mapping[str, str],
        timeout_s: float,
        ca_file: str | None = None,
        memory: Memory | None = None,
    ) -> None:
        """``timeout_s`` for all calls of one command together. Raises ConfigError."""
        self._client = McpClient(
            endpoint,
            headers=headers,
            timeout_s=timeout_s,
            budget_s=timeout_s,
            ca_file=ca_file,
            memory=memory,
        )

    @classmethod
    def over(cls, client: McpClient) -> Self:
        """A desk that shares the conversation of somebody else, who closes it."""
        desk = cls.__new__(cls)
        desk._client = client
        return desk

    def add(self, draft: TaskDraft) -> Task:
        """Never sent twice once it may have arrived, unless the server knows it again."""
        arguments = _given(
            {
                "title": draft.title,
                "created_by": draft.created_by,
                "description": draft.description or None,
                "assigned_to": agent_or_nobody(draft.assigned_to),
                "priority": _number(draft.priority),
                "tags": list(draft.tags) or None,
                "queue_name": draft.queue,
                "parent_task_id": _id(draft.parent),
                "blocked_by_task_id": _id(draft.blocked_by),
            }
        )
        self._check_newer(arguments)
        effect: Effect = "once"
        if draft.once_by and self._client.offers(OUR_TOOL):
            # Made twice it is made once, so it may be sent twice.
            arguments["once_by"], effect = list(draft.once_by), "repeatable"
        task = self._written("create_task", arguments, effect, draft=draft)
        if task.queue != (draft.queue or task.queue):
            message = f"the task server made task {task.id} without queue {draft.queue}"
            raise ServerRefused(message, hint="archive it, and add it again without a queue")
        return task

    def find(self, query: TaskQuery) -> TaskList:
        """See the port."""
        manners = self._client.manners
        return finding.find(WithDescriptions(self._read, manners), query, manners)

    def get(self, task_id: TaskId) -> TaskDetail:
        """See the port."""
        return remark_json.detail_of(one_task.read(self._client, task_id))

    def change(self, task_id: TaskId, edit: TaskEdit) -> Task:
        """Never sent twice once it may have arrived: the second one would undo what others, an agent that
        has claimed it for one, have done in between."""
        number = task_json.id_argument(task_id)
        fields = _given(
            {
                "title": edit.title,
                "description": edit.description,
                "status": edit.status,
                "assigned_to": None if edit.assigned_to is None else agent_or_nobody(edit.assigned_to) or "",
                "priority": _number(edit.priority),
                "queue_name": edit.queue or None,
                "parent_task_id": _id(edit.parent),
                "blocked_by_task_id": _id(edit.blocked_by),
            }
        )
        if edit.blocked_by == "":
            # The one argument of the public server that may be null (tinytask 3.3).
            fields["blocked_by_task_id"] = None
        self._check_newer(fields)
        alone = self._taken_out(task_id, edit)
        if alone is not None and not fields and edit.tags is None:
            return alone

        def write(fields: Arguments) -> Task:
            tags = {} if edit.tags is None else tagging.arguments_of(self._client, task_id, edit.tags)
            signed = self._signed({"id": number, **fields, **tags}, edit.by, theirs="updated_by")
            return self._written("update_task", signed, "once", about=task_id)

        task = write(fields) if alone is None else faults.after_write(lambda: write(fields))
        if not isinstance(edit.tags, TagChange):
            return task
        change = edit.tags
        again = partial(write, {})
        return faults.after_write(lambda: tagging.made_sure(self._client, task, change, write=again))

    def _taken_out(self, task_id: TaskId, edit: TaskEdit) -> Task | None:
        """Of its queue, of its parent: what an update cannot say. An empty queue_name would become a
        queue of that name (tinytask 5), a parent that is null the task 0 (tinytask 3.3)."""
        task = None
        for is_wanted, tool, name in (
            (edit.queue == "", "remove_task_from_queue", "task_id"),
            (edit.parent == "", "move_subtask", "subtask_id"),
        ):
            if is_wanted:
                arguments = self._signed({name: task_json.id_argument(task_id)}, edit.by)
                task = self._written(tool, arguments, "once", about=task_id)
        return task

    def _signed(self, arguments: Arguments, by: str, *, theirs: str = "") -> Arguments:
        """With the name for the history, where one is kept (ADR 0023). ``theirs`` is the argument that the
        public server has for it; empty: it has none."""
        if by and self._client.offers(OUR_TOOL):
            return {**arguments, "changed_by": by}
        return {**arguments, theirs: by} if by and theirs and self._client.offers(HISTORY_TOOL) else arguments

    def comment(self, task_id: TaskId, text: str, author: str) -> Comment:
        """Never sent twice once it may have arrived."""
        return one_task.comment(self._client, task_id, text=text, author=author)

    def link(self, task_id: TaskId, link: NewLink) -> Link:
        """Never sent twice once it may have arrived."""
        arguments = _given(
            {
                "task_id": task_json.id_argument(task_id),
                "url": link.url,
                "description": link.description or None,
                "created_by": link.author,
            }
        )
        answer = self._client.call("add_link", arguments, "once")
        return faults.after_write(lambda: remark_json.link_of(task_json.about(task_id, answer, "task_id")))

    def move(self, task_id: TaskId, *, current: AgentName, new: AgentName, comment: str) -> Task:
        """Never sent twice once it may have arrived."""
        return one_task.move(self._client, task_id, current=current, new=new, comment=comment)

    def archive(self, task_id: TaskId, *, by: str = "") -> Task:
        """Never sent twice once it may have arrived."""
        arguments = self._signed({"id": task_json.id_argument(task_id)}, by)
        return self._written("archive_task", arguments, "once", about=task_id)

    def remark_counts(self) -> Mapping[TaskId, RemarkCounts] | None:
        """None: it would take a call for each task."""
        return None

    def history(self, task_id: TaskId) -> tuple[TaskEvent, ...] | None:
        """None: older public servers keep none. Which way it is told, the list of tools says."""
        given: Arguments = {"task_id": task_json.id_argument(task_id)}
        if self._client.offers(CHANGES_TOOL):
            answer = self._read(CHANGES_TOOL, given)
            events = remark_json.history_of(task_json.about(task_id, answer, "task_id"))
        elif self._client.offers(HISTORY_TOOL):
            events = public_history.events_of(task_id, self._read(HISTORY_TOOL, given))
        else:
            return None
        if not events:
            # Of a task that was never there as well; who asks for it is told so.
            self.get(task_id)
        return events

    def close(self) -> None:
        """Idempotent."""
        self._client.close()

    def _check_newer(self, arguments: Mapping[str, object]) -> None:
        """Raises ServerRefused for what an older server would ignore in silence."""
        said = [words for name, words in _NEWER_ARGUMENTS.items() if name in arguments]
        if said and not self._client.offers(one_task.NEWER_TOOL, anew=True):
            raise ServerRefused(
                f"the task server is an older one and knows no {said[0]}; nothing was written",
                hint="leave that out, assign the task to an agent, or use a newer task server",
            )

    def _read(self, tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        return self._client.call(tool, arguments, "read")

    def _written(
        self,
        tool: str,
        arguments: Arguments,
        effect: Effect,
        *,
        about: TaskId | None = None,
        draft: TaskDraft | None = None,
    ) -> Task:
        """``about`` is the task that it changes, ``draft`` the new one that it makes; one is given."""
        try:
            answer = self._client.call(tool, arguments, effect)
        except faults.UnknownTool as error:
            message = f"the task server cannot do that: {error.message}"
            raise ServerRefused(message, hint="it needs a newer task server") from error
        if draft is not None:
            return faults.after_write(lambda: _drafted(draft, task_json.task_of(answer)))
        return faults.after_write(
            lambda: task_json.task_of(answer if about is None else task_json.about(about, answer))
        )


def _drafted(draft: TaskDraft, task: Task) -> Task:
    """The new task, unless the answer tells of one that nobody has asked for: it may be a stranger's. Raises
    ServerUnavailable."""
    # One that was there has the tags by which it is made once; whose it is, and its other tags, may differ.
    marks = draft.once_by or draft.tags
    is_ours = (
        _letters(task.title) == _letters(draft.title)
        and (bool(draft.once_by) or task.created_by in (None, draft.created_by.strip()))
        and {_letters(tag) for tag in marks} <= {_letters(tag) for tag in task.tags}
    )
    if not is_ours:
        said = f"task {task.id}, {faults.excerpt(task.title, 60)!r}"
        message = f"the task server was asked to make a task and answered about another one: {said}"
        raise ServerUnavailable(message, hint="is there a proxy between, that mixes up answers?")
    return task


def _letters(text: str) -> str:
    """Blanks and odd characters apart, which servers trim and mend each in their way."""
    return "".join(letter for letter in text if letter.isalnum())


_NEWER_ARGUMENTS: Final = {
    "queue_name": "queues",
    "parent_task_id": "subtasks",
    "blocked_by_task_id": "tasks that wait for others",
}


def _given(fields: Arguments) -> Arguments:
    """Unset arguments are omitted, never sent as null (tinytask 3)."""
    return {name: value for name, value in fields.items() if value is not None}


def _id(task_id: TaskId | None) -> int | str | None:
    return task_json.id_argument(task_id) if task_id else None


def _number(priority: float | None) -> float | None:
    """Whole ones without a fraction: older servers take nothing else."""
    return int(priority) if priority is not None and priority == int(priority) else priority
