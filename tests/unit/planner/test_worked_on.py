"""Tasks that are worked on and have no run of ours: held, each with the lever of its kind (features A10)."""

from __future__ import annotations

import pytest

from tests.builders import (
    a_broken_lease,
    a_lease,
    a_ledger,
    a_start_snapshot,
    a_task,
    an_agent,
    an_open_run,
)
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.reason import Held
from tinyscheduler.model.snapshot import Backlog, StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.explain import explain
from tinyscheduler.planner.start import plan_start

OURS = a_task(assigned_to="dev-1", status="working")


def snapshot_of(*working: Task, open_parents: tuple[str, ...] = ()) -> StartSnapshot:
    parents = frozenset(TaskId(parent) for parent in open_parents)
    return a_start_snapshot(backlog=Known(Backlog((), open_parents=parents, working=working)))


def held(snapshot: StartSnapshot) -> Held:
    plan = plan_start(snapshot)
    assert plan.starts == ()
    (found,) = plan.held
    return found


def test_under_a_name_of_ours_it_is_taken_back_by_a_person_alone() -> None:
    found = held(snapshot_of(OURS))

    assert found.reason == "working_elsewhere"
    assert found.lever == "when nobody works on it: tinyscheduler requeue 1 --reason TEXT"


def test_a_parents_status_is_its_childrens() -> None:
    found = held(snapshot_of(OURS, open_parents=("1",)))

    assert (found.reason, found.lever) == ("working_elsewhere", "complete its subtasks")


def test_a_parent_that_nobody_has_keeps_its_reason() -> None:
    """The status changes with each start of a child; what holds the parent is the same all the while."""
    parent = a_task(status="working")

    found, idle = (
        held(snapshot_of(task, open_parents=("1",))) for task in (parent, parent._replace(status="idle"))
    )

    assert (found.reason, found.value, found.lever) == (idle.reason, idle.value, idle.lever)
    assert (found.reason, found.lever) == ("parent_open", "complete its subtasks")


def test_an_archived_parent_is_archived() -> None:
    parent = a_task(assigned_to="dev-1", status="working", is_archived=True)

    assert held(snapshot_of(parent, open_parents=("1",))).reason == "working_elsewhere"


@pytest.mark.parametrize(
    ("assigned_to", "reason"),
    [("a-person", "not_ours"), (None, "working_elsewhere")],
    ids=["person", "nobody"],
)
def test_what_is_no_agents_of_ours_is_not_ours_to_take_back(assigned_to: str | None, reason: str) -> None:
    found = held(snapshot_of(a_task(assigned_to=assigned_to, status="working")))

    assert found.reason == reason
    assert "requeue" not in found.lever


def test_a_run_of_ours_without_a_lease_is_settled_by_a_pass() -> None:
    snapshot = snapshot_of(OURS)._replace(ledgers={OURS.id: a_ledger(open_run=an_open_run())})

    assert held(snapshot).reason == "settling"


def test_a_run_of_the_folder_that_this_one_was_copied_from_is_elsewhere() -> None:
    ledgers = {OURS.id: a_ledger(open_run=an_open_run())}

    found = held(snapshot_of(OURS)._replace(ledgers=ledgers, state_id="another"))

    assert found.reason == "working_elsewhere"


@pytest.mark.parametrize(
    "snapshot",
    [snapshot_of(OURS)._replace(leases=(a_lease(),)), snapshot_of(OURS)._replace(broken=(a_broken_lease(),))],
    ids=["lease", "broken-lease"],
)
def test_what_has_a_lease_is_in_flight_and_not_held(snapshot: StartSnapshot) -> None:
    assert plan_start(snapshot).held == ()


def test_it_takes_no_slot() -> None:
    waiting = a_task("2")
    snapshot = snapshot_of(OURS)
    assert isinstance(snapshot.backlog, Known)
    both = snapshot._replace(
        backlog=Known(snapshot.backlog.value._replace(tasks=(waiting,))), agents=(an_agent(slots=1),)
    )

    assert [start.task.id for start in plan_start(both).starts] == ["2"]


def test_explain_says_what_the_plan_says() -> None:
    snapshot = snapshot_of(OURS)

    told = explain(OURS, snapshot)

    assert (told.standing, told.held) == ("held", held(snapshot))


def test_a_run_that_is_to_be_stopped_is_ours_and_works_nowhere_else() -> None:
    asked = Held(TaskId("1"), "parked", "stop was asked for by bob")
    snapshot = a_start_snapshot(leases=(a_lease("1"),), refused={TaskId("1"): asked})

    rows = {row.name: row.verdict for row in explain(OURS, snapshot).rows}

    assert (rows["leased"], rows["working_elsewhere"]) == ("holds", "passed")
