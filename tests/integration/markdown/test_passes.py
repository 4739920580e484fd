"""Passes over a folder of Markdown files: what people do to a file while its task is worked on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.stage import Stage, a_stage
from tinyscheduler.adapters.markdown import MarkdownTaskServer
from tinyscheduler.model.schedule import Schedule
from tinyscheduler.reconcile.report import Report

TEXT = "---\ntitle: One\nqueue: dev\n---\n\nDo it.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "tasks"
    place.mkdir()
    (place / "1-one.md").write_text(TEXT)
    return place


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.clock.step((datetime.now(UTC) - stage.clock.now()).total_seconds())
    return stage


def a_pass(stage: Stage, folder: Path) -> Report:
    """A minute later, in a process of its own."""
    stage.clock.advance(60)
    for wrapper in stage.engine.wrappers:
        if stage.engine.is_alive(wrapper):
            stage.engine.beat(wrapper)
    return stage.run(server=MarkdownTaskServer(str(folder), now=stage.clock.now))


def test_a_task_is_claimed_settled_and_left_alone(stage: Stage, folder: Path) -> None:
    a_pass(stage, folder)
    claimed = (folder / "1-one.md").read_text()
    stage.engine.finish(stage.engine.newest(), "succeeded")
    a_pass(stage, folder)
    a_pass(stage, folder)

    done = (folder / "1-one.md").read_text()
    assert ("status: working" in claimed, "assigned_to: dev-1" in claimed) == (True, True)
    assert "status: complete" in done
    assert done.count("attempt 1: succeeded") == 1
    assert stage.lease() is None
    assert len(stage.engine.wrappers) == 1


def test_a_result_waits_for_as_long_as_the_file_cannot_be_read(stage: Stage, folder: Path) -> None:
    """A person who is in the middle of an edit takes longer than three passes."""
    path = folder / "1-one.md"
    a_pass(stage, folder)
    whole = path.read_text()
    path.write_text(whole.replace("status: working", "status: work"))
    stage.engine.finish(stage.engine.newest(), "succeeded")

    reports = [a_pass(stage, folder) for _ in range(5)]
    held = stage.lease()
    path.write_text(whole)
    mended = a_pass(stage, folder)

    assert [report.exit_code for report in reports] == [3] * 5
    assert all("1-one.md" in fault.message for fault in reports[0].faults)
    assert held is not None
    assert (mended.exit_code, stage.lease()) == (0, None)
    assert "status: complete" in path.read_text()


def test_a_file_that_is_renamed_while_it_is_worked_on_is_the_same_task(stage: Stage, folder: Path) -> None:
    a_pass(stage, folder)
    (folder / "1-one.md").rename(folder / "parser.md")
    report = a_pass(stage, folder)
    stage.engine.finish(stage.engine.newest(), "succeeded")
    a_pass(stage, folder)

    assert report.exit_code == 0
    assert "status: complete" in (folder / "parser.md").read_text()
    assert len(stage.engine.wrappers) == 1


def test_a_folder_that_was_mounted_elsewhere_ends_no_run(stage: Stage, folder: Path) -> None:
    """Its place is empty for a while: unknown, not without tasks (law 4), and each pass says so."""
    a_pass(stage, folder)
    away = folder.rename(folder.with_name("away"))
    folder.mkdir()
    reports = [a_pass(stage, folder) for _ in range(4)]
    lease = stage.lease()
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()
    away.rename(folder)
    back = a_pass(stage, folder)

    assert lease is not None
    assert lease.state == "running"
    assert stage.engine.is_alive(stage.engine.newest())
    assert {report.exit_code for report in reports} <= {1, 3}
    assert back.exit_code == 0


def test_a_schedule_makes_one_file_for_each_time(stage: Stage, folder: Path) -> None:
    (folder / "1-one.md").unlink()
    schedule = Schedule("often", "Look around", every_s=3600, catch_up="once", queue="nobody")
    stage = stage._replace(configuration=stage.configuration._replace(schedules=(schedule,)))
    a_pass(stage, folder)
    stage.clock.advance(3600)
    for _ in range(3):
        a_pass(stage, folder)

    (made,) = folder.glob("*.md")
    assert made.name == "1-look-around.md"
    assert 'tags: ["schedule:often:' in made.read_text()
