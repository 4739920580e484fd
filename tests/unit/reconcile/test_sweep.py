"""Once a day a pass removes what is old and over, and nothing that a task may still need."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import ago, an_open_run, parked_as
from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.reconcile import sweep
from tinyscheduler.reconcile.run import run_once

DAY = 86_400.0
OLD, YOUNG = 40.0, 10.0


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Swept yesterday."""
    return a_swept_stage(tmp_path)


def a_swept_stage(base: Path) -> Stage:
    stage = a_stage(base)
    stage.run()
    stage.attic().note_sweep(stage.clock.now() - timedelta(days=1))
    return stage


def a_done_task(stage: Stage, *, days: float = OLD, runs: int = 2) -> TaskId:
    """Complete on the server that long ago, with a ledger and run folders as old as that."""
    now = stage.clock.now()
    stage.server.now = lambda: now - timedelta(days=days)
    task_id = stage.server.create(queue="dev")
    stage.server.update(task_id, status="complete")
    stage.server.now = stage.clock.now
    remember(stage, task_id, days=days)
    for attempt in range(1, runs + 1):
        a_run(stage, task_id, attempt, days=days)
    return task_id


def remember(stage: Stage, task_id: TaskId, *, days: float = OLD) -> Ledger:
    task = stage.server.task(task_id)
    ledger = Ledger(task_id, stage.server.source, task.created_at, generation=2, runs=2)
    rewrite(stage, ledger, days=days)
    return ledger


def rewrite(stage: Stage, ledger: Ledger, *, days: float = OLD) -> None:
    stage.ledgers().write(ledger)
    age(ledger_path(stage, ledger.task_id), days)


def a_run(stage: Stage, task_id: TaskId, attempt: int, *, days: float = OLD) -> Path:
    folder = run_path(stage, task_id, attempt)
    folder.mkdir(parents=True)
    for name in ("order.json", "prompt.md", "output.log", "output.log.1", "result.json", "wrapper.log"):
        (folder / name).write_text("x")
        age(folder / name, days)
    age(folder, days)
    return folder


def run_path(stage: Stage, task_id: TaskId, attempt: int) -> Path:
    return Path(stage.configuration.places.runs) / f"task_{task_id}" / str(attempt)


def ledger_path(stage: Stage, task_id: TaskId) -> Path:
    return Path(stage.configuration.places.ledger) / f"task_{task_id}.json"


def age(path: Path, days: float) -> None:
    at = ago(days * DAY).timestamp()
    os.utime(path, (at, at))


def runs_left(stage: Stage, task_id: TaskId) -> list[int]:
    folder = run_path(stage, task_id, 1).parent
    return sorted(int(path.name) for path in folder.iterdir()) if folder.exists() else []


def record_of(stage: Stage) -> dict[str, object]:
    found = json.loads((Path(stage.configuration.places.passes) / "last.json").read_text())
    assert isinstance(found, dict)
    return found


def tomorrow(stage: Stage) -> None:
    stage.clock.advance(DAY)
    stage.run()


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


def test_a_day_is_swept_once(stage: Stage) -> None:
    stage.run()
    task_id = a_done_task(stage)

    stage.run()

    assert ledger_path(stage, task_id).exists()


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
