"""What a dry run, ``status`` and ``explain`` say of runs that the server shows otherwise, or that have lost
their lease: what the next pass does, without a single write (law 9)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.stage import Stage
from tests.unit.reconcile.desired_scenes import TASK, a_running_stage, edit, run_after
from tests.unit.reconcile.looking import read_side
from tests.unit.reconcile.test_other_data import with_other_data
from tinyscheduler.model.action import kind_of, task_of
from tinyscheduler.reconcile.look import look
from tinyscheduler.reconcile.look_at import look_at
from tinyscheduler.reconcile.preview import preview
from tinyscheduler.reconcile.report import Report
from tinyscheduler.views.explain import explain_tables
from tinyscheduler.views.problems import exit_code, problems


def a_reassigned_stage(base: Path, waits_s: tuple[float, ...]) -> Stage:
    stage = a_running_stage(base)
    edit(stage, assigned_to="a-person")
    run_after(stage, *waits_s)
    return stage


def a_lost_stage(base: Path, waits_s: tuple[float, ...]) -> Stage:
    stage = a_running_stage(base)
    stage.engine.die(stage.engine.newest())
    os.unlink(f"{stage.configuration.places.running}/task_1.json")
    run_after(stage, *waits_s)
    return stage


def foreseen(report: Report) -> list[tuple[str, str, str]]:
    return [(kind_of(action), task_of(action), action.reason) for action in report.tend]


def files(stage: Stage) -> dict[str, bytes]:
    root = Path(stage.configuration.places.state)
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("make", "planned"),
    [(a_reassigned_stage, ("reclaim", "1", "unwanted")), (a_lost_stage, ("settle", "1", "lost_task"))],
)
def test_a_dry_run_names_what_the_pass_after_it_does_and_writes_nothing(
    tmp_path: Path,
    make: Callable[[Path, tuple[float, ...]], Stage],
    planned: tuple[str, str, str],
) -> None:
    early, late = make(tmp_path / "early", (1, 60)), make(tmp_path / "late", (1, 60))
    late.clock.advance(61)
    for wrapper in late.engine.wrappers:
        if late.engine.is_alive(wrapper):
            late.engine.beat(wrapper)
    before, writes = files(late), late.server.writes

    assert foreseen(preview(early.world())) == []
    assert foreseen(preview(late.world())) == [planned]

    assert (files(late), late.server.writes) == (before, writes)
    done = [(row.kind, row.task_id, row.reason) for row in late.run().results if row.result == "done"]
    assert planned in done


def test_status_notes_a_drift_and_says_when_its_run_is_ended(tmp_path: Path) -> None:
    """A hand-over is no fault: nobody is to be called for it."""
    stage = a_reassigned_stage(tmp_path, (1,))

    found = problems(look(read_side(stage)))

    assert exit_code(found) == 0
    notes = [problem.message for problem in found if problem.reference == "drift"]
    assert len(notes) == 1
    assert "reassigned to a-person on the server since 12:00:01 UTC" in notes[0]
    assert "its run is ended at 12:02:01" in notes[0]


def test_what_no_pass_has_seen_may_be_a_run_that_ends_right_now_and_is_not_told(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    edit(stage, assigned_to="a-person")

    assert [problem for problem in problems(look(read_side(stage))) if problem.reference == "drift"] == []


def test_explain_says_what_the_server_shows_of_a_run(tmp_path: Path) -> None:
    stage = a_reassigned_stage(tmp_path, (1,))

    tables = explain_tables(look_at(read_side(stage), TASK))

    text = "\n".join(" ".join(row) for table in tables for row in table.rows)
    assert "reassigned to a-person on the server since" in text


def test_a_server_with_other_data_is_unknown_to_whoever_looks(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path, tasks=2)
    with_other_data(stage, 2)

    dry, seen = preview(stage.world()), look(read_side(stage))

    assert (dry.exit_code, dry.tend, dry.start.starts) == (3, (), ())
    assert exit_code(problems(seen)) == 3
    assert any("knows none of the 2 tasks in flight" in problem.message for problem in problems(seen))
