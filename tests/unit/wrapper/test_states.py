"""The life of a run as a table."""

from itertools import product
from typing import get_args

import pytest

from tinyscheduler.wrapper.states import STEPS, Event, State, Step, step


def test_every_state_knows_every_event() -> None:
    """A pair that is missing would end the wrapper while its agent runs on."""
    assert set(STEPS) == set(product(get_args(State), get_args(Event)))


def test_a_run_that_ends_by_itself_is_swept_before_it_is_gone() -> None:
    """What the agent left behind is part of the run (features B8)."""
    swept = step("running", "agent_ended")

    assert swept == Step("ending", "terminate")
    assert step("ending", "emptied") == Step("gone")


def test_only_an_empty_tree_leads_to_gone() -> None:
    """Law 1: a slot is free when nothing is left, not when everything was tried."""
    ways = {event for (state, event), following in STEPS.items() if following.state == "gone" != state}

    assert ways == {"emptied"}


def test_gone_is_final() -> None:
    for event in get_args(Event):
        assert step("gone", event) == Step("gone")


def test_a_lost_lease_leaves_no_grace() -> None:
    """Another wrapper may be starting the same task at this moment."""
    for state in ("running", "warned", "ending"):
        assert step(state, "lease_lost") == Step("killing", "kill")


def test_survivors_are_killed_at_every_look() -> None:
    assert step("killing", "survived") == Step("killing", "kill")


@pytest.mark.parametrize("event", ["soft_limit", "stop", "agent_ended"])
def test_a_grace_that_runs_is_neither_shortened_nor_begun_again(event: Event) -> None:
    assert step("ending", event) == Step("ending")


def test_the_soft_limit_asks_once() -> None:
    assert step("running", "soft_limit") == Step("warned", "warn")
    assert step("warned", "soft_limit") == Step("warned")
