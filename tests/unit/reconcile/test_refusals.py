"""A server that refuses for good is heard three times; then nothing waits for it (features B11)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.breaker_scenes import TASK, events
from tinyscheduler.model.lease import OutcomeClass
from tinyscheduler.reconcile.report import Report


def a_start_that_is_to_be_undone(base: Path) -> Stage:
    """Claimed, and its wrapper does not come; the server takes nothing any more."""
    stage = a_stage(base)
    stage.server.create(queue="dev")
    stage.run()
    stage.clock.advance(120)
    stage.server.refuse_writes = True
    return stage


def a_run_that_is_to_be_settled(base: Path, kind: OutcomeClass) -> Stage:
    stage = a_stage(base)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.finish(stage.engine.newest(), kind)
    stage.server.refuse_writes = True
    return stage


def passes(stage: Stage, count: int) -> list[Report]:
    reports = []
    for _ in range(count):
        stage.clock.advance(60)
        reports.append(stage.run())
    return reports


@pytest.mark.parametrize("kind", [None, "succeeded", "failed", "interrupted"])
def test_the_third_refusal_is_the_last_that_is_waited_for(tmp_path: Path, kind: OutcomeClass | None) -> None:
    """``kind`` None: a start that is undone."""
    stage = (
        a_start_that_is_to_be_undone(tmp_path)
        if kind is None
        else a_run_that_is_to_be_settled(tmp_path, kind)
    )

    reports = passes(stage, 2)
    held = stage.lease()
    (last,) = passes(stage, 1)

    assert held is not None
    assert stage.lease() is None
    assert [report.exit_code for report in (*reports, last)] == [3, 3, 3]
    assert [past.kind for past in stage.ledger().outcomes] == ["unsettled"]
    assert stage.ledger().open is None
    assert events(stage, "task_settled")[-1]["outcome"] == "unsettled"


def test_a_refusal_that_is_mended_in_time_loses_nothing(tmp_path: Path) -> None:
    stage = a_start_that_is_to_be_undone(tmp_path)
    passes(stage, 2)
    stage.server.refuse_writes = False
    passes(stage, 1)

    assert (stage.server.task(TASK).status, stage.lease()) == ("idle", None)
    assert [past.kind for past in stage.ledger().outcomes] == ["start_failed"]


def test_while_a_claim_may_still_arrive_refusals_are_not_counted(tmp_path: Path) -> None:
    """What gives up too early would leave the task working, and nobody knows."""
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    stage.server.lose_next_answer = True
    stage.run()
    stage.server.refuse_writes = True
    for _ in range(5):
        stage.clock.advance(5)
        stage.run()

    assert stage.lease() is not None


def test_a_refusal_for_good_is_tried_three_times_and_then_written_down(tmp_path: Path) -> None:
    """Features B11: the work is not lost, and not repeated for ever either."""
    stage = a_run_that_is_to_be_settled(tmp_path, "failed")
    leases = []
    for _ in range(3):
        assert stage.run().exit_code == 3
        leases.append(stage.lease() is not None)

    assert leases == [True, True, False]
    assert [past.kind for past in stage.ledger().outcomes] == ["unsettled"]
    assert stage.ledger().open is None


def test_a_refusal_that_is_mended_in_time_is_settled_as_it_was(tmp_path: Path) -> None:
    stage = a_run_that_is_to_be_settled(tmp_path, "failed")
    stage.run()
    stage.run()
    stage.server.refuse_writes = False

    assert stage.run().exit_code == 0
    assert [past.kind for past in stage.ledger().outcomes] == ["failed"]
    assert len(stage.server.comments(TASK)) == 1


def test_silence_is_no_refusal(tmp_path: Path) -> None:
    """Only a server that answers can say no; a dead one is waited for as long as it takes."""
    stage = a_run_that_is_to_be_settled(tmp_path, "failed")
    stage.server.refuse_writes = False
    stage.server.unavailable = True
    for _ in range(10):
        stage.run()

    assert stage.lease() is not None
    assert stage.ledger().outcomes == ()


@pytest.mark.parametrize("passes", [1, 5])
def test_an_unsettled_task_is_told_once(tmp_path: Path, passes: int) -> None:
    stage = a_run_that_is_to_be_settled(tmp_path, "failed")
    for _ in range(3 + passes):
        stage.run()

    assert len(events(stage, "task_settled")) == 1
