"""When a run is ended."""

import math

import pytest

from tinyscheduler.model.order import Limits
from tinyscheduler.model.policy import Policy
from tinyscheduler.wrapper.limits import (
    Ages,
    LimitName,
    describe,
    next_in_s,
    notices_due,
    reached,
    stall_end_s,
)

LIMITS = Limits(
    hard_s=100, soft_s=60, grace_s=5, stall_s=10, output_max_bytes=1, output_files=1, stall_pause_s=10
)
"""Silence: noticed after 10 s and 20 s, ended after 30 s."""


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        (Ages(run_s=59.9, quiet_s=29.9, is_warned=False), None),
        (Ages(run_s=60.0, quiet_s=0.0, is_warned=False), "soft"),
        (Ages(run_s=60.0, quiet_s=0.0, is_warned=True), None),
        (Ages(run_s=60.0, quiet_s=30.0, is_warned=False), "stall"),
        (Ages(run_s=100.0, quiet_s=30.0, is_warned=True), "hard"),
    ],
)
def test_the_gravest_limit_counts_and_the_soft_one_only_once(ages: Ages, expected: LimitName) -> None:
    assert reached(LIMITS, ages) == expected


def test_limits_that_are_off_are_never_reached() -> None:
    limits = LIMITS._replace(soft_s=None, stall_s=None)

    assert reached(limits, Ages(run_s=99.0, quiet_s=99.0, is_warned=False)) is None
    assert next_in_s(limits, Ages(run_s=99.0, quiet_s=99.0, is_warned=False)) == 1.0


@pytest.mark.parametrize("run_s", [0.0, 12.5, 59.0, 61.0, 99.5])
@pytest.mark.parametrize("is_warned", [False, True])
def test_no_limit_is_slept_through(run_s: float, is_warned: bool) -> None:
    """A wrapper that sleeps as long as it is told wakes when a limit has been reached."""
    ages = Ages(run_s, quiet_s=0.0, is_warned=is_warned)

    wait_s = next_in_s(LIMITS, ages)
    later = Ages(run_s + wait_s, quiet_s=wait_s, is_warned=is_warned)

    assert 0 <= wait_s < math.inf
    assert reached(LIMITS, later) is not None or notices_due(LIMITS, later.quiet_s) == 1


@pytest.mark.parametrize(
    ("quiet_s", "notices", "next_s"),
    [(0.0, 0, 10.0), (9.0, 0, 1.0), (10.0, 1, 10.0), (19.5, 1, 0.5), (20.0, 2, 10.0), (29.0, 2, 1.0)],
)
def test_a_silence_is_noticed_twice_before_it_is_ended(quiet_s: float, notices: int, next_s: float) -> None:
    ages = Ages(run_s=0.0, quiet_s=quiet_s, is_warned=True)

    assert notices_due(LIMITS, quiet_s) == notices
    assert next_in_s(LIMITS, ages) == next_s
    assert reached(LIMITS, ages) is None


def test_the_default_is_notices_after_15_and_20_minutes_and_the_end_after_25() -> None:
    policy = Policy()
    limits = LIMITS._replace(stall_s=policy.stall_s, stall_pause_s=policy.stall_pause_s)

    assert [notices_due(limits, minutes * 60) for minutes in (5, 14, 15, 19, 20, 24)] == [0, 0, 1, 1, 2, 2]
    assert stall_end_s(limits) == 25 * 60


def test_every_limit_has_words() -> None:
    assert "100 s" in describe("hard", LIMITS)
    assert "60 s" in describe("soft", LIMITS)
    assert "30 s" in describe("stall", LIMITS)
