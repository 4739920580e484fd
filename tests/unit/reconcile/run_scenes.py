"""What the tests of whole passes share."""

from __future__ import annotations

from pathlib import Path

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage


def a_busy_stage(base: Path) -> Stage:
    """Tasks and leases of every kind that a pass may leave as they are."""
    stage = a_stage(base, agents=[an_agent(slots=2), an_agent("off-1", queues=("ops",), is_enabled=False)])
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev", priority=9)
    parked = stage.server.create(queue="dev", priority=8)
    for _ in range(3):
        stage.run()
        stage.engine.finish(stage.engine.newest(parked), "failed")
        stage.run()
        stage.clock.advance(600)
        stage.engine.beat(stage.engine.newest())
    blocker = stage.server.create(queue="dev", assigned_to="a-person")
    stage.server.create(queue="dev", blocked_by=blocker)
    stage.server.create(queue="ops")
    stage.run()
    return stage
