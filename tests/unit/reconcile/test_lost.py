"""Runs whose lease is gone, and ends the server will not hear of (features A10's first half, B11)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import TaskId

TASK = TaskId("1")


def a_stage_whose_lease_was_removed(base: Path, *, agent_lives: bool) -> Stage:
    """By hand, while its agent ran; then the task was set idle again."""
    stage = a_stage(base)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    os.unlink(f"{stage.configuration.places.running}/task_1.json")
    if not agent_lives:
        stage.engine.die(stage.engine.newest())
    stage.server.update(TASK, status="idle", assigned_to="")
    return stage


def events(stage: Stage) -> list[str]:
    folder = Path(stage.configuration.places.journal)
    return [
        json.loads(line)["event"]
        for path in sorted(folder.iterdir())
        for line in path.read_text().splitlines()
    ]


def test_a_task_whose_lease_was_removed_waits_two_minutes(tmp_path: Path) -> None:
    """Somebody may be copying the folder, or putting it back from a backup."""
    stage = a_stage_whose_lease_was_removed(tmp_path, agent_lives=False)
    stage.clock.advance(119)

    report = stage.run()

    assert [(held.task_id, held.reason) for held in report.start.held] == [("1", "settling")]
    assert stage.lease() is None


def test_after_two_minutes_the_run_is_lost_and_the_task_goes_on(tmp_path: Path) -> None:
    stage = a_stage_whose_lease_was_removed(tmp_path, agent_lives=False)
    stage.clock.advance(121)
    stage.run()
    stage.clock.advance(70)

    stage.run()

    assert [past.kind for past in stage.ledger().outcomes] == ["lost"]
    assert events(stage).count("lost_task_found") == 1
    assert stage.lease() is not None
    assert stage.lease().generation == 2  # type: ignore[union-attr]


def test_a_task_whose_agent_still_works_is_not_started_a_second_time(tmp_path: Path) -> None:
    """Law 1; a person is told, because nobody looks after that agent."""
    stage = a_stage_whose_lease_was_removed(tmp_path, agent_lives=True)
    stage.clock.advance(10_000)

    reports = [stage.run(), stage.run()]

    assert [report.exit_code for report in reports] == [1, 1]
    assert reports[0].faults[0].reference == "orphan"
    assert len(stage.engine.wrappers) == 1
    stage.engine.die(stage.engine.newest())
    assert stage.run().exit_code == 0


def test_a_working_task_without_a_lease_may_be_a_persons_and_is_left_alone(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev", assigned_to="dev-1", status="working")
    stage.clock.advance(10_000)

    stage.run()

    assert stage.server.task(TASK).status == "working"
    assert stage.server.writes == 0


# --- a server that says no ----------------------------------------------------------------------------


def a_refused_stage(base: Path) -> Stage:
    stage = a_stage(base)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.finish(stage.engine.newest(), "failed")
    stage.server.refuse_writes = True
    return stage


def test_a_refusal_for_good_is_tried_three_times_and_then_written_down(tmp_path: Path) -> None:
    """Features B11: the work is not lost, and not repeated for ever either."""
    stage = a_refused_stage(tmp_path)
    leases = []
    for _ in range(3):
        assert stage.run().exit_code == 3
        leases.append(stage.lease() is not None)

    assert leases == [True, True, False]
    assert [past.kind for past in stage.ledger().outcomes] == ["unsettled"]
    assert stage.ledger().open is None


def test_a_refusal_that_is_mended_in_time_is_settled_as_it_was(tmp_path: Path) -> None:
    stage = a_refused_stage(tmp_path)
    stage.run()
    stage.run()
    stage.server.refuse_writes = False

    assert stage.run().exit_code == 0
    assert [past.kind for past in stage.ledger().outcomes] == ["failed"]
    assert len(stage.server.comments(TASK)) == 1


def test_silence_is_no_refusal(tmp_path: Path) -> None:
    """Only a server that answers can say no; a dead one is waited for as long as it takes."""
    stage = a_refused_stage(tmp_path)
    stage.server.refuse_writes = False
    stage.server.unavailable = True
    for _ in range(10):
        stage.run()

    assert stage.lease() is not None
    assert stage.ledger().outcomes == ()


@pytest.mark.parametrize("passes", [1, 5])
def test_an_unsettled_task_is_told_once(tmp_path: Path, passes: int) -> None:
    stage = a_refused_stage(tmp_path)
    for _ in range(3 + passes):
        stage.run()

    assert events(stage).count("task_settled") == 1
