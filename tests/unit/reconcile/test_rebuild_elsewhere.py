"""Two machines over one folder: whose a garbled lease was, its owner file says (laws 1 and 4)."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fakes.stage import Stage
from tests.unit.reconcile.reclaim_scenes import TASK, a_running_stage, newest
from tests.unit.reconcile.test_rebuild import garble, lease_path


def say_owner(stage: Stage, **machine: str) -> None:
    """Into the owner file: a boot id that is not this machine's, and of the machine this alone."""
    path = lease_path(stage).with_suffix(".owner")
    owner = json.loads(path.read_text())
    del owner["machine_id"], owner["host"]
    owner["process"]["boot_id"] = "another-boot"
    path.write_text(json.dumps({**owner, **machine}))


def test_a_garbled_lease_of_another_machine_is_left_to_its_passes(tmp_path: Path) -> None:
    """Its boot id is no sign of a reboot, and its agent may be at work, however old the file."""
    stage = a_running_stage(tmp_path)
    say_owner(stage, machine_id="another", host="build-2")
    garble(stage)
    text = lease_path(stage).read_bytes()

    report = stage.run()
    stage.clock.advance(100_000)
    stage.run()

    assert [action.reason for action in report.tend] == ["unknown_host"]
    assert report.exit_code == 1
    assert any("another machine" in fault.hint and "release 1" in fault.hint for fault in report.faults)
    assert lease_path(stage).read_bytes() == text
    assert stage.server.task(TASK).status == "working"
    assert stage.processes.signals == []


def test_an_owner_file_of_an_older_program_is_taken_for_this_machines(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    say_owner(stage)
    stage.engine.die(newest(stage))
    garble(stage)

    stage.run()

    assert [past.kind for past in stage.ledger().outcomes] == ["interrupted"], "the machine was booted since"


def test_a_wrapper_names_its_machine_when_it_adopts(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)

    owner = stage.leases().owner(TASK)

    assert owner is not None
    assert (owner.machine_id, owner.host) == (stage.processes.host().machine_id, stage.processes.host().name)
