"""The table of a lease's life is whole, and says nothing that cannot be."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given

from tests.builders import a_lease, a_tend_snapshot, facts
from tests.strategies import tend_snapshots
from tinyscheduler.model.lease import LeaseState
from tinyscheduler.model.snapshot import TendSnapshot
from tinyscheduler.planner.life import LIFE, PREDICATES, Entry, Event, decide, stale_after_s

EVENTS: tuple[Event, ...] = get_args(Event)
STATES: tuple[LeaseState, ...] = get_args(LeaseState)
CELLS = [
    pytest.param(state, LIFE[event][state], id=f"{event}-{state}") for event in EVENTS for state in STATES
]


def test_every_event_stands_in_its_order_and_has_a_predicate() -> None:
    assert tuple(LIFE) == EVENTS
    assert tuple(PREDICATES) == EVENTS


def test_every_pair_is_listed() -> None:
    assert {event: tuple(row) for event, row in LIFE.items()} == dict.fromkeys(EVENTS, STATES)


def test_the_last_event_is_always_true_and_always_does_something() -> None:
    assert [entry.effect for entry in LIFE["nothing"].values()] == ["undo", "keep", "keep", "settle"]


@pytest.mark.parametrize(("state", "entry"), CELLS)
def test_an_effect_leads_where_it_can_lead(state: LeaseState, entry: Entry) -> None:
    """What ends a run makes it ``finished`` and knows as what; what takes a start back or settles a run
    leaves no lease."""
    leads_to = {
        "pass_over": None,
        "keep": None,
        "tell": None,
        "reclaim": "finished",
        "release": "finished",
        "revoke": "gone",
        "undo": "gone",
        "settle": "gone",
    }
    assert entry.next == leads_to[entry.effect]
    assert (entry.outcome is not None) == (entry.effect in ("reclaim", "release"))
    assert entry.effect != "settle" or state == "finished"
    assert entry.effect != "undo" or state == "claiming"
    assert entry.effect != "release" or state != "claiming"


@pytest.mark.parametrize("state", ["claiming", "finished"])
def test_where_nobody_can_be_at_work_those_are_ended_who_are_there_all_the_same(state: LeaseState) -> None:
    """Law 1 comes before what a lease says of itself."""
    assert {event for event in EVENTS if LIFE[event][state].effect == "reclaim"} == {"not_gone"}


@given(tend_snapshots())
def test_what_decides_is_the_first_that_is_true_and_does_anything(snapshot: TendSnapshot) -> None:
    for found in snapshot.leases:
        true = [event for event in EVENTS if PREDICATES[event](found, snapshot)]
        entries = [(event, LIFE[event][found.lease.state]) for event in true]
        event, entry = next(one for one in entries if one[1].effect != "pass_over")

        assert decide(found, snapshot) == (entry.reason or event, entry)


@pytest.mark.parametrize(("interval_s", "limit_s"), [(1, 45), (5, 45), (15, 45), (16, 48), (60, 180)])
def test_a_beat_exactly_at_the_limit_is_not_stale(interval_s: int, limit_s: int) -> None:
    """Three beats, but never less than 45 s (features B3)."""
    lease = a_lease(heartbeat_interval_s=interval_s)

    _, at_limit = decide(facts(lease, beat_age_s=limit_s), a_tend_snapshot())
    _, beyond = decide(facts(lease, beat_age_s=limit_s + 0.001), a_tend_snapshot())

    assert stale_after_s(interval_s) == limit_s
    assert at_limit.effect == "keep"
    assert beyond.effect == "reclaim"
