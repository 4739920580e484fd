"""Open runs of ledgers without a lease: whose, since when, and when they are due (features A10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import (
    MONOTONIC,
    NOW,
    a_broken_lease,
    a_broken_ledger,
    a_lease,
    a_ledger,
    a_start_snapshot,
    a_task,
    an_open_run,
)
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.sightings import Moment, Sighting
from tinyscheduler.model.snapshot import Backlog, StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.lost import LostRun, judge_lost, runs_without_lease

GRACE_S = 120.0
LEDGER = a_ledger(open_run=an_open_run())
WORKING = a_task(assigned_to="dev-1", status="working")


def at(seconds: float) -> Moment:
    return Moment(NOW + timedelta(seconds=seconds), MONOTONIC + seconds, "boot-1")


def lost(*, task: Task = WORKING, is_haunted: bool = False) -> LostRun:
    return LostRun(LEDGER, an_open_run(), task, is_haunted)


def snapshot_of(*tasks: Task, working: tuple[Task, ...] = ()) -> StartSnapshot:
    return a_start_snapshot(backlog=Known(Backlog(tasks, working=working)), ledgers=[LEDGER])


def test_an_open_run_of_a_task_that_waits_or_is_worked_on_is_found() -> None:
    assert runs_without_lease(snapshot_of(a_task())) == [lost(task=a_task())]
    assert runs_without_lease(snapshot_of(working=(WORKING,))) == [lost()]


@pytest.mark.parametrize(
    "snapshot",
    [
        snapshot_of(working=(WORKING,))._replace(leases=(a_lease(),)),
        snapshot_of(working=(WORKING,))._replace(broken=(a_broken_lease(),)),
        snapshot_of(working=(WORKING,))._replace(ledgers={LEDGER.task_id: a_ledger()}),
        snapshot_of(working=(WORKING,))._replace(ledgers={LEDGER.task_id: a_broken_ledger()}),
        snapshot_of(working=(WORKING._replace(created_at=NOW),)),
        snapshot_of(working=(WORKING,))._replace(source="other:1"),
        snapshot_of(working=(WORKING,))._replace(backlog=Unknown("down")),
        snapshot_of(),
    ],
    ids=[
        "leased",
        "broken-lease",
        "closed",
        "broken-ledger",
        "another-task",
        "another-server",
        "down",
        "gone",
    ],
)
def test_what_is_leased_closed_unreadable_or_unknown_is_no_lost_run(snapshot: StartSnapshot) -> None:
    assert runs_without_lease(snapshot) == []


def test_a_persons_own_working_task_is_no_lost_run() -> None:
    snapshot = a_start_snapshot(backlog=Known(Backlog((), working=(WORKING,))))

    assert runs_without_lease(snapshot) == []


def test_it_is_due_after_the_grace_from_its_first_sight_whatever_its_own_age() -> None:
    first = judge_lost([lost()], {}, at(0), grace_s=GRACE_S)
    early = judge_lost([lost()], first.lost, at(119), grace_s=GRACE_S)
    due = judge_lost([lost()], early.lost, at(120), grace_s=GRACE_S)

    assert [verdict.standings[0][1] for verdict in (first, early, due)] == ["waits", "waits", "due"]
    assert due.lost == {"lease-1": Sighting(at(0))}


def test_while_processes_of_it_live_nothing_is_due_and_the_clock_does_not_run() -> None:
    """They are ended first (law 1)."""
    seen = {an_open_run().lease_id: Sighting(at(0))}

    verdict = judge_lost([lost(is_haunted=True)], seen, at(999), grace_s=GRACE_S)

    assert (verdict.standings[0][1], verdict.lost) == ("haunted", {})


def test_a_working_task_of_the_folder_this_one_was_copied_from_is_not_ours_to_give_back() -> None:
    """What the original has given back is anybody's."""
    working = snapshot_of(working=(WORKING,))._replace(state_id="another")
    idle = snapshot_of(a_task())._replace(state_id="another")

    assert runs_without_lease(working) == []
    assert runs_without_lease(idle) == [lost(task=a_task())]


def test_a_run_that_is_found_no_more_is_forgotten() -> None:
    assert judge_lost([], {an_open_run().lease_id: Sighting(at(0))}, at(1), grace_s=GRACE_S).lost == {}
