"""An older lease that somebody has put back over that of a living run is as good as garbled (features B9)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.looking import read_side
from tests.unit.reconcile.reclaim_scenes import TASK, agent_of, newest
from tests.unit.reconcile.test_lost import events
from tinyscheduler.model.policy import Policy
from tinyscheduler.reconcile.look import look
from tinyscheduler.reconcile.preview import preview


def lease_path(stage: Stage) -> Path:
    return Path(stage.configuration.places.running) / "task_1.json"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """The second run of a task, and beside it the lease of the first one, whose backup is put back."""
    made = a_stage(tmp_path, agents=[an_agent()], policy=Policy(retry_base_s=0))
    made.engine.adopts_at_once = True
    made.server.create(queue="dev")
    made.run()
    backup = lease_path(made).read_bytes()
    made.engine.finish(newest(made), "failed")
    made.run()
    made.clock.advance(1)
    made.run()
    assert len(made.engine.wrappers) == 2
    lease_path(made).write_bytes(backup)
    return made


def put_back_long_ago(stage: Stage) -> None:
    then_s = stage.clock.now().timestamp() - 1_000
    os.utime(lease_path(stage), (then_s, then_s))


def test_the_living_run_gets_its_lease_back_and_goes_on(stage: Stage) -> None:
    put_back_long_ago(stage)
    foreseen = [type(action).__name__ for action in preview(stage.world()).tend]

    report, after = stage.run(), stage.run()

    lease = stage.lease()
    assert foreseen == ["Rebuild"]
    assert lease is not None
    assert (lease.lease_id, lease.generation, lease.state) == (newest(stage).order.lease_id, 2, "running")
    assert agent_of(newest(stage)) in stage.processes.living()
    assert (report.exit_code, after.exit_code) == (1, 0)
    assert "it is of an older run (generation 1), and a later one works (2)" in report.faults[0].message
    assert [past.kind for past in stage.ledger().outcomes] == ["failed"]
    assert stage.server.task(TASK).status == "working"
    assert "lease_rebuilt" in events(stage)
    assert len(list(Path(stage.configuration.places.quarantine).iterdir())) == 1


def test_its_wrapper_has_the_time_of_three_beats_to_do_so(stage: Stage) -> None:
    """It is the one writer as long as it lives (law 6)."""
    stage.run()

    assert agent_of(newest(stage)) in stage.processes.living()
    assert [past.kind for past in stage.ledger().outcomes] == ["failed"]


def test_status_says_what_it_is(stage: Stage) -> None:
    put_back_long_ago(stage)

    seen = look(read_side(stage))

    assert [(broken.task_id, broken.why.partition(" (")[0]) for broken in seen.broken] == [
        ("1", "it is of an older run")
    ]
    assert [type(action).__name__ for action in seen.odd] == ["Rebuild"]


def test_a_later_run_that_is_dead_is_closed_without_its_lease(stage: Stage) -> None:
    """What was put back is settled again, which changes nothing, and the run counts as lost."""
    stage.engine.die(newest(stage))

    for _ in range(4):
        stage.run()
        stage.clock.advance(130)

    assert [past.kind for past in stage.ledger().outcomes][:2] == ["failed", "lost"]
