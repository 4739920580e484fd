"""A lease that nobody can read is mended by whoever may, from what else is known of its run (features B9,
law 8)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.reclaim_scenes import TASK, a_running_stage, agent_of, newest
from tests.unit.reconcile.test_lost import events
from tinyscheduler.model.policy import Policy
from tinyscheduler.reconcile.preview import preview


def lease_path(stage: Stage) -> Path:
    return Path(stage.configuration.places.running) / "task_1.json"


def garble(stage: Stage, *, age_s: float = 1e6) -> None:
    """Long ago, so that the wrapper has had its chance."""
    path = lease_path(stage)
    path.write_bytes(b'{"task_id": 1, "pi')
    touched_s = stage.clock.now().timestamp() - age_s
    os.utime(path, (touched_s, touched_s))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def rubbish(path: Path) -> None:
    path.write_bytes(os.urandom(1000) * 2_000)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "note.txt").write_text("mine")


def link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def another_tasks(path: Path) -> None:
    path.write_bytes(
        path.read_bytes().replace(b'"task_id": 1', b'"task_id": 2').replace(b'"task_id":1', b'"task_id":2')
    )


DAMAGES = (empty, rubbish, folder, link, another_tasks)


def kinds(stage: Stage) -> list[tuple[str, str, str]]:
    return [(result.kind, result.result, result.reason) for result in stage.run().results]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_dead_run_behind_a_broken_lease_is_reclaimed_in_the_same_pass(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    stage = a_running_stage(tmp_path)
    stage.engine.die(newest(stage))
    damage(lease_path(stage))

    report = stage.run()

    assert [(result.kind, result.result) for result in report.results] == [
        ("rebuild", "done"),
        ("reclaim", "done"),
        ("settle", "done"),
    ]
    assert stage.server.task(TASK).status == "idle"
    assert [past.kind for past in stage.ledger().outcomes] == ["lost"]
    assert stage.lease() is None
    assert os.listdir(stage.configuration.places.quarantine) != []
    assert "lease_rebuilt" in events(stage)
    assert report.exit_code == 1, "somebody should look at the disk"
    assert stage.run().exit_code == 0


def test_a_folder_in_a_leases_place_is_kept_with_all_that_is_in_it(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    folder(lease_path(stage))

    stage.run()

    (kept,) = Path(stage.configuration.places.quarantine).iterdir()
    assert (kept / "note.txt").read_text() == "mine"


@pytest.mark.parametrize("damage", [empty, rubbish, link, another_tasks])
def test_a_wrapper_that_lives_is_left_to_mend_its_lease(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """Law 6: it is the one writer. What it cannot write over is mended for it."""
    stage = a_running_stage(tmp_path)
    before = stage.lease()
    damage(lease_path(stage))
    now_s = stage.clock.now().timestamp()
    os.utime(lease_path(stage), (now_s, now_s), follow_symlinks=False)

    stage.clock.advance(45)
    report = stage.run()

    assert [(a.reason) for a in report.tend] == ["wrapper_mends_it"]
    assert agent_of(newest(stage)) in stage.processes.living()
    assert before is not None
    stage.leases().write(before)
    assert stage.run().exit_code == 0


def test_the_same_agent_goes_on_under_a_lease_that_was_a_folder(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    before = stage.lease()
    folder(lease_path(stage))

    stage.run()
    rebuilt = stage.lease()
    stage.engine.beat(newest(stage))
    stage.run()

    assert before is not None
    assert rebuilt is not None
    assert (rebuilt.lease_id, rebuilt.generation, rebuilt.attempt, rebuilt.claim, rebuilt.wrapper) == (
        before.lease_id,
        before.generation,
        before.attempt,
        before.claim,
        before.wrapper,
    )
    assert agent_of(newest(stage)) in stage.processes.living()


def test_what_the_order_says_of_limits_comes_back(tmp_path: Path) -> None:
    agents = [an_agent()._replace(hard_limit_s=77, soft_limit_s=55)]
    stage = a_stage(tmp_path, agents=agents, policy=Policy(heartbeat_interval_s=7, grace_s=3))
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    before = stage.lease()
    folder(lease_path(stage))
    later = Policy(heartbeat_interval_s=20, grace_s=9, is_enabled=False)
    stage = stage._replace(configuration=stage.configuration._replace(policy=later, agents=(an_agent(),)))

    stage.run()

    rebuilt = stage.lease()
    assert before is not None
    assert rebuilt is not None
    for name in (
        "heartbeat_interval_s",
        "hard_limit_s",
        "soft_limit_s",
        "grace_s",
        "workspace",
        "run_folder",
    ):
        assert getattr(rebuilt, name) == getattr(before, name), name


def test_a_wrapper_that_hangs_behind_a_broken_lease_is_ended_when_it_does_not_beat(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    garble(stage)

    first = kinds(stage)
    stage.clock.advance(46)
    second = kinds(stage)

    assert first == [("rebuild", "done", "run_open")]
    assert ("reclaim", "done", "heartbeat_stale") in second
    assert stage.processes.living() == []


def test_an_agent_that_outlived_its_wrapper_is_ended_before_its_task_goes_back(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stage.processes.end(newest(stage).process.ref)
    garble(stage)

    stage.run()

    assert stage.processes.living() == []
    names = events(stage)
    assert names.index("lease_rebuilt") < names.index("tree_gone") < names.index("task_requeued")


def test_a_result_file_counts_behind_a_broken_lease(tmp_path: Path) -> None:
    """Features B11: also when the owner file is gone as well."""
    stage = a_running_stage(tmp_path)
    Path(newest(stage).order.result).write_text('{"status": "success", "summary": "done"}')
    stage.engine.die(newest(stage))
    garble(stage)
    lease_path(stage).with_suffix(".owner").unlink()

    stage.run()

    assert stage.server.task(TASK).status == "complete"


# --- nothing behind it ------------------------------------------------------------------------------


def test_a_broken_lease_that_stands_for_nothing_goes_to_quarantine(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stage.engine.finish(newest(stage))
    stage.run()
    generation = stage.ledger().generation
    lease_path(stage).write_bytes(b"garbled")

    report = stage.run()

    assert [(r.kind, r.result, r.reason) for r in report.results] == [("discard", "done", "no_open_run")]
    assert not lease_path(stage).exists()
    assert stage.ledger().generation == generation + 1, "it may have been another lease's"
    assert events(stage)[-2:] == ["lease_undone", "pass_ended"], "a replay of the journal has no lease either"
    assert b"garbled" in [p.read_bytes() for p in Path(stage.configuration.places.quarantine).iterdir()]
    assert report.exit_code == 1
    assert stage.run().exit_code == 0


def test_who_works_behind_a_lease_that_stands_for_nothing_is_ended_first(tmp_path: Path) -> None:
    """Ledger and lease are lost, and the agent lives."""
    stage = a_running_stage(tmp_path)
    garble(stage)
    (Path(stage.configuration.places.ledger) / "task_1.json").unlink()

    first, second = kinds(stage), kinds(stage)

    assert [row[:2] for row in first] == [("stop_orphan", "done")]
    assert [row[:2] for row in second] == [("discard", "done")]
    assert stage.processes.living() == []


def test_nothing_is_done_when_the_ledger_is_broken_too(tmp_path: Path) -> None:
    """Nobody is left who could say what was taken from whom: a person has to (law 8)."""
    stage = a_running_stage(tmp_path)
    stage.engine.die(newest(stage))
    garble(stage)
    text = lease_path(stage).read_bytes()
    (Path(stage.configuration.places.ledger) / "task_1.json").write_bytes(b"garbled")

    reports = [stage.run(), stage.run()]

    assert [report.exit_code for report in reports] == [1, 1]
    assert lease_path(stage).read_bytes() == text
    assert any("tinyscheduler release 1" in fault.hint for fault in reports[0].faults)


def test_a_preview_says_what_becomes_of_broken_leases_and_writes_nothing(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stage.engine.die(newest(stage))
    garble(stage)
    text = lease_path(stage).read_bytes()

    report = preview(stage.world())

    assert [(type(action).__name__, action.reason) for action in report.tend] == [("Rebuild", "run_open")]
    assert [fault.reference for fault in report.faults] == ["lease-unreadable"]
    assert lease_path(stage).read_bytes() == text
    assert not Path(stage.configuration.places.quarantine).exists()
