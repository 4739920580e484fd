"""What a server does otherwise than the newest one, as far as lists of tasks are concerned.

Apart from ``fetch`` because it outlives a question: some of it is remembered for the passes that follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from tinyscheduler.adapters.mcp import faults, wire
from tinyscheduler.errors import ServerRefused

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
