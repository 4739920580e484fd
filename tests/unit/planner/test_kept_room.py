"""Room on the machine that is kept for a task which others have passed (features D13)."""

from __future__ import annotations

from tests.builders import a_lease, a_start_snapshot, a_task, an_agent
from tests.unit.planner.need_scenes import a_wait
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.resources import Resources
from tinyscheduler.planner.start import plan_start


def test_room_is_kept_for_a_task_that_others_have_passed_for_half_an_hour() -> None:
    big = a_task("1", description="resources: {cpu: 4}")
    small = [a_task(str(n), description="resources: {cpu: 1}", priority=9) for n in range(2, 6)]
    world = a_start_snapshot(
        big,
        *small,
        agents=[an_agent(slots=9)],
        leases=[a_lease("9", resources=Resources(cpu=1))],
        totals=Resources(4, 1, 0),
        policy=Policy(max_parallel=9),
    )
    passed = plan_start(world)
    waited = plan_start(world._replace(waiting={TaskId("1"): a_wait(task=big, waited_s=1801)}))
    its_turn = plan_start(world._replace(waiting={TaskId("1"): a_wait(task=big, waited_s=1801)}, leases=()))

    assert [start.task.id for start in passed.starts] == ["2", "3", "4"]
    assert waited.starts == ()
    assert {held.reason for held in waited.held} == {"resources"}
    assert any("cpu 4 is kept for task 1" in held.value for held in waited.held)
    assert [start.task.id for start in its_turn.starts] == ["1"]


def test_a_task_for_which_room_is_kept_gets_it_though_nothing_tells_it_from_others() -> None:
    """What is said of the one before it, that the room is kept for another, is not true of that other."""
    agent = an_agent(slots=9, resources=Resources(2, 0, 0))
    urgent, patient = a_task("1", priority=5), a_task("2")
    world = a_start_snapshot(
        urgent,
        patient,
        agents=[agent],
        totals=Resources(3, 100, 0),
        waiting={patient.id: a_wait(task=patient)},
        policy=Policy(max_parallel=9, ageing_s=0),
    )

    plan = plan_start(world)

    assert [start.task.id for start in plan.starts] == [patient.id]
    assert [held.reason for held in plan.held] == ["resources"]
