"""A server that was restarted over another database, while runs of the old one go on (law 4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.builders import an_outcome
from tests.fakes.stage import Stage
from tests.unit.reconcile.desired_scenes import TASK, a_running_stage, is_alive, kinds, run_after
from tests.unit.reconcile.intent_scenes import ask, pending
from tinyscheduler.model.ids import TaskId


def with_other_data(stage: Stage, count: int) -> Callable[[], None]:
    """Restarted over another database, which has other tasks under the same ids; takes it back."""
    tasks = [stage.server.task(TaskId(str(number))) for number in range(1, count + 1)]
    for task in tasks:
        other = task._replace(created_at=task.created_at + timedelta(days=1))
        stage.server.edit(other._replace(status="idle", assigned_to=None))

    def restore() -> None:
        for task in tasks:
            stage.server.edit(task)

    return restore


def test_a_server_that_knows_none_of_two_runs_has_other_data_and_nothing_is_done(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path, tasks=2)
    stage.server.create(queue="dev", assigned_to="dev-2")
    restore, writes = with_other_data(stage, 2), stage.server.writes
    started = len(stage.engine.wrappers)
    for _ in range(5):
        stage.clock.advance(40)
        for wrapper in stage.engine.wrappers:
            stage.engine.beat(wrapper)
        report = stage.run()
        assert report.exit_code == 3
        assert "knows none of the 2 tasks in flight" in report.faults[0].message

    assert (is_alive(stage, "1"), is_alive(stage, "2")) == (True, True)
    assert (stage.server.writes, len(stage.engine.wrappers)) == (writes, started)
    restore()
    assert stage.run().exit_code == 0
    assert kinds(stage) == []


def test_a_run_that_ends_meanwhile_keeps_its_outcome_until_the_data_is_back(tmp_path: Path) -> None:
    """A run whose task is not found is settled; here nothing is known, so nothing is."""
    stage = a_running_stage(tmp_path, tasks=2)
    restore = with_other_data(stage, 2)
    stage.engine.finish(stage.engine.newest("1"), "succeeded")
    run_after(stage, 1, 100, 100)
    lease = stage.lease("1")
    assert lease is not None
    assert lease.state == "finished"

    restore()
    run_after(stage, 1)

    assert stage.server.task(TASK).status == "complete"
    assert is_alive(stage, "2")


def test_who_has_deleted_both_tasks_on_purpose_stops_their_runs(tmp_path: Path) -> None:
    """The way out that the fault names."""
    stage = a_running_stage(tmp_path, tasks=2)
    for task_id in ("1", "2"):
        stage.server.delete(TaskId(task_id))
    stage.engine.end_with(stage.engine.newest("1"), an_outcome("cancelled"))
    run_after(stage, 1, 1)
    assert stage.lease("1") is not None, "one stop says nothing of the other task"
    stage.engine.end_with(stage.engine.newest("2"), an_outcome("cancelled"))
    run_after(stage, 1, 1)

    assert stage.lease("1") is None
    assert stage.lease("2") is None
    assert not is_alive(stage, "2")


def test_who_has_deleted_both_tasks_of_runs_that_are_over_asks_to_stop_them(tmp_path: Path) -> None:
    """One after the other, with passes in between: they ended by themselves, and were told to nobody yet."""
    stage = a_running_stage(tmp_path, tasks=2)
    for task_id in ("1", "2"):
        stage.server.delete(TaskId(task_id))
        stage.engine.finish(stage.engine.newest(task_id), "failed")
    run_after(stage, 1, 1)
    for task_id in ("1", "2"):
        assert stage.lease(task_id) is not None, "nobody has spoken for both yet"
        ask(stage, "stop", task_id)
        run_after(stage, 1)

    assert stage.lease("1") is None
    assert stage.lease("2") is None
    assert stage.run().exit_code == 0
    assert pending(stage) == []


def test_a_single_run_goes_on_while_the_server_has_other_data(tmp_path: Path) -> None:
    """What has run before is not known there either."""
    stage = a_running_stage(tmp_path, tasks=2)
    stage.engine.finish(stage.engine.newest("2"), "succeeded")
    run_after(stage, 1)
    stage.server.swap_data()
    codes = []
    for _ in range(5):
        run_after(stage, 40)
        codes.append(stage.run().exit_code)
    alive = is_alive(stage)
    stage.server.swap_data()
    run_after(stage, 1)

    assert codes == [3] * 5
    assert alive
    assert is_alive(stage)
    assert stage.server.task(TASK).status == "working"
    assert kinds(stage) == []


def test_a_single_run_whose_task_was_deleted_ends(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path, tasks=2)
    stage.engine.finish(stage.engine.newest("2"), "succeeded")
    run_after(stage, 1)
    stage.server.delete(TASK)

    run_after(stage, 1, 1)

    assert not is_alive(stage)
    assert stage.lease("1") is None
