"""Urgent tasks that wait for less urgent ones (features D17)."""

from __future__ import annotations

import json
from pathlib import Path

from tests.builders import a_lease, a_start_snapshot, a_task, an_agent
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.inversion import inversions
from tinyscheduler.planner.start import plan_start


def with_working(snapshot: StartSnapshot, *tasks: Task) -> StartSnapshot:
    assert isinstance(snapshot.backlog, Known)
    working = tuple(task._replace(status="working") for task in tasks)
    return snapshot._replace(backlog=Known(snapshot.backlog.value._replace(working=working)))


def pairs(snapshot: StartSnapshot) -> list[tuple[str, str, str]]:
    return [(pair.task_id, pair.holder, pair.by) for pair in inversions(snapshot, plan_start(snapshot))]


def test_a_critical_task_that_waits_for_the_slot_of_a_low_one_is_named() -> None:
    urgent, low = a_task("1", priority=20), a_task("2", priority=-1)
    snapshot = a_start_snapshot(urgent, leases=[a_lease("2")])

    assert pairs(with_working(snapshot, low)) == [("1", "2", "slot")]


def test_of_many_the_least_urgent_is_named() -> None:
    urgent = a_task("1", priority=20)
    agents = (an_agent(slots=3),)
    running = [a_task("2", priority=9), a_task("3", priority=-2), a_task("4", priority=1)]
    snapshot = a_start_snapshot(urgent, agents=agents, leases=[a_lease("2"), a_lease("3"), a_lease("4")])

    assert pairs(with_working(snapshot, *running)) == [("1", "3", "slot")]


def test_a_task_that_waits_for_one_as_urgent_is_not_named() -> None:
    snapshot = a_start_snapshot(a_task("1", priority=20), leases=[a_lease("2")])

    assert pairs(with_working(snapshot, a_task("2", priority=11))) == []


def test_a_task_that_is_not_urgent_is_not_named() -> None:
    snapshot = a_start_snapshot(a_task("1", priority=1), leases=[a_lease("2")])

    assert pairs(with_working(snapshot, a_task("2", priority=-9))) == []


def test_slots_of_other_agents_are_not_in_the_way() -> None:
    agents = (an_agent("dev-1"), an_agent("qa-1", queues=("qa",)))
    leases = [a_lease("2", agent="qa-1", queue="qa"), a_lease("3")]
    snapshot = a_start_snapshot(a_task("1", priority=20), agents=agents, leases=leases)
    working = [a_task("2", priority=-9, queue="qa"), a_task("3", priority=20)]

    assert pairs(with_working(snapshot, *working)) == []


def test_a_dependency_on_a_low_task_is_named() -> None:
    blocked, low = a_task("1", priority=20, blocked_by="2"), a_task("2", priority=-1)
    full = [a_lease("3")]

    assert ("1", "2", "dependency") in pairs(a_start_snapshot(blocked, low, leases=full))


def test_a_path_that_a_low_task_holds_is_named() -> None:
    urgent = a_task("1", priority=20, tags=("write:src/a",))
    lease = a_lease("2")._replace(writes=("src",))
    snapshot = a_start_snapshot(urgent, agents=(an_agent(slots=2),), leases=[lease])

    assert pairs(with_working(snapshot, a_task("2", priority=-1))) == [("1", "2", "path")]


def test_a_goal_that_a_low_task_holds_is_named() -> None:
    urgent = a_task("1", priority=20, tags=("goal:g",))
    lease = a_lease("2")._replace(goal="g")
    snapshot = a_start_snapshot(urgent, agents=(an_agent(slots=2),), leases=[lease])

    assert pairs(with_working(snapshot, a_task("2", priority=-1))) == [("1", "2", "goal")]


def events(stage: Stage) -> list[dict[str, object]]:
    lines = [
        json.loads(line)
        for path in Path(stage.configuration.places.journal).iterdir()
        for line in path.read_text().splitlines()
    ]
    return [line for line in lines if line["event"] == "priority_inversion"]


def test_each_pair_is_told_once(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev", priority=-1)
    stage.run()
    stage.server.create(queue="dev", priority=20)

    for _ in range(3):
        stage.run()

    assert [(event["task_id"], event["holder"], event["by"]) for event in events(stage)] == [(2, 1, "slot")]
    assert stage.waits().read().tasks[TaskId("2")].inversions == (TaskId("1"),)
