"""What a tool is, and the arguments that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from tinyscheduler.taskserver import arguments
from tinyscheduler.taskserver.arguments import (
    FLAG,
    NUMBER,
    STATUS,
    STATUS_OR_MORE,
    TEXT,
    TEXTS,
    WHOLE,
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


TASK: Final = Argument("task_id", WHOLE, is_required=True)
ID: Final = Argument("id", WHOLE, is_required=True, meaning="The task's id")
QUEUE: Final = Argument("queue_name", TEXT, is_required=True)
AGENT: Final = Argument("agent_name", TEXT, is_required=True)
ABOUT: Final = (
    Argument("description", TEXT),
    Argument("assigned_to", TEXT, meaning="An agent's name; empty for nobody"),
    Argument("priority", NUMBER, meaning="Bigger is more urgent; 0 if not given"),
    Argument("tags", TEXTS),
)
NEW: Final = (
    Argument("title", TEXT, is_required=True),
    Argument("created_by", TEXT, is_required=True, meaning="Who wants it: an agent's or a person's name"),
    *ABOUT,
    Argument(
        "once_by",
        TEXTS,
        meaning="Some of its tags: a task of this title that has them all is the answer, and none is made",
    ),
)
PAGE: Final = (
    Argument("limit", WHOLE, meaning="0 or not given: as many as one answer holds"),
    Argument("offset", WHOLE),
)
FILTERS: Final = (
    Argument("assigned_to", TEXT, meaning="An agent's name; empty for nobody"),
    Argument("status", STATUS_OR_MORE, meaning="One status or a list"),
    Argument("exclude_status", STATUS_OR_MORE),
    Argument("include_archived", FLAG),
    *PAGE,
    Argument("parent_task_id", WHOLE),
    Argument("exclude_subtasks", FLAG),
)
EXPECTED: Final = (
    Argument("expected_status", STATUS, meaning="Change nothing if it has another status"),
    Argument(
        "expected_assigned_to", TEXT, meaning="Change nothing if somebody else has it; empty for nobody"
    ),
)
"""What the public server has not: a change that is tied to what the caller has last seen."""
CHANGED_BY: Final = Argument("changed_by", TEXT, meaning="Who changes it, for its history")
"""On every tool that changes something and names nobody, for the same reason."""
