"""Which runs the server no longer wants, and since when (features B7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import MONOTONIC, NOW, SOURCE, a_lease, a_task
from tinyscheduler.model.ids import AgentName, LeaseId, QueueName
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.sightings import Moment, Sighting
from tinyscheduler.model.snapshot import Backlog
from tinyscheduler.model.task import Task
from tinyscheduler.planner.desired import ASKED_MAX, Drift, Verdict, drift_of, judge, odd_leases, to_ask

LEASE = LeaseId("lease-1")
GRACE_S = 120.0
HANDED = Drift("reassigned to bob on the server")
ENDED = Drift("archived on the server", is_final=True)


def at(seconds: float, *, wall_s: float | None = None, boot_id: str = "boot-1") -> Moment:
    """That long after NOW; ``wall_s`` where the wall clock says something else."""
    wall = NOW + timedelta(seconds=seconds if wall_s is None else wall_s)
    return Moment(wall, MONOTONIC + seconds, boot_id)


CLAIMED = a_task(assigned_to="dev-1", status="working")
"""The task of ``a_lease`` as its claim left it."""


# --- what drifts ---------------------------------------------------------------------------------------


def test_a_task_as_it_was_claimed_does_not_drift() -> None:
    assert drift_of(a_lease(), CLAIMED) is None
    assert drift_of(a_lease(), CLAIMED._replace(title="another", priority=9.0, tags=("new",))) is None


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (CLAIMED._replace(assigned_to=AgentName("bob")), "reassigned to bob"),
        (CLAIMED._replace(assigned_to=None), "reassigned to nobody"),
        (CLAIMED._replace(queue=QueueName("qa")), "moved to queue qa"),
        (CLAIMED._replace(queue=None), "moved to no queue"),
        (CLAIMED._replace(status="idle"), "set idle"),
        (CLAIMED._replace(status="complete"), "completed"),
        (
            CLAIMED._replace(assigned_to=AgentName("bob"), queue=QueueName("qa"), status="idle"),
            "reassigned to bob, moved to queue qa, set idle",
        ),
    ],
)
def test_a_change_of_assignee_queue_or_status_may_be_a_hand_over(task: Task, words: str) -> None:
    assert drift_of(a_lease(), task) == Drift(f"{words} on the server")


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (None, "deleted on the server"),
        (CLAIMED._replace(created_at=NOW), "deleted on the server"),
        (CLAIMED._replace(archived_at=NOW), "archived on the server"),
    ],
)
def test_a_task_that_is_gone_is_nobodys_hand_over(task: Task | None, words: str) -> None:
    """Another ``created_at`` is another task under the same id."""
    assert drift_of(a_lease(), task) == Drift(words, is_final=True)


def test_a_parents_status_is_its_childrens_and_nobodys_wish() -> None:
    """An agent that makes subtasks of its own task sets it idle by that."""
    idle = CLAIMED._replace(status="idle")

    assert drift_of(a_lease(), idle, is_open_parent=True) is None
    assert drift_of(a_lease(), idle._replace(queue=QueueName("qa")), is_open_parent=True) == Drift(
        "moved to queue qa on the server"
    )


# --- whose tasks are asked for ---------------------------------------------------------------------------


def test_a_run_that_the_lists_show_as_claimed_costs_no_call() -> None:
    assert odd_leases([a_lease()], Backlog((), working=(CLAIMED,)), SOURCE) == ()


@pytest.mark.parametrize(
    "backlog",
    [
        Backlog(()),
        Backlog((CLAIMED._replace(status="idle"),)),
        Backlog((), working=(CLAIMED._replace(assigned_to=AgentName("bob")),)),
        Backlog((), working=(CLAIMED._replace(created_at=NOW),)),
    ],
    ids=["not-shown", "idle", "reassigned", "another-task"],
)
def test_a_run_that_the_lists_show_otherwise_or_not_at_all_is_asked_for(backlog: Backlog) -> None:
    lease = a_lease()

    assert odd_leases([lease], backlog, SOURCE) == (lease,)


@pytest.mark.parametrize(
    "lease", [a_lease(state="claiming"), a_lease(state="finished"), a_lease()._replace(source="other:1")]
)
def test_what_does_not_run_or_is_of_another_server_is_not_asked_for(lease: Lease) -> None:
    assert odd_leases([lease], Backlog(()), SOURCE) == ()


def test_a_crew_beyond_the_limit_is_asked_for_in_turn_and_those_who_drift_always() -> None:
    crew = [a_lease(str(number)) for number in range(1, 121)]
    known = {LeaseId("lease-7")}

    rounds = [to_ask(crew, known, at(60 * minute)) for minute in range(4)]

    assert [len(asked) for asked in rounds] == [ASKED_MAX] * 4
    assert all(asked[0].task_id == "7" for asked in rounds)
    assert {lease.task_id for asked in rounds for lease in asked} == {lease.task_id for lease in crew}


# --- since when ------------------------------------------------------------------------------------------


def test_a_drift_is_remembered_from_its_first_sight() -> None:
    verdict = judge({LEASE: HANDED}, {}, at(0), grace_s=GRACE_S)

    assert verdict == Verdict({}, {LEASE: Sighting(at(0), HANDED.what)})


def test_a_run_is_unwanted_after_the_grace_and_not_before() -> None:
    before = {LEASE: Sighting(at(0), HANDED.what)}

    assert judge({LEASE: HANDED}, before, at(119), grace_s=GRACE_S).unwanted == {}
    assert judge({LEASE: HANDED}, before, at(120), grace_s=GRACE_S).unwanted == {
        LEASE: "reassigned to bob on the server since 12:00:00 UTC"
    }


def test_another_drift_does_not_start_the_clock_again() -> None:
    """A person who idles, moves and reassigns a task in an hour wants the run ended, not a new grace
    with each step."""
    before = {LEASE: Sighting(at(0), "set idle on the server")}

    verdict = judge({LEASE: HANDED}, before, at(60), grace_s=GRACE_S)

    assert verdict.drift == {LEASE: Sighting(at(0), HANDED.what)}


def test_a_drift_that_goes_away_is_forgotten() -> None:
    before = {LEASE: Sighting(at(0), HANDED.what)}

    assert judge({LEASE: None}, before, at(119), grace_s=GRACE_S) == Verdict({}, {})


def test_what_could_not_be_asked_stays_as_it_was() -> None:
    before = {LEASE: Sighting(at(0), HANDED.what)}

    assert judge({}, before, at(10_000), grace_s=GRACE_S) == Verdict({}, before)


def test_what_is_gone_for_good_is_unwanted_at_once() -> None:
    assert judge({LEASE: ENDED}, {}, at(0), grace_s=GRACE_S).unwanted == {LEASE: ENDED.what}


@pytest.mark.parametrize("wall_s", [-86_400, 86_400], ids=["back", "forward"])
def test_a_stepped_clock_neither_ends_a_grace_nor_stretches_it(wall_s: float) -> None:
    before = {LEASE: Sighting(at(0), HANDED.what)}

    assert judge({LEASE: HANDED}, before, at(60, wall_s=wall_s), grace_s=GRACE_S).unwanted == {}
    assert judge({LEASE: HANDED}, before, at(120, wall_s=wall_s), grace_s=GRACE_S).unwanted


def test_after_a_reboot_the_wall_clock_counts_and_a_time_in_the_future_begins_anew() -> None:
    booted = at(5, wall_s=300, boot_id="boot-2")

    assert judge({LEASE: HANDED}, {LEASE: Sighting(at(0))}, booted, grace_s=GRACE_S).unwanted
    future = judge({LEASE: HANDED}, {LEASE: Sighting(at(900))}, booted, grace_s=GRACE_S)
    assert future == Verdict({}, {LEASE: Sighting(booted, HANDED.what)})


DRIFTS = st.sampled_from([None, HANDED, Drift("set idle on the server"), ENDED])


@given(st.lists(st.tuples(st.integers(0, 200), DRIFTS), max_size=12))
def test_a_run_is_ended_only_after_a_whole_grace_of_drift(story: list[tuple[int, Drift | None]]) -> None:
    """Whatever passes see one after another. In whole seconds, which are exact numbers."""
    remembered: dict[LeaseId, Sighting] = {}
    now, began = 0, None
    for wait_s, drift in story:
        now += wait_s
        began = None if drift is None else now if began is None else began
        verdict = judge({LEASE: drift}, remembered, at(now), grace_s=GRACE_S)
        remembered = dict(verdict.drift)

        is_due = drift is not None and (drift.is_final or (began is not None and now - began >= GRACE_S))
        assert (LEASE in verdict.unwanted) == is_due
        assert (LEASE in remembered) == (drift is not None)


def test_the_order_of_leases_decides_nothing() -> None:
    leases = [a_lease(str(number)) for number in range(1, 9)]
    ask: Callable[[list[Lease]], set[str]] = lambda crew: {  # noqa: E731
        lease.task_id for lease in odd_leases(crew, Backlog(()), SOURCE)
    }

    assert ask(leases) == ask(leases[::-1])
