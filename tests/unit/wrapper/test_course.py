"""When what is due in a run, and in which order it is looked for; by a wrapper whose world is a script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from tests.builders import a_process
from tests.unit.wrapper.orders import an_order
from tinyscheduler.model.lease import ProcessRef
from tinyscheduler.model.order import Limits
from tinyscheduler.wrapper.course import LOOK_PAUSE_S_MAX, LOOK_PAUSE_S_MIN, VERIFY_S, Course
from tinyscheduler.wrapper.outcomes import Cause
from tinyscheduler.wrapper.states import Action

LIMITS = Limits(
    hard_s=100, soft_s=60, grace_s=5, stall_s=None, output_max_bytes=1, output_files=1, stall_pause_s=1
)
BEAT_S = 15
STOP = Cause("cancelled", "stopped by bob")


class Seen:
    """``course.Sight`` of a run that does nothing until a test says so."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        order = an_order()._replace(limits=limits, heartbeat_s=BEAT_S)
        self.at_s, self.heard_s = 0.0, 0.0
        self.cause: Cause | None = None
        self.left: Sequence[ProcessRef] = (a_process(),)
        self.is_over = self.is_told = False
        self.has_lease = True
        self.beaten_at_s: list[float] = []
        self.said: list[str] = []
        self.course = Course(order, 0.0)

    def now_s(self) -> float:
        return self.at_s

    def quiet_s(self) -> float:
        return self.at_s - self.heard_s

    def has_agent_ended(self) -> bool:
        return self.is_over

    def is_asked(self) -> bool:
        return self.is_told

    def outside_cause(self) -> Cause | None:
        return self.cause

    def beat(self) -> bool:
        self.beaten_at_s.append(self.at_s)
        return self.has_lease

    def note_silence(self) -> bool:
        return True

    def survivors(self) -> Sequence[ProcessRef]:
        return self.left

    def say(self, text: str) -> None:
        self.said.append(text)

    def wake(self, at_s: float) -> list[Action]:
        """What is done at that moment."""
        self.at_s = at_s
        done = [self.course.take(event, at_s) for event in self.course.events(self)]
        return [action for action in done if action != "nothing"]

    def due_s(self) -> float:
        return self.course.next_due_s(self.at_s, quiet_s=self.quiet_s())


def test_a_quiet_run_is_woken_for_its_beats_and_for_nothing_else() -> None:
    seen = Seen()
    while seen.at_s < 45:
        assert seen.wake(seen.due_s()) == []

    assert seen.beaten_at_s == [15, 30, 45]


def test_the_soft_limit_warns_once_and_the_hard_limit_ends() -> None:
    seen = Seen()

    assert seen.wake(60) == ["warn"]
    assert seen.wake(99) == []
    assert seen.wake(100) == ["terminate"]
    assert (seen.course.limit, seen.course.cause) == ("hard", None)


def test_a_stop_is_looked_for_with_each_beat_and_at_once_when_a_signal_has_come() -> None:
    seen = Seen()
    seen.cause = STOP

    assert seen.wake(14) == []
    seen.is_told = True
    assert seen.wake(14) == ["terminate"]
    assert seen.course.cause == STOP
    assert seen.said == ["stopping: cancelled, stopped by bob"]


def test_who_does_not_go_is_killed_after_the_grace_and_looked_at_ever_less_often() -> None:
    seen = Seen()
    seen.cause, seen.is_told = STOP, True
    seen.wake(1)
    pauses = []
    while seen.course.state == "ending":
        before_s = seen.at_s
        seen.wake(seen.due_s())
        pauses.append(seen.at_s - before_s)

    assert seen.at_s == 1 + LIMITS.grace_s
    assert math.isclose(max(pauses), LOOK_PAUSE_S_MAX)
    assert seen.course.state == "killing"
    assert math.isclose(seen.due_s() - seen.at_s, LOOK_PAUSE_S_MIN, rel_tol=1e-6)


def test_the_lease_is_beaten_until_the_tree_is_proven_gone_however_long_that_takes() -> None:
    """Law 1: until then slot and task stay held."""
    seen = Seen()
    seen.cause, seen.is_told = STOP, True
    while seen.at_s < 200:
        seen.wake(seen.due_s())
    stubborn = [text for text in seen.said if "SIGKILL did not end" in text]
    seen.left, seen.is_over = (), True
    seen.wake(seen.due_s())
    seen.wake(seen.due_s())

    assert seen.course.state == "gone"
    assert {later - earlier for earlier, later in pairwise(seen.beaten_at_s)} == {BEAT_S}
    assert 0 < len(stubborn) <= (200 - VERIFY_S) / BEAT_S + 1, "told with each beat, not with each look"


def test_an_empty_tree_is_not_enough_while_the_agent_has_not_ended() -> None:
    seen = Seen()
    seen.cause, seen.is_told, seen.left = STOP, True, ()

    seen.wake(1)
    seen.wake(2)

    assert seen.course.state == "ending"


def test_a_lost_lease_ends_the_agent_without_grace_and_is_never_beaten_again() -> None:
    seen = Seen()
    seen.has_lease = False

    assert seen.wake(15) == ["kill"]
    seen.wake(40)

    assert seen.course.is_lease_lost
    assert seen.beaten_at_s == [15]


def test_a_silence_that_reaches_its_limit_ends_the_agent() -> None:
    seen = Seen(LIMITS._replace(stall_s=10))

    assert seen.wake(11.9) == []
    assert seen.wake(12) == ["terminate"]
    assert seen.course.limit == "stall"
