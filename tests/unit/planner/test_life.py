"""The table of a lease's life is whole, and says nothing that cannot be."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given

from tests.strategies import tend_snapshots
from tinyscheduler.model.lease import LeaseState
from tinyscheduler.model.snapshot import TendSnapshot
from tinyscheduler.planner.life import LIFE, PREDICATES, Entry, Event, decide

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
    assert entry.effect not in ("reclaim", "release") or state in ("starting", "running")


@given(tend_snapshots())
def test_what_decides_is_the_first_that_is_true_and_does_anything(snapshot: TendSnapshot) -> None:
    for facts in snapshot.leases:
        true = [event for event in EVENTS if PREDICATES[event](facts, snapshot)]
        entries = [(event, LIFE[event][facts.lease.state]) for event in true]
        event, entry = next(found for found in entries if found[1].effect != "pass_over")

        assert decide(facts, snapshot) == (entry.reason or event, entry)
