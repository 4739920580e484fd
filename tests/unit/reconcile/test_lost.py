"""Runs whose lease is gone (features A10)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Status

TASK = TaskId("1")


def a_stage_whose_lease_was_removed(
    base: Path, *, agent_lives: bool = False, before: str | None = None, status: Status = "working"
) -> Stage:
    """By hand, while its agent ran. ``status``: what the server shows since."""
    stage = a_stage(base)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev", assigned_to=before)
    stage.run()
    os.unlink(f"{stage.configuration.places.running}/task_1.json")
    if not agent_lives:
        stage.engine.die(stage.engine.newest())
    if status == "idle":
        stage.server.update(TASK, status="idle", assigned_to="")
    return stage


def run_after(stage: Stage, *waits_s: float) -> None:
    for wait_s in waits_s:
        stage.clock.advance(wait_s)
        stage.run()


def held(stage: Stage) -> list[tuple[str, str]]:
    return [(hold.task_id, hold.reason) for hold in stage.run().start.held]


def events(stage: Stage) -> list[str]:
    folder = Path(stage.configuration.places.journal)
    return [
        json.loads(line)["event"]
        for path in sorted(folder.iterdir())
        for line in path.read_text().splitlines()
    ]


@pytest.mark.parametrize("status", ["idle", "working"])
def test_a_task_whose_lease_was_removed_waits_two_minutes_from_its_first_sight(
    tmp_path: Path, status: Status
) -> None:
    """Somebody may be copying the folder, or putting it back from a backup; the run may be days old."""
    stage = a_stage_whose_lease_was_removed(tmp_path, status=status)
    run_after(stage, 100_000, 119)

    assert held(stage) == [("1", "settling")]
    assert stage.server.task(TASK).status == status
    assert stage.ledger().open is not None


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_after_two_minutes_a_working_task_is_given_back_where_it_came_from(
    tmp_path: Path, before: str | None
) -> None:
    stage = a_stage_whose_lease_was_removed(tmp_path, before=before)
    run_after(stage, 0, 121)

    task = stage.server.task(TASK)
    assert (task.status, task.assigned_to) == ("idle", before)
    assert [past.kind for past in stage.ledger().outcomes] == ["lost"]
    assert events(stage).count("lost_task_found") == 1
    assert len([c for c in stage.server.comments(TASK) if "end of lease" in c.text]) == 1


def test_it_runs_again_as_a_new_generation(tmp_path: Path) -> None:
    stage = a_stage_whose_lease_was_removed(tmp_path)
    run_after(stage, 0, 121, 70)

    lease = stage.lease()
    assert lease is not None
    assert (lease.generation, lease.attempt) == (2, 2)
    assert len(stage.engine.wrappers) == 2


def test_a_task_that_somebody_has_set_idle_meanwhile_stays_as_they_left_it(tmp_path: Path) -> None:
    """As after any run: who idles a task has handed it over, which costs no attempt."""
    stage = a_stage_whose_lease_was_removed(tmp_path, status="idle")
    run_after(stage, 0, 121)

    assert [(past.kind, past.is_spent) for past in stage.ledger().outcomes] == [("handed_off", False)]
    assert events(stage).count("lost_task_found") == 1


def test_what_the_run_has_left_in_its_result_file_counts(tmp_path: Path) -> None:
    """The work is not done again (features B11)."""
    stage = a_stage_whose_lease_was_removed(tmp_path)
    result = stage.engine.newest().order.result
    Path(result).write_text(json.dumps({"status": "success", "summary": "built"}))
    run_after(stage, 0, 121)

    assert stage.server.task(TASK).status == "complete"
    assert [past.kind for past in stage.ledger().outcomes] == ["succeeded"]


def test_while_its_agent_lives_nothing_is_given_back_and_nothing_started(tmp_path: Path) -> None:
    """Law 1: the processes go first, and only then two minutes begin."""
    stage = a_stage_whose_lease_was_removed(tmp_path, agent_lives=True)
    for process in stage.processes.living():
        process.ignores |= {9, 15}
    run_after(stage, 10_000, 10_000)

    assert len(stage.engine.wrappers) == 1
    assert stage.server.task(TASK).status == "working"
    stage.engine.die(stage.engine.newest())
    run_after(stage, 0, 119)
    assert stage.server.task(TASK).status == "working"
    run_after(stage, 2)
    assert stage.server.task(TASK).status == "idle"


def test_a_lease_that_was_put_back_and_is_lost_again_has_two_new_minutes(tmp_path: Path) -> None:
    """Put back by another machine, so that this one leaves it alone."""
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.die(stage.engine.newest())
    path = Path(stage.configuration.places.running, "task_1.json")
    lease = json.loads(path.read_text())
    path.unlink()
    run_after(stage, 0, 100)
    path.write_text(json.dumps({**lease, "machine_id": "another"}))
    run_after(stage, 100)
    path.unlink()
    run_after(stage, 1, 100)

    assert stage.server.task(TASK).status == "working"
    assert stage.ledger().outcomes == ()


def test_a_server_that_is_away_changes_nothing(tmp_path: Path) -> None:
    stage = a_stage_whose_lease_was_removed(tmp_path)
    run_after(stage, 0)
    stage.server.unavailable = True
    run_after(stage, 121, 1000)
    assert stage.ledger().open is not None
    stage.server.unavailable = False

    run_after(stage, 0)

    assert [past.kind for past in stage.ledger().outcomes] == ["lost"]


def test_a_clock_that_is_stepped_makes_nothing_due(tmp_path: Path) -> None:
    stage = a_stage_whose_lease_was_removed(tmp_path)
    run_after(stage, 0)
    stage.clock.step(86_400)
    run_after(stage, 10)
    stage.clock.step(-172_800)
    run_after(stage, 10)

    assert stage.server.task(TASK).status == "working"
    run_after(stage, 121)
    assert stage.server.task(TASK).status == "idle"


def test_a_copied_folder_gives_back_nothing_of_the_original(tmp_path: Path) -> None:
    """The original may be on another machine, where nobody here can look."""
    stage = a_stage_whose_lease_was_removed(tmp_path)
    ledger = stage.ledger()
    assert ledger.open is not None
    stage.ledgers().write(ledger._replace(open=ledger.open._replace(tag="other:1:lease")))
    run_after(stage, 0, 1_000)

    report = stage.run()

    assert stage.server.task(TASK).status == "working"
    assert [(hold.task_id, hold.reason) for hold in report.start.held] == [("1", "working_elsewhere")]
    assert "requeue 1" in report.start.held[0].lever


# --- tasks that are none of ours ------------------------------------------------------------------------


def a_persons(stage: Stage) -> None:
    stage.server.create(queue="dev", assigned_to="dev-1", status="working")


def a_parents(stage: Stage) -> None:
    """Its status is its children's, which a person works on."""
    parent = stage.server.create(queue="dev", assigned_to="dev-1")
    stage.server.create(queue="elsewhere", assigned_to="a-person", parent=parent, status="working")


def a_nobodys_parent(stage: Stage) -> None:
    parent = stage.server.create(queue="dev")
    stage.server.create(queue="elsewhere", assigned_to="a-person", parent=parent, status="working")


def a_nobodys(stage: Stage) -> None:
    stage.server.create(queue="dev", status="working")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (a_persons, "working_elsewhere"),
        (a_parents, "working_elsewhere"),
        (a_nobodys_parent, "parent_open"),
        (a_nobodys, "working_elsewhere"),
    ],
)
def test_a_working_task_without_a_run_of_ours_is_never_touched(
    tmp_path: Path, make: Callable[[Stage], None], reason: str
) -> None:
    stage = a_stage(tmp_path)
    make(stage)
    before, writes = stage.server.task(TASK), stage.server.writes

    run_after(stage, *[10_000.0] * 20)

    assert stage.server.task(TASK) == before
    assert stage.server.writes == writes
    assert stage.engine.wrappers == []
    assert held(stage) == [("1", reason)]


def test_it_is_held_with_the_one_lever_that_takes_it_from_whoever_has_it(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    a_persons(stage)

    report = stage.run()

    assert report.exit_code == 0
    assert "tinyscheduler requeue 1 --reason" in report.start.held[0].lever


def test_what_is_remembered_of_a_lost_run_that_cannot_be_read_is_said_and_begun_anew(tmp_path: Path) -> None:
    stage = a_stage_whose_lease_was_removed(tmp_path)
    run_after(stage, 0)
    path = Path(stage.configuration.places.state) / "sightings.json"
    path.write_text("{")
    stage.clock.advance(121)

    report = stage.run()

    assert [str(path) in note for note in report.notes] == [True]
    assert report.exit_code == 0
    assert stage.server.task(TASK).status == "working"
    run_after(stage, 121)
    assert stage.server.task(TASK).status == "idle"
