"""A sweep goes wrong, is cut off, or has too much to do: nothing is lost, and a later one goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.sweep_scenes import (
    DAY,
    OLD,
    a_done_task,
    a_run,
    a_swept_stage,
    age,
    ledger_path,
    remember,
    rewrite,
    run_path,
    runs_left,
    tomorrow,
)
from tinyscheduler.model.ids import TaskId
from tinyscheduler.reconcile import sweep
from tinyscheduler.reconcile.run import run_once


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Swept yesterday."""
    return a_swept_stage(tmp_path)


def test_a_day_is_swept_once(stage: Stage) -> None:
    stage.run()
    task_id = a_done_task(stage)

    stage.run()

    assert ledger_path(stage, task_id).exists()


def test_a_server_that_does_not_answer_keeps_what_only_it_knows(stage: Stage) -> None:
    task_id = a_done_task(stage)
    stage.server.unavailable = True

    report = stage.run()

    assert (report.exit_code, report.swept) == (3, {"run": 1})
    assert ledger_path(stage, task_id).exists()


def test_another_server_is_not_asked_about_the_tasks_of_this_one(stage: Stage) -> None:
    task_id = a_done_task(stage, runs=1)
    rewrite(stage, stage.ledger(task_id)._replace(source="fake:before"))

    stage.run()

    assert ledger_path(stage, task_id).exists()


@pytest.mark.parametrize("days", [31, 4_000, -31])
def test_a_clock_that_jumped_by_a_month_removes_nothing_on_its_first_day(stage: Stage, days: float) -> None:
    task_id = a_done_task(stage)
    stage.clock.step(days * DAY)

    stage.run()

    assert ledger_path(stage, task_id).exists()
    assert runs_left(stage, task_id) == [1, 2]


def test_the_first_sweep_of_all_removes_nothing(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    task_id = a_done_task(stage)

    stage.run()

    assert ledger_path(stage, task_id).exists()


def test_a_pass_removes_no_more_than_its_limit_and_the_next_one_goes_on(stage: Stage) -> None:
    many = sweep.REMOVALS_MAX + 10
    for number in range(many):
        a_run(stage, TaskId("9"), number + 1, days=OLD + number)

    report = stage.run()

    assert report.swept == {"run": sweep.REMOVALS_MAX}
    assert report.limits == ["old files were swept up to the limit of a pass; the next one goes on"]

    assert stage.run().swept == {"run": 10}
    assert stage.run().swept == {}


def test_the_server_is_asked_about_no_more_tasks_than_the_limit(stage: Stage) -> None:
    for _ in range(sweep.ASKED_MAX + 5):
        a_done_task(stage, runs=0)

    assert stage.run().swept == {"ledger": sweep.ASKED_MAX}
    assert stage.run().swept == {"ledger": 5}


def test_what_cannot_be_removed_is_told_and_the_rest_goes(stage: Stage) -> None:
    stuck, free = a_done_task(stage, runs=0), a_done_task(stage, runs=0)
    # Not even root removes a folder by unlink.
    ledger_path(stage, stuck).unlink()
    a_run(stage, stuck, 1)
    a_run(stage, stuck, 2)
    (run_path(stage, stuck, 1) / "result.json").unlink()
    (run_path(stage, stuck, 1) / "result.json").mkdir()
    for path in (run_path(stage, stuck, 1) / "result.json", run_path(stage, stuck, 1)):
        age(path, OLD + 1)

    report = stage.run()

    assert report.exit_code == 1
    assert not ledger_path(stage, free).exists()


def crashes(base: Path) -> Iterator[tuple[Stage, TaskId, TaskId]]:
    for effect in range(1, 40):
        stage = a_swept_stage(base / str(effect))
        over, waits = a_done_task(stage), stage.server.create(queue="nobody")
        remember(stage, waits)
        a_run(stage, waits, 1)
        try:
            run_once(dying(stage.world(), Fuse(effect)))
        except Crash:
            yield stage, over, waits
        else:
            return


def test_a_sweep_that_was_cut_off_is_gone_on_with_and_takes_nothing_else(tmp_path: Path) -> None:
    for stage, over, waits in crashes(tmp_path):
        stage.run()
        for _ in range(2):
            tomorrow(stage)

        assert not ledger_path(stage, over).exists()
        assert not run_path(stage, over, 1).parent.exists()
        assert ledger_path(stage, waits).exists()
        assert runs_left(stage, waits) == [1]


def test_an_idle_pass_looks_at_nothing_but_the_stamp(stage: Stage) -> None:
    stage.run()

    assert not stage.attic().is_due(stage.clock.now())
