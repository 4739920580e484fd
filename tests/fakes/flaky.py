"""A line to the task server that fails at one call, in one of the ways lines fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tests.fakes.task_server import FakeTaskServer
from tinyscheduler.errors import ServerRefused, ServerUnavailable
from tinyscheduler.ports import TaskServer

Way = Literal["not_sent", "not_applied", "applied", "late", "refused"]
"""not_sent: known not to have arrived. not_applied and applied: it may have, nobody says. late: as
not_applied, but the server does it at ``land``. refused: the server says no for good."""

WRITES = ("update", "move", "comment", "add")


class FlakyLine:
    """Fails the ``at``-th write (or reading call, with ``reads``) in this way; the rest goes through.

    ``before`` runs right before each write, with its number: a human who is quicker by a moment.
    """

    def __init__(
        self,
        server: FakeTaskServer,
        *,
        at: int = 0,
        way: Way = "not_applied",
        before: Callable[[int], None] | None = None,
        only_claims_are_late: bool = False,
    ) -> None:
        self._server = server
        self._only_claims_are_late = only_claims_are_late
        self._at = at
        self._way = way
        self._before = before
        self._late: list[Callable[[], object]] = []
        self.writes = 0
        self.has_failed = False

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._server, name)
        if name not in WRITES:
            return found
        assert callable(found)
        return self._failing(found)

    def land(self) -> None:
        """What was on its way arrives."""
        for act in self._late:
            act()
        self._late.clear()

    def _failing(self, act: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            self.writes += 1
            if self._before is not None:
                self._before(self.writes)
            if self.writes != self._at:
                return act(*args, **kwargs)
            is_late = not self._only_claims_are_late or _is_of_a_claim(kwargs)
            return self._fail(lambda: act(*args, **kwargs), is_late=is_late)

        return call

    def _fail(self, act: Callable[[], object], *, is_late: bool) -> object:
        self.has_failed = True
        if self._way == "refused":
            raise ServerRefused("the server refuses this")
        if self._way == "not_sent":
            raise ServerUnavailable("no connection")
        if self._way == "applied" or (self._way == "late" and not is_late):
            act()
        if self._way == "late" and is_late:
            self._late.append(act)
        raise ServerUnavailable("no answer", maybe_applied=True)


def _is_of_a_claim(kwargs: dict[str, object]) -> bool:
    """It takes a task, and does not give it back."""
    is_move = "starts on it" in str(kwargs.get("comment", ""))
    return is_move or kwargs.get("status") == "working" or bool(kwargs.get("assigned_to"))


def line_to(
    server: FakeTaskServer,
    *,
    at: int = 0,
    way: Way = "not_applied",
    before: Callable[[int], None] | None = None,
    only_claims_are_late: bool = False,
) -> tuple[TaskServer, FlakyLine]:
    """The same object twice: as the port, and as what it is."""
    line = FlakyLine(server, at=at, way=way, before=before, only_claims_are_late=only_claims_are_late)
    return line, line  # type: ignore[return-value]
