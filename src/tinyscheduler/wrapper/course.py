"""The course of one run, and what happens on it: when what is due, and in which order it is looked for.

Pure: clocks, signals and files are behind ``Sight``. So the rules that keep a lease beaten until a tree is
proven gone are the same for ``watch``, which sleeps in ``poll``, and for the simulation, which has turns.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tinyscheduler.wrapper import limits
from tinyscheduler.wrapper.states import Action, Event, State, step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Protocol

    from tinyscheduler.model.lease import ProcessRef
    from tinyscheduler.model.order import Order
    from tinyscheduler.wrapper.outcomes import Cause

    class Sight(Protocol):
        """What a wrapper sees and says; each is asked only when it is due."""

        def now_s(self) -> float:
            """CLOCK_MONOTONIC."""

        def quiet_s(self) -> float:
            """How long nothing was heard of the agent."""

        def has_agent_ended(self) -> bool:
            """The agent itself, whatever it has left."""

        def is_asked(self) -> bool:
            """Somebody has sent this process a signal to end."""

        def outside_cause(self) -> Cause | None:
            """Stop file, ESTOP, signal."""

        def beat(self) -> bool:
            """Say in the lease that the wrapper lives. False: the lease is lost."""

        def note_silence(self) -> bool:
            """Tell of a silence in the lease, if it has come so far. False: the lease is lost."""

        def survivors(self) -> Sequence[ProcessRef]:
            """Who is left of the tree."""

        def say(self, text: str) -> None:
            """Into the wrapper's log."""


LOOK_PAUSE_S_MIN = 0.01
LOOK_PAUSE_S_MAX = 0.25
"""Between looks at a tree that is being ended: quick for the many, cheap for the stubborn."""
VERIFY_S = 5.0
"""KILL needs milliseconds; who lives after this hangs in the kernel or is not ours to kill."""


class Course:
    """Where a run stands. Begins with its agent; over when its state is ``gone``."""

    def __init__(self, order: Order, now_s: float) -> None:
        self._order = order
        self.state: State = "running"
        self.cause: Cause | None = None
        """Why it was stopped from outside."""
        self.limit: limits.LimitName | None = None
        self.is_lease_lost = False
        """Then nothing more may be written."""
        self.is_agent_over = False
        self._started_s = now_s
        self._beat_due_s = now_s + order.heartbeat_s
        self._grace_over_s = self._killing_since_s = self._look_due_s = math.inf
        self._look_pause_s = LOOK_PAUSE_S_MIN

    def next_due_s(self, now_s: float, *, quiet_s: float) -> float:
        """When something has to be looked for at the latest, if nothing wakes anybody before."""
        due = min(self._beat_due_s, self._look_due_s, self._grace_over_s)
        if not self._is_at_work():
            return due
        return min(due, now_s + limits.next_in_s(self._order.limits, self._ages(now_s, quiet_s)))

    def take(self, event: Event, now_s: float) -> Action:
        """What is to be done about it now."""
        following = step(self.state, event)
        self.state = following.state
        if event == "agent_ended":
            self._look_due_s = min(self._look_due_s, now_s)
        if following.action == "terminate":
            self._look_due_s = now_s
            self._grace_over_s = now_s + self._order.limits.grace_s
        elif following.action == "kill" and now_s < self._killing_since_s:
            self._killing_since_s = now_s
            self._grace_over_s = math.inf
            self._look_pause_s = LOOK_PAUSE_S_MIN
            self._look_due_s = now_s + self._look_pause_s
        return following.action

    def events(self, sight: Sight) -> Iterator[Event]:
        """Lazily: each is looked for in the state that the one before it led to."""
        if not self.is_agent_over and sight.has_agent_ended():
            self.is_agent_over = True
            yield "agent_ended"
        yield from self._outside_events(sight)
        if self._is_at_work():
            yield from self._limit_events(sight)
        if sight.now_s() >= self._grace_over_s:
            self._grace_over_s = math.inf
            yield "grace_over"
        if sight.now_s() >= self._look_due_s:
            yield self._look(sight)

    def lose_lease(self) -> Event:
        """It is gone, or another's."""
        self.is_lease_lost = True
        return "lease_lost"

    def _outside_events(self, sight: Sight) -> Iterator[Event]:
        is_beat_due = sight.now_s() >= self._beat_due_s
        if self.cause is None and (is_beat_due or sight.is_asked()):
            self.cause = sight.outside_cause()
            if self.cause is not None:
                sight.say(f"stopping: {self.cause.kind}, {self.cause.why}")
                yield "stop"
        if not is_beat_due:
            return
        self._beat_due_s = sight.now_s() + self._order.heartbeat_s
        if not self.is_lease_lost and not sight.beat():
            yield self.lose_lease()

    def _limit_events(self, sight: Sight) -> Iterator[Event]:
        if not self.is_lease_lost and not sight.note_silence():
            yield self.lose_lease()
        limit = limits.reached(self._order.limits, self._ages(sight.now_s(), sight.quiet_s()))
        if limit is not None:
            self.limit = limit
            sight.say(f"ending the agent: {limits.describe(limit, self._order.limits)}")
            yield "soft_limit" if limit == "soft" else "stop"

    def _look(self, sight: Sight) -> Event:
        survivors, now_s = sight.survivors(), sight.now_s()
        if not survivors and self.is_agent_over:
            self._look_due_s = math.inf
            return "emptied"
        self._look_due_s = now_s + self._look_pause_s
        self._look_pause_s = min(2 * self._look_pause_s, LOOK_PAUSE_S_MAX)
        if now_s - self._killing_since_s > VERIFY_S:
            self._look_due_s = now_s + self._order.heartbeat_s
            pids = ", ".join(str(process.pid) for process in survivors)
            sight.say(f"SIGKILL did not end {pids}; the task and its slot stay held")
        return "survived"

    def _is_at_work(self) -> bool:
        return self.state in ("running", "warned")

    def _ages(self, now_s: float, quiet_s: float) -> limits.Ages:
        return limits.Ages(now_s - self._started_s, quiet_s, self.state != "running")
