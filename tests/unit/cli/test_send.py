"""A message that is written while its run ends: whoever sends it is told (features E5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.stage import Stage, a_stage
from tinyscheduler.cli.send import refuse_ended
from tinyscheduler.errors import Refused
from tinyscheduler.model.lease import Lease


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    return stage


def lease_of(stage: Stage) -> Lease:
    lease = stage.lease()
    assert lease is not None
    return lease


def test_run_that_goes_on_reads_it(stage: Stage) -> None:
    refuse_ended(stage.world(), lease_of(stage))


@pytest.mark.parametrize("is_settled", [False, True])
def test_run_that_has_ended_meanwhile_is_refused_after_the_fact(stage: Stage, is_settled: bool) -> None:
    lease = lease_of(stage)
    stage.engine.finish(stage.engine.newest())
    if is_settled:
        stage.run()

    with pytest.raises(Refused, match="its run ended while the message was written"):
        refuse_ended(stage.world(), lease)


def test_next_run_of_the_task_is_another_reader(stage: Stage) -> None:
    lease = lease_of(stage)._replace(lease_id="0123456789abcdef")  # type: ignore[arg-type]

    with pytest.raises(Refused):
        refuse_ended(stage.world(), lease)
