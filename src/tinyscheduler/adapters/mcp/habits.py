"""What servers do otherwise than most, as far as lists of tasks are concerned.

Apart from ``fetch`` because it outlives a question: some of it is remembered for the passes that follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from tinyscheduler.adapters.mcp import faults, wire
from tinyscheduler.errors import ServerRefused

if TYPE_CHECKING:
    from tinyscheduler.adapters.mcp.manners import Manners

Read = Callable[[str, Mapping[str, wire.Argument]], object]


class Habits(Protocol):
    """What is known of the server besides its answers."""

    @property
    def takes_status_lists(self) -> bool | None:
        """None: not known yet."""

    def learn_status_lists(self, takes: bool) -> None:
        """For the passes that follow."""

    def has_queues(self) -> bool:
        """By its list of tools. Raises TaskServerError."""


class NoHabits:
    """Nothing is known, and nothing remembered."""

    takes_status_lists = None

    def learn_status_lists(self, takes: bool) -> None:
        """See ``Habits``."""

    def has_queues(self) -> bool:
        """Those that say otherwise are odd ones."""
        return True


UNKNOWN: Final = NoHabits()


class OneStatusAtMost:
    """Asks again for idle tasks alone where a list of statuses is refused, as older servers do. Once a
    list was taken, a refusal is about something else."""

    def __init__(self, read: Read, habits: Habits) -> None:
        self._read = read
        self._habits = habits
        self._takes_lists = habits.takes_status_lists

    def __call__(self, tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        """As ``Read``. Raises TaskServerError."""
        if self._takes_lists is False:
            return self._read(tool, {**arguments, "status": "idle"})
        try:
            answer = self._read(tool, arguments)
        except faults.UnknownTool:
            raise
        except ServerRefused:
            if self._takes_lists:
                raise
            answer = self._read(tool, {**arguments, "status": "idle"})
            self._takes_lists = False
            self._habits.learn_status_lists(False)
            return answer
        self._takes_lists = True
        return answer


class WithDescriptions:
    """Asks a server for the descriptions that its lists leave out: tinytask does so from 2.1 on. What a task
    says there may ask for an approval; one that is not shown must not be taken for one that is empty."""

    def __init__(self, read: Read, manners: Manners) -> None:
        self._read = read
        self._manners = manners

    def __call__(self, tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        """As ``Read``. Raises TaskServerError."""
        if tool != "list_tasks":
            return self._read(tool, arguments)
        whole = {**arguments, "include_description": True}
        if self._manners.manner.leaves_out_descriptions:
            try:
                return self._read(tool, whole)
            except faults.UnknownTool:
                raise
            except ServerRefused:
                # Exchanged for an older one, which refuses what it does not know; or it is about the rest.
                answer = self._read(tool, arguments)
                self._learn(leaves_out=False)
                return answer
        answer = self._read(tool, arguments)
        if not _leaves_out_descriptions(answer):
            return answer
        try:
            answer = self._read(tool, whole)
        except ServerRefused:
            # Nobody can tell; whoever takes a task looks at the whole of it before.
            return answer
        self._learn(leaves_out=True)
        return answer

    def _learn(self, *, leaves_out: bool) -> None:
        self._manners.learn(self._manners.manner._replace(leaves_out_descriptions=leaves_out))


def _leaves_out_descriptions(answer: object) -> bool:
    """It has tasks, and none of them has the field, not even as null."""
    found = answer.get("tasks") if isinstance(answer, dict) else answer
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return bool(rows) and not any("description" in row for row in rows)
