"""Ending runs in spite of garbage, silence and processes that will not go (laws 1, 10 and 12)."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.unit.reconcile.reclaim_scenes import (
    TASK,
    a_running_stage,
    agent_of,
    newest,
)
from tinyscheduler.model.ids import TaskId


def test_a_process_that_survives_holds_task_and_slot_and_a_person_is_told(tmp_path: Path) -> None:
    """Law 1: kill, prove it gone, then requeue."""
    stage = a_running_stage(tmp_path)
    agent_of(newest(stage)).ignores.update({signal.SIGTERM, signal.SIGKILL})
    stage.clock.advance(46)

    reports = [stage.run() for _ in range(3)]

    assert [report.exit_code for report in reports] == [1, 1, 1]
    assert str(agent_of(newest(stage)).ref.pid) in reports[0].faults[0].message
    assert stage.server.task(TASK).status == "working"
    assert stage.lease() is not None
    agent_of(newest(stage)).ignores.clear()
    assert stage.run().exit_code == 0
    assert stage.server.task(TASK).status == "idle"


def test_one_lease_whose_owner_file_is_garbled_keeps_no_other_run_alive(tmp_path: Path) -> None:
    """Law 12: the others are dead and have to be seen to."""
    stage = a_running_stage(tmp_path, tasks=2)
    Path(stage.configuration.places.running, "task_1.owner").write_bytes(b"\xff{")
    for wrapper in stage.engine.wrappers:
        stage.engine.die(wrapper)

    report = stage.run()

    assert report.exit_code == 1
    assert stage.lease("2") is None
    assert stage.server.task(TaskId("2")).status == "idle"


def test_one_stop_file_that_cannot_be_written_keeps_no_other_run_alive(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path, tasks=2)
    os.mkdir(f"{stage.configuration.places.running}/task_1.stop")
    # Nor can the folder be set aside.
    Path(stage.configuration.places.quarantine).write_text("")
    stage.clock.advance(46)

    report = stage.run()

    assert report.exit_code == 1
    assert stage.lease("2") is None


def test_a_grace_that_was_garbled_does_not_hold_the_lock_for_ever(tmp_path: Path) -> None:
    """Design 6: any stored time beyond its own maximum is clamped; a pass takes 50 s at most."""
    stage = a_running_stage(tmp_path)
    lease = stage.lease()
    assert lease is not None
    stage.leases().write(lease._replace(grace_s=10**6))
    agent_of(newest(stage)).ignores.add(signal.SIGTERM)
    stage.clock.advance(46)
    before = stage.clock.monotonic()

    stage.run()

    assert stage.clock.monotonic() - before <= stage.configuration.policy.pass_limit_s


def test_a_server_that_is_down_stops_no_reclaim(tmp_path: Path) -> None:
    """Features B6: local facts and the kill need no server; only settling does."""
    stage = a_running_stage(tmp_path)
    stage.server.unavailable = True
    stage.clock.advance(46)

    report = stage.run()

    lease = stage.lease()
    assert report.exit_code == 3
    assert stage.processes.living() == []
    assert lease is not None
    assert lease.state == "finished"
    stage.server.unavailable = False
    assert stage.run().exit_code == 0
    assert stage.server.task(TASK).status == "idle"
    assert len(stage.server.comments(TASK)) == 1


def test_a_lease_that_vanished_while_its_processes_ended_is_told(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    path = f"{stage.configuration.places.running}/task_1.json"
    newest(stage).process.on_term = lambda: os.unlink(path)
    stage.clock.advance(46)

    report = stage.run()

    assert report.exit_code == 1
    assert stage.processes.living() == []
