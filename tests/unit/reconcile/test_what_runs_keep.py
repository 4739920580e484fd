"""What a run keeps to itself is in its lease, whatever becomes of the lease or of the task's text."""

from __future__ import annotations

from pathlib import Path

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.machine import MachineState
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.resources import Resources

TEXT = "---\nwrite: src/a\nread: docs\ngoal: ship\nresources: {cpu: 2}\n---\n"


def a_stage_at_work(base: Path) -> Stage:
    """Task 1 runs; task 2 writes where it writes."""
    stage = a_stage(
        base,
        agents=[an_agent(slots=3, resources=Resources(cpu=1, memory_mb=10))],
        policy=Policy(cpu_total=8, memory_total_mb=100),
    )
    stage.server.create(queue="dev", description=TEXT, priority=9)
    stage.server.create(queue="dev", tags=("write:src",))
    stage.run()
    stage.engine.adopt(stage.engine.newest("1"))
    return stage


def held(stage: Stage) -> dict[str, str]:
    return {found.task_id: found.reason for found in stage.run().start.held}


def test_lease_and_order_have_what_the_task_and_its_agent_said(tmp_path: Path) -> None:
    stage = a_stage_at_work(tmp_path)

    lease = stage.lease("1")
    assert lease is not None
    order = stage.world().runs.order(TaskId("1"), 1)
    assert order is not None
    for found in (lease, order):
        assert (found.writes, found.reads, found.goal) == (("src/a",), ("docs",), "ship")
        assert found.resources == Resources(2, 10)


def test_a_text_that_is_changed_while_it_runs_gives_nothing_free(tmp_path: Path) -> None:
    stage = a_stage_at_work(tmp_path)
    stage.server.edit(stage.server.task(TaskId("1"))._replace(description="", tags=()))

    assert held(stage) == {"2": "path_held"}


def test_a_lease_that_is_written_anew_keeps_what_its_order_says(tmp_path: Path) -> None:
    stage = a_stage_at_work(tmp_path)
    path = Path(stage.configuration.places.running) / "task_1.json"
    path.write_text("{")

    reasons = held(stage)

    lease = stage.lease("1")
    assert lease is not None
    assert lease.writes == ("src/a",)
    assert reasons == {"2": "path_held"}


def test_the_totals_are_those_of_the_machine_where_nothing_is_set(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(slots=9, resources=Resources(cpu=2))])
    stage.gauge.state = MachineState(cores=4, load=0.0, memory_mb=9_000, free_memory_mb=9_000)
    for _ in range(3):
        stage.server.create(queue="dev")

    assert held(stage) == {"3": "resources"}
