"""Who waits for a task that is not started itself is told what keeps that one (features D10, H2)."""

from __future__ import annotations

import pytest

from tests.builders import a_ledger, a_pause, a_start_snapshot, a_task, an_agent, parked_as
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.prerequisite import Prerequisite
from tinyscheduler.model.reason import Held
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.explain import explain
from tinyscheduler.planner.start import plan_start

WAITS = a_task("9", blocked_by="1")
DONE = "or if it is done: tinyscheduler task done 1"


def held_of(task_id: str, world: StartSnapshot) -> Held:
    return next(held for held in plan_start(world).held if held.task_id == task_id)


OWN_REASONS: dict[str, tuple[Task, str, str]] = {
    "nobody serves it": (a_task("1", queue="ops"), "held as no_agent: ", "ops"),
    "a person has it": (a_task("1", assigned_to="bob"), "held as not_ours: ", "add bob to agent"),
    "unapproved": (a_task("1", tags=("needs-approval",)), "held as needs_approval: ", "approve 1"),
    "slip": (a_task("1", tags=("goal:",)), "held as bad_task: ", "a name is"),
}


@pytest.mark.parametrize(("blocker", "reason", "lever"), OWN_REASONS.values(), ids=OWN_REASONS)
def test_reason_and_lever_of_the_one_that_is_waited_for_are_told(
    blocker: Task, reason: str, lever: str
) -> None:
    held = held_of("9", a_start_snapshot(blocker, WAITS))

    assert held.value.startswith(f"waits for task 1, which is idle, {reason}")
    assert held.lever.startswith("of task 1: ")
    assert lever in held.lever
    assert held.lever.endswith(DONE)


def test_one_that_was_asked_for_by_itself_is_told_of_as_well() -> None:
    found = Prerequisite(TaskId("1"), "open", task=a_task("1", queue="ops"))
    world = a_start_snapshot(WAITS, prerequisites=[found])

    assert "held as no_agent: " in held_of("9", world).value


def test_what_keeps_both_is_told_once() -> None:
    world = a_start_snapshot(a_task("1"), WAITS, pauses=[a_pause()])

    assert held_of("9", world).reason == "paused"


def test_one_that_only_lacks_room_or_runs_is_what_it_was() -> None:
    full = a_start_snapshot(a_task("1"), WAITS, agents=[an_agent(slots=1)])
    at_work = a_task("1", status="working", assigned_to="bob")
    working = a_start_snapshot(WAITS, prerequisites=[Prerequisite(TaskId("1"), "open", task=at_work)])

    assert held_of("9", full).value == "waits for task 1, which is idle"
    assert held_of("9", full).lever == f"wait for it, {DONE}"
    assert held_of("9", working).value == "waits for task 1, which is working"


def test_of_a_chain_the_next_step_is_told_and_no_more() -> None:
    chain = [a_task("1", queue="ops"), *(a_task(str(n), blocked_by=str(n - 1)) for n in range(2, 10))]
    world = a_start_snapshot(*chain)

    assert held_of("9", world).value == "waits for task 8, which is idle and waits for task 7"
    assert held_of("9", world).lever.endswith("; what keeps it: tinyscheduler explain 8")
    assert "held as no_agent" in held_of("2", world).value


def test_the_others_that_the_next_one_waits_for_are_counted() -> None:
    several = a_task("5", tags=("after:2", "after:3", "after:4"))
    world = a_start_snapshot(*map(a_task, "234"), several, a_task("9", blocked_by="5"))

    assert held_of("9", world).value == "waits for task 5, which is idle and waits for task 2 and 2 more"


def test_what_a_chain_is_paused_by_comes_before_what_it_waits_for() -> None:
    pause = a_pause(scope="task", name="8")
    chain = [a_task("7"), a_task("8", queue="ops", blocked_by="7"), a_task("9", blocked_by="8")]

    assert "which is idle, held as paused: " in held_of("9", a_start_snapshot(*chain, pauses=[pause])).value
    assert held_of("9", a_start_snapshot(*chain)).value.endswith("8, which is idle and waits for task 7")


def test_chain_of_ten_thousand_is_explained_in_one_step() -> None:
    chain = [a_task("1", queue="ops"), *(a_task(str(n), blocked_by=str(n - 1)) for n in range(2, 10_001))]
    world = a_start_snapshot(*chain)

    held = explain(chain[-1], world).held

    assert held is not None
    assert held.value == "waits for task 9999, which is idle and waits for task 9998"


def test_one_that_will_never_be_complete_is_named_with_the_way_to_it() -> None:
    parked = a_ledger("1", parked=parked_as(a_task("1"), why="3 attempts"))
    chain = [a_task("1"), a_task("2", blocked_by="1"), a_task("3", blocked_by="2")]

    held = held_of("3", a_start_snapshot(*chain, ledgers=[parked]))

    assert held.value == "waits, by way of task 2, for task 1, which is parked: 3 attempts"


def test_parent_among_those_that_are_waited_for_says_what_it_needs() -> None:
    world = a_start_snapshot(a_task("1"), a_task("2", parent_id="1"), WAITS, open_parents=["1"])

    assert "1, which is idle, held as parent_open: it has subtasks" in held_of("9", world).value
