"""What the tests of looking share."""

from __future__ import annotations

from pathlib import Path

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.adapters.records.hindsight import FileHindsight
from tinyscheduler.adapters.run_logs import RunLogFiles
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.ports import World
from tinyscheduler.reconcile.look import ReadSide

TASK = TaskId("1")


def read_side(stage: Stage, world: World | None = None) -> ReadSide:
    places = stage.configuration.places
    return ReadSide(
        world or stage.world(), FileHindsight(places.passes, places.ledger), RunLogFiles(places.runs)
    )


def a_busy_stage(base: Path, *, tasks: int = 1) -> Stage:
    """So many tasks that run."""
    stage = a_stage(base, agents=[an_agent(slots=tasks)], policy=Policy(max_parallel=tasks))
    stage.engine.adopts_at_once = True
    for _ in range(tasks):
        stage.server.create(queue="dev")
    stage.run()
    return stage
