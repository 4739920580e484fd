"""What the tests of changes on the server share."""

from __future__ import annotations

from pathlib import Path

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.task import Task

TASK = TaskId("1")


def a_running_stage(base: Path, *, before: str | None = None, tasks: int = 1) -> Stage:
    """Agents at work; the second agent has a slot of its own."""
    team = [an_agent("dev-1", slots=tasks), an_agent("dev-2")]
    stage = a_stage(base, agents=team, policy=Policy(max_parallel=tasks + 1))
    stage.engine.adopts_at_once = True
    for _ in range(tasks):
        stage.server.create(queue="dev", assigned_to=before or "dev-1")
    stage.run()
    return stage


def run_after(stage: Stage, *waits_s: float) -> None:
    """Passes, while the wrappers beat."""
    for wait_s in waits_s:
        stage.clock.advance(wait_s)
        for wrapper in stage.engine.wrappers:
            if wrapper.agent is not None and stage.engine.is_alive(wrapper):
                stage.engine.beat(wrapper)
        stage.run()


def is_alive(stage: Stage, task_id: str = "1") -> bool:
    return stage.engine.is_alive(stage.engine.newest(task_id))


def kinds(stage: Stage, task_id: str = "1") -> list[str]:
    return [past.kind for past in stage.ledger(task_id).outcomes]


def edit(stage: Stage, **changes: object) -> None:
    task = stage.server.task(TASK)
    stage.server.edit(Task(**{**task._asdict(), **changes}))
