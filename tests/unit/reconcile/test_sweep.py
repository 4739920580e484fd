"""Once a day a pass removes what is old and over, and nothing that a task may still need."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import an_open_run, parked_as
from tests.fakes.stage import Stage
from tests.unit.reconcile.sweep_scenes import (
    DAY,
    OLD,
    YOUNG,
    a_done_task,
    a_run,
    a_swept_stage,
    age,
    ledger_path,
    record_of,
    remember,
    rewrite,
    run_path,
    runs_left,
    tomorrow,
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Swept yesterday."""
    return a_swept_stage(tmp_path)


def test_a_task_that_is_long_over_is_forgotten_its_newest_run_last(stage: Stage) -> None:
    task_id = a_done_task(stage)

    report = stage.run()

    assert not ledger_path(stage, task_id).exists()
    assert runs_left(stage, task_id) == [2]
    assert (report.exit_code, report.swept) == (0, {"run": 1, "ledger": 1})

    tomorrow(stage)

    assert not run_path(stage, task_id, 1).parent.exists()


def test_what_was_removed_is_in_the_record_and_the_journal_and_else_is_not(stage: Stage) -> None:
    a_done_task(stage)

    stage.run()

    record = record_of(stage)
    assert record["swept"] == {"run": 1, "ledger": 1}
    assert isinstance(record["counts"], dict)
    assert record["counts"]["swept"] == 2
    journal = "".join(path.read_text() for path in Path(stage.configuration.places.journal).iterdir())
    assert journal.count('"old_files_swept"') == 1

    stage.run()

    record = record_of(stage)
    assert "swept" not in record
    assert isinstance(record["counts"], dict)
    assert "swept" not in record["counts"]


def test_journals_records_and_logs_are_kept_for_thirty_days(stage: Stage) -> None:
    """Today's and those of the thirty days before it."""
    notes = Path(stage.configuration.places.logs) / "notes.txt"
    notes.write_text("somebody's")

    for _ in range(40):
        tomorrow(stage)

    places = stage.configuration.places
    first = f"{stage.clock.now() - timedelta(days=30):%Y%m%d}"
    for folder, head in (
        (places.journal, "journal_"),
        (places.passes, "passes_"),
        (places.logs, "scheduler_"),
    ):
        names = sorted(name for name in os.listdir(folder) if name.startswith(head))
        assert len(names) == 31
        assert names[0].startswith(head + first)
    assert notes.exists()


def test_a_task_that_was_completed_lately_keeps_everything_for_its_month(stage: Stage) -> None:
    """Failed 40 days ago, completed by a person 10 days ago."""
    task_id = a_done_task(stage, days=YOUNG, runs=0)
    remember(stage, task_id, days=OLD)
    a_run(stage, task_id, 1, days=OLD)

    stage.run()
    stage.clock.advance(19 * DAY)
    stage.attic().note_sweep(stage.clock.now() - timedelta(days=1))
    stage.run()

    assert ledger_path(stage, task_id).exists()
    assert runs_left(stage, task_id) == [1]

    for _ in range(3):
        tomorrow(stage)

    assert not ledger_path(stage, task_id).exists()
    assert runs_left(stage, task_id) == []


@pytest.mark.parametrize("status", ["idle", "working"])
def test_a_task_that_is_not_complete_keeps_its_ledger_and_its_newest_run(stage: Stage, status) -> None:
    task_id = stage.server.create(queue="nobody", assigned_to="a-person")
    stage.server.update(task_id, status=status)
    remember(stage, task_id)
    a_run(stage, task_id, 1)
    a_run(stage, task_id, 2)
    age(run_path(stage, task_id, 1), OLD + 1)

    stage.run()
    tomorrow(stage)

    assert ledger_path(stage, task_id).exists()
    assert runs_left(stage, task_id) == [2]


def test_parked_open_and_unreadable_ledgers_stay_and_nobody_is_asked(stage: Stage) -> None:
    parked, opened, broken = (a_done_task(stage, runs=1) for _ in range(3))
    rewrite(stage, stage.ledger(parked)._replace(parked=parked_as(stage.server.task(parked))))
    rewrite(stage, stage.ledger(opened)._replace(open=an_open_run(unclear_s=None)))
    ledger_path(stage, broken).write_text("{")
    age(ledger_path(stage, broken), OLD)

    stage.run()

    assert all(ledger_path(stage, task_id).exists() for task_id in (parked, opened, broken))
    assert [runs_left(stage, task_id) for task_id in (parked, opened, broken)] == [[1], [1], [1]]


def test_a_running_task_keeps_the_run_it_is_in(stage: Stage) -> None:
    task_id = stage.server.create(queue="dev")
    stage.run()
    a_run(stage, task_id, 7, days=OLD + 1)
    for name in ("order.json", "prompt.md"):
        path = run_path(stage, task_id, 1) / name
        if path.exists():
            age(path, OLD)
    age(run_path(stage, task_id, 1), OLD)
    age(ledger_path(stage, task_id), OLD)
    stage.engine.beat(stage.engine.newest())
    stage.attic().note_sweep(stage.clock.now() - timedelta(days=1))

    stage.run()

    assert ledger_path(stage, task_id).exists()
    assert runs_left(stage, task_id) == [1]


def test_a_deleted_task_is_over(stage: Stage) -> None:
    task_id = a_done_task(stage, runs=0)
    stage.server.delete(task_id)

    stage.run()

    assert not ledger_path(stage, task_id).exists()


def test_somebodys_files_in_a_run_folder_stay(stage: Stage) -> None:
    task_id = a_done_task(stage, runs=2)
    work = run_path(stage, task_id, 1) / "notes.txt"
    work.write_text("mine")
    age(work.parent, OLD + 1)

    stage.run()

    assert work.read_text() == "mine"
    assert not (work.parent / "output.log").exists()
