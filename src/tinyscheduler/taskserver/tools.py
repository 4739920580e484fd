"""The tools, by name, and the one way to call them."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from tinyscheduler.errors import ServerUnavailable, TinySchedulerError
from tinyscheduler.taskserver import arguments
from tinyscheduler.taskserver.queue_tools import QUEUE_TOOLS
from tinyscheduler.taskserver.remark_tools import REMARK_TOOLS
from tinyscheduler.taskserver.task_tools import TASK_TOOLS
from tinyscheduler.taskserver.tool import Tool
from tinyscheduler.taskstore.store import Store

TOOLS: Final[Mapping[str, Tool]] = {tool.name: tool for tool in (*TASK_TOOLS, *QUEUE_TOOLS, *REMARK_TOOLS)}
"""By name, in the order in which clients are told about them."""


class Refusal(NamedTuple):
    """Why a call failed, for programs; people read the sentence."""

    code: str
    """In kebab case; the words are listed in docs/task-server.md and never change."""
    is_worth_repeating: bool = False
    maybe_applied: bool = False
    """The change may have been made all the same."""


class Answer(NamedTuple):
    """What a client gets."""

    text: str
    refusal: Refusal | None = None
    """None: it was done."""

    @property
    def structured(self) -> dict[str, object] | None:
        """Of a refusal, what goes beside the sentence; clients that do not know of it see no difference."""
        if self.refusal is None:
            return None
        code, retry, maybe_applied = self.refusal
        found = {"code": code, "message": self.text, "retry": retry, "maybe_applied": maybe_applied}
        return {"error": found}


def answer(store: Store, name: str, given: Mapping[str, object]) -> Answer:
    """Call a tool. Never raises: whatever goes wrong is a sentence for the client.

    The sentences begin as those of the public server, because that is how its clients tell them apart.
    """
    tool = TOOLS.get(name)
    if tool is None:
        return Answer(f"Unknown tool: {arguments.clean(name)}", Refusal("unknown-tool"))
    return guarded(
        name, lambda: tool.call(store, arguments.read(tool.arguments, given, is_strict=tool.is_strict))
    )


def guarded(name: str, act: Callable[[], str]) -> Answer:
    """What ``act`` says, or why it could not. Never raises."""
    try:
        return Answer(act())
    except arguments.BadArguments as bad:
        return Answer(f"Error calling tool {name}: {bad.text}", Refusal("bad-arguments"))
    except ServerUnavailable as error:
        doubt = "; the change may have been made" if error.maybe_applied else ""
        refused = Refusal(error.reference, is_worth_repeating=True, maybe_applied=error.maybe_applied)
        return Answer(f"Error calling tool {name}: {error.message}{doubt}", refused)
    except TinySchedulerError as error:
        return Answer(error.message, Refusal(error.reference))
    except Exception as error:  # the edge of the process: a bug must not end it, nor show itself to clients
        return unexpected(name, error)


def unexpected(name: str, error: Exception, *, maybe_applied: bool = False) -> Answer:
    """A bug: where it happened goes into the log, but not the message, which may quote a task."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    logging.getLogger(__name__).error(
        "tool_failed tool=%s error=%s file=%s line=%s",
        name,
        type(error).__name__,
        frame.filename,
        frame.lineno,
    )
    refusal = Refusal("internal", maybe_applied=maybe_applied)
    return Answer(f"Error calling tool {name}: internal error of the server", refusal)
