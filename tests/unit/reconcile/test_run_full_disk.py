"""A disk that fills up: the pass says so, and nothing is lost (features B13)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.small_disk import a_small_disk, fill, relieve
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.policy import Policy

TASK = TaskId("1")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with a_small_disk(tmp_path) as found:
        yield found


def a_stage_without_a_floor(base: Path) -> Stage:
    """It starts however little room there is."""
    stage = a_stage(base, policy=Policy(min_free_mb=0))
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    return stage


def test_a_disk_that_is_full_starts_nothing_and_says_so(disk: Path) -> None:
    stage = a_stage(disk)
    stage.server.create(queue="dev")

    report = stage.run()

    assert [held.reason for held in report.start.held] == ["disk"]
    assert stage.engine.wrappers == []


def test_a_start_on_a_disk_that_fills_up_leaves_the_task_to_others(disk: Path) -> None:
    stage = a_stage_without_a_floor(disk)
    stage.run()
    stage.engine.finish(stage.engine.newest())
    stage.run()
    second = stage.server.create(queue="dev")
    fill(disk)

    codes = [stage.run().exit_code, stage.run().exit_code]
    idle = stage.server.task(second)
    relieve(disk)
    report = stage.run()

    assert codes == [1, 1]
    assert (idle.status, idle.assigned_to) == ("idle", None)
    assert report.exit_code == 0
    assert stage.lease(second) is not None


def test_an_end_on_a_full_disk_is_settled_once_when_there_is_room(disk: Path) -> None:
    """Nothing is lost: the outcome waits in the lease."""
    stage = a_stage_without_a_floor(disk)
    stage.run()
    stage.engine.finish(stage.engine.newest(), "failed")
    fill(disk)

    codes = [stage.run().exit_code for _ in range(3)]
    waiting = stage.lease()
    relieve(disk)
    report = stage.run()

    assert codes == [1, 1, 1]
    assert waiting is not None
    assert report.exit_code == 0
    assert stage.lease() is None
    assert len(stage.server.comments(TASK)) == 1
    assert [past.kind for past in stage.ledger().outcomes] == ["failed"]
