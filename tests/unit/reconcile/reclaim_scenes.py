"""What the tests of ending runs share."""

from __future__ import annotations

from pathlib import Path

from tests.builders import an_agent
from tests.fakes.engine import FakeWrapper
from tests.fakes.processes import FakeProcess
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.policy import Policy

TASK = TaskId("1")


def a_running_stage(base: Path, *, tasks: int = 1, kills_max: int = 100) -> Stage:
    """So many running agents, and a scheduler that starts nothing more."""
    stage = a_stage(base, agents=[an_agent(slots=tasks)], policy=Policy(max_parallel=tasks))
    stage.engine.adopts_at_once = True
    for _ in range(tasks):
        stage.server.create(queue="dev")
    stage.run()
    assert len(stage.processes.living()) == 2 * tasks
    off = Policy(is_enabled=False, kills_max=kills_max)
    return stage._replace(configuration=stage.configuration._replace(policy=off))


def newest(stage: Stage) -> FakeWrapper:
    return stage.engine.newest()


def agent_of(wrapper: FakeWrapper) -> FakeProcess:
    assert wrapper.agent is not None
    return wrapper.agent
