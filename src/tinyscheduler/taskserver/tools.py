"""The tools: one table of names, arguments and deeds, and the one way to call them."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from tinyscheduler.errors import ServerUnavailable, TinySchedulerError
from tinyscheduler.taskserver import arguments, calls
from tinyscheduler.taskserver.arguments import (
    FLAG,
    NUMBER,
    STATUS,
    STATUS_OR_MORE,
    TEXT,
    TEXTS,
    WHOLE,
    WHOLE_OR_NULL,
    Argument,
    Given,
)
from tinyscheduler.taskstore.store import Store


class Tool(NamedTuple):
    """One tool."""

    name: str
    purpose: str
    arguments: tuple[Argument, ...]
    call: Callable[[Store, Given], str]
    is_strict: bool = True
    """Refuses names it does not know; comment and link tools of the public server do not."""

    def schema(self) -> dict[str, object]:
        """Its arguments, for clients."""
        return arguments.schema(self.arguments, is_strict=self.is_strict)


class Answer(NamedTuple):
    """What a client gets."""

    text: str
    is_error: bool = False


def answer(store: Store, name: str, given: Mapping[str, object]) -> Answer:
    """Call a tool. Never raises: whatever goes wrong is a sentence for the client.

    The sentences begin as those of the public server, because that is how its clients tell them apart.
    """
    tool = TOOLS.get(name)
    if tool is None:
        return Answer(f"Unknown tool: {name}", is_error=True)
    try:
        return Answer(tool.call(store, arguments.read(tool.arguments, given, is_strict=tool.is_strict)))
    except arguments.ArgumentsRefused as refusal:
        return Answer(f"Error calling tool {name}: {refusal.text}", is_error=True)
    except ServerUnavailable as error:
        doubt = "; the change may have been made" if error.maybe_applied else ""
        return Answer(f"Error calling tool {name}: {error.message}{doubt}", is_error=True)
    except TinySchedulerError as error:
        return Answer(error.message, is_error=True)
    except Exception as error:  # the edge of the process: a bug must not end it, nor show itself to clients
        _report(name, error)
        return Answer(f"Error calling tool {name}: internal error of the server", is_error=True)


def _report(name: str, error: Exception) -> None:
    """Where it happened, but not the message, which may quote a task."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    logging.getLogger(__name__).error(
        "tool_failed tool=%s error=%s file=%s line=%s",
        name,
        type(error).__name__,
        frame.filename,
        frame.lineno,
    )


_TASK: Final = Argument("task_id", WHOLE, is_required=True)
_ID: Final = Argument("id", WHOLE, is_required=True, meaning="The task's id")
_QUEUE: Final = Argument("queue_name", TEXT, is_required=True)
_AGENT: Final = Argument("agent_name", TEXT, is_required=True)
_AUTHOR: Final = Argument("created_by", TEXT, meaning="Who says so: an agent's name")
_ABOUT: Final = (
    Argument("description", TEXT),
    Argument("assigned_to", TEXT, meaning="An agent's name; empty for nobody"),
    Argument("priority", NUMBER, meaning="Bigger is more urgent; 0 if not given"),
    Argument("tags", TEXTS),
)
_NEW: Final = (
    Argument("title", TEXT, is_required=True),
    Argument("created_by", TEXT, is_required=True, meaning="Who wants it: an agent's or a person's name"),
    *_ABOUT,
)
_BLOCKER_MEANING: Final = "The task that has to be complete first"
_FILTERS: Final = (
    Argument("assigned_to", TEXT),
    Argument("status", STATUS_OR_MORE, meaning="One status or a list"),
    Argument("exclude_status", STATUS_OR_MORE),
    Argument("include_archived", FLAG),
    Argument("limit", WHOLE, meaning="0 or not given: all"),
    Argument("offset", WHOLE),
    Argument("parent_task_id", WHOLE),
    Argument("exclude_subtasks", FLAG),
)

_LIST: Final = (
    Tool(
        "create_task",
        "Create a task; it begins idle",
        (
            *_NEW,
            Argument("parent_task_id", WHOLE),
            Argument("queue_name", TEXT, meaning="Stage of work; a subtask has its parent's if not given"),
            Argument("blocked_by_task_id", WHOLE, meaning=_BLOCKER_MEANING),
        ),
        calls.create_task,
    ),
    Tool(
        "update_task",
        "Change the given fields of a task",
        (
            _ID,
            Argument("title", TEXT),
            Argument("status", STATUS),
            *_ABOUT,
            Argument("parent_task_id", WHOLE),
            Argument("queue_name", TEXT),
            Argument("blocked_by_task_id", WHOLE_OR_NULL, meaning=_BLOCKER_MEANING + "; null for none"),
        ),
        calls.update_task,
    ),
    Tool("get_task", "A task with its comments and links", (_ID,), calls.get_task),
    Tool(
        "list_tasks",
        "Tasks that match, most urgent first, then oldest",
        (Argument("queue_name", TEXT), *_FILTERS),
        calls.list_tasks,
    ),
    Tool("get_my_queue", "Idle and working tasks assigned to an agent", (_AGENT,), calls.get_my_queue),
    Tool(
        "signup_for_task",
        "Claim the most urgent idle task assigned to an agent and set it working; blocked ones are not given",
        (_AGENT,),
        calls.signup_for_task,
    ),
    Tool(
        "move_task",
        "Hand a task to another agent, idle and with a comment, only if the current agent still has it",
        (
            _TASK,
            Argument("current_agent", TEXT, is_required=True),
            Argument("new_agent", TEXT, is_required=True, meaning="Empty for nobody"),
            Argument("comment", TEXT, is_required=True, meaning="What was done and what is to do"),
        ),
        calls.move_task,
    ),
    Tool("archive_task", "Take a task out of all lists, for good", (_ID,), calls.archive_task),
    Tool(
        "create_subtask",
        "Create a task below another one",
        (
            Argument("parent_task_id", WHOLE, is_required=True),
            *_NEW,
            Argument("queue_name", TEXT, meaning="The parent's if not given"),
        ),
        calls.create_task,
    ),
    Tool(
        "get_subtasks",
        "Tasks below another one, as one flat list",
        (
            Argument("parent_task_id", WHOLE, is_required=True),
            Argument("recursive", FLAG),
            Argument("include_archived", FLAG),
        ),
        calls.get_subtasks,
    ),
    Tool("list_queues", "Names of all queues in use", (), calls.list_queues),
    Tool(
        "get_queue_stats", "How many tasks of a queue are in which status", (_QUEUE,), calls.get_queue_stats
    ),
    Tool(
        "get_queue_tasks",
        "Tasks of a queue that match, most urgent first, then oldest",
        (_QUEUE, *_FILTERS),
        calls.get_queue_tasks,
    ),
    Tool("add_task_to_queue", "Put a task into a queue", (_TASK, _QUEUE), calls.add_task_to_queue),
    Tool(
        "move_task_to_queue",
        "Put a task into another queue",
        (_TASK, Argument("new_queue_name", TEXT, is_required=True)),
        calls.move_task_to_queue,
    ),
    Tool("remove_task_from_queue", "Take a task out of its queue", (_TASK,), calls.remove_task_from_queue),
    Tool(
        "add_comment",
        "Say something about a task",
        (_TASK, Argument("content", TEXT, is_required=True), _AUTHOR),
        calls.add_comment,
        is_strict=False,
    ),
    Tool("list_comments", "Comments of a task, oldest first", (_TASK,), calls.list_comments, is_strict=False),
    Tool(
        "add_link",
        "Point from a task to a file, a page or another task",
        (_TASK, Argument("url", TEXT, is_required=True), Argument("description", TEXT), _AUTHOR),
        calls.add_link,
        is_strict=False,
    ),
    Tool("list_links", "Links of a task, oldest first", (_TASK,), calls.list_links, is_strict=False),
)

TOOLS: Final[Mapping[str, Tool]] = {tool.name: tool for tool in _LIST}
"""By name, in the order in which clients are told about them."""
