"""A task that the server refuses to let anybody begin: held, told once, and tried again by itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.fakes.flaky import line_to
from tests.fakes.stage import Stage
from tests.unit.reconcile.launch_scenes import TASK, a_stage_with_a_task, files_below
from tinyscheduler.planner.refused import last_refusal
from tinyscheduler.reconcile.report import Report

LEVER = "mend what it says of the task; it is tried again by itself, or at once after: tinyscheduler retry 1"


def refused(stage: Stage) -> Report:
    return stage.run(server=line_to(stage.server, at=1, way="refused")[0])


def test_a_refused_claim_is_told_and_holds_its_task(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)

    report = refused(stage)

    assert report.exit_code == 1
    (fault,) = report.faults
    assert (fault.reference, fault.message, fault.hint) == (
        "task-refused",
        "task 1 cannot be begun: the server refuses this",
        LEVER,
    )
    (held,) = report.start.held
    assert (held.reason, held.value) == ("bad_task", "the server refuses this")
    assert stage.lease() is None
    assert (stage.ledger().open, stage.ledger().runs) == (None, 0)
    assert files_below(f"{tmp_path}/state/runs") == []


def test_the_passes_after_it_leave_the_task_alone_for_a_while(tmp_path: Path) -> None:
    """Else each of them tries it first, in vain, and whoever asks is told that the next one starts it."""
    stage = a_stage_with_a_task(tmp_path)
    refused(stage)
    stage.clock.advance(30)

    report = stage.run()

    assert report.exit_code == 0
    (held,) = report.start.held
    assert (held.reason, held.value, held.lever) == ("bad_task", "the server refuses this", LEVER)
    assert held.next_look_at is not None
    assert held.next_look_at - stage.clock.now() < timedelta(seconds=60)


def test_it_is_tried_again_later_and_later_and_told_once(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)
    waits, faults = [], 0
    for _ in range(4):
        report = refused(stage)
        faults += len(report.faults)
        until = stage.ledger().not_before
        assert until is not None
        waits.append(int((until - stage.clock.now()).total_seconds() // 60))
        stage.clock.advance((until - stage.clock.now()).total_seconds() + 1)

    assert faults == 1
    assert waits == [1, 2, 4, 8]


def test_a_task_that_was_mended_starts_and_has_lost_no_attempt(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)
    refused(stage)
    stage.clock.advance(3600)

    report = stage.run()

    assert report.exit_code == 0
    lease = stage.lease(TASK)
    assert lease is not None
    assert lease.attempt == 1
    assert last_refusal(stage.ledger()) is not None


def test_slot_of_a_refused_task_goes_to_the_next_one(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)
    stage.server.create(queue="dev", priority=-1)

    refused(stage)

    assert [lease.task_id for lease in stage.leases().scan().leases] == ["2"]
