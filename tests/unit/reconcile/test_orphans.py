"""Whoever works without a lease is ended, and nobody else (features B9)."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.stage import Stage
from tests.unit.reconcile.reclaim_scenes import TASK, a_running_stage, agent_of, newest
from tests.unit.reconcile.test_lost import events
from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.lease import lease_tag
from tinyscheduler.reconcile.preview import preview
from tinyscheduler.reconcile.run import run_once


def remove_lease(stage: Stage, task_id: str = "1") -> None:
    """By hand, and the owner file with it."""
    for ending in ("json", "owner"):
        os.unlink(f"{stage.configuration.places.running}/task_{task_id}.{ending}")


def test_a_run_whose_lease_was_removed_is_ended_in_the_next_pass(tmp_path: Path) -> None:
    """Law 1: its task may be started again, and two agents would work on it."""
    stage = a_running_stage(tmp_path)
    remove_lease(stage)

    report = stage.run()

    assert [(r.kind, r.result, r.lease_id) for r in report.results] == [
        ("stop_orphan", "done", newest(stage).order.lease_id)
    ]
    assert stage.processes.living() == []
    assert "orphan_stopped" in events(stage)


def test_a_pass_that_has_ended_an_orphan_says_so_once(tmp_path: Path) -> None:
    """Its lease did not go by itself: whoever removed it should know what came of it."""
    stage = a_running_stage(tmp_path)
    remove_lease(stage)

    first, second = stage.run(), stage.run()

    assert [(fault.reference, "were ended" in fault.message) for fault in first.faults] == [("orphan", True)]
    assert (first.exit_code, second.exit_code) == (1, 0)


def test_an_agent_that_outlived_wrapper_and_lease_gets_its_grace_and_then_no_more(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    remove_lease(stage)
    stage.processes.end(newest(stage).process.ref)
    agent_of(newest(stage)).ignores.add(signal.SIGTERM)

    stage.run()

    pid = agent_of(newest(stage)).ref.pid
    assert stage.processes.signals == [(pid, signal.SIGTERM), (pid, signal.SIGKILL)]
    assert stage.processes.living() == []


def test_what_cannot_be_ended_is_reported_in_every_pass(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    remove_lease(stage)
    agent_of(newest(stage)).ignores |= {signal.SIGTERM, signal.SIGKILL}

    reports = [stage.run(), stage.run()]

    assert [report.exit_code for report in reports] == [1, 1]
    assert [{fault.reference for fault in report.faults} for report in reports] == [{"orphan"}] * 2
    assert [r.result for r in reports[1].results] == ["failed"]


def test_an_older_run_of_a_task_is_ended_although_the_task_has_a_lease(tmp_path: Path) -> None:
    """A forced release, or a lease that was put back from a copy: two generations must not work at once."""
    stage = a_running_stage(tmp_path)
    older = stage.processes.spawn(lease_tag(state_id(stage), TASK, LeaseId("0" * 16)))

    stage.run()

    assert older not in stage.processes.living()
    assert agent_of(newest(stage)) in stage.processes.living()


def test_strangers_are_left_alone(tmp_path: Path) -> None:
    """Another state folder's runs, a copy's runs among them, and who carries no tag or half of one."""
    stage = a_running_stage(tmp_path)
    mine = state_id(stage)
    tags = [
        "0123456789abcdef:1:0123456789abcdef",
        None,
        f"{mine}:",
        f"{mine}:1",
        f"x{mine}:1:a",
        f"{mine}:a/b:c:d",
    ]
    strangers = [stage.processes.spawn(tag) for tag in tags]

    stage.run()

    assert [s for s in strangers if s in stage.processes.living()] == strangers


def test_a_wrapper_that_drops_its_tag_a_moment_later_is_left_alone(tmp_path: Path) -> None:
    """Its lease was settled by another pass, and it is about to become a pass itself."""
    stage = a_running_stage(tmp_path)
    remove_lease(stage)
    becoming = newest(stage).process
    stage.processes.end(agent_of(newest(stage)).ref)
    stage.processes.on_wait = lambda: setattr(becoming, "tag", None)

    report = stage.run()

    assert becoming in stage.processes.living()
    assert [r.kind for r in report.results] == []


def test_a_lease_that_is_back_a_moment_later_saves_its_run(tmp_path: Path) -> None:
    """Somebody moves the folder, or restores it."""
    stage = a_running_stage(tmp_path)
    path = Path(stage.configuration.places.running) / "task_1.json"
    text = path.read_bytes()
    remove_lease(stage)
    stage.processes.on_wait = lambda: path.write_bytes(text)

    stage.run()

    assert agent_of(newest(stage)) in stage.processes.living()
    assert stage.lease() is not None


def test_a_run_whose_lease_is_in_another_folder_is_told_and_left_alone(tmp_path: Path) -> None:
    """RUNNING_DIR was changed while it ran; hours of work must not end by that."""
    stage = a_running_stage(tmp_path)
    places = stage.configuration.places._replace(running=f"{tmp_path}/elsewhere")
    moved = stage._replace(configuration=stage.configuration._replace(places=places))

    report = moved.run()

    assert agent_of(newest(stage)) in stage.processes.living()
    assert report.exit_code == 1
    assert "RUNNING_DIR" in report.faults[0].hint
    assert stage.run().exit_code == 0


def test_a_preview_tells_and_does_nothing(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    remove_lease(stage)

    report = preview(stage.world())

    assert [(type(action).__name__, action.reason) for action in report.tend] == [("StopOrphan", "no_lease")]
    assert {fault.reference for fault in report.faults} == {"orphan"}
    assert len(stage.processes.living()) == 2


def test_a_hundred_runs_without_a_lease_are_ended_in_a_pass_and_the_rest_in_the_next(tmp_path: Path) -> None:
    """Features A8: also a folder that vanished ends no more at once."""
    stage = a_running_stage(tmp_path, tasks=3, kills_max=2)
    for task_id in ("1", "2", "3"):
        remove_lease(stage, task_id)

    first, second = stage.run(), stage.run()

    assert [len(report.results) for report in (first, second)] == [2, 1]
    assert [report.limits for report in (first, second)] == [["2 kills in one pass"], []]


@pytest.mark.parametrize("effect", range(1, 12))
def test_a_pass_that_dies_meanwhile_leaves_the_rest_to_the_next(tmp_path: Path, effect: int) -> None:
    stage = a_running_stage(tmp_path)
    remove_lease(stage)
    agent_of(newest(stage)).ignores.add(signal.SIGTERM)
    fuse = Fuse(effect)
    with suppress(Crash):
        run_once(dying(stage.world(), fuse))

    stage.run()

    assert stage.processes.living() == [], fuse.effects


def state_id(stage: Stage) -> str:
    return stage.world().state.state_id()
