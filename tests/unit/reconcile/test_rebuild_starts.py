"""Starts whose lease or owner file nobody can read: taken over late, or taken back (features B9, B10)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.intent_scenes import ask
from tests.unit.reconcile.reclaim_scenes import TASK, a_running_stage, agent_of, newest
from tests.unit.reconcile.test_rebuild import garble, lease_path
from tinyscheduler.model.lease import LeaseState, Owner
from tinyscheduler.model.policy import Policy


def a_starting_stage(base: Path) -> Stage:
    """A wrapper that has not adopted its lease, and a scheduler that starts nothing more."""
    stage = a_stage(base)
    stage.server.create(queue="dev")
    stage.run()
    off = Policy(is_enabled=False)
    return stage._replace(configuration=stage.configuration._replace(policy=off))


def test_a_slow_wrapper_may_still_adopt_a_start_whose_lease_was_rebuilt(tmp_path: Path) -> None:
    stage = a_starting_stage(tmp_path)
    garble(stage)

    stage.run()

    assert state(stage) == "starting"
    assert stage.engine.adopt(newest(stage))
    assert state(stage) == "running"


def test_a_start_that_nobody_adopts_is_revoked_behind_a_broken_lease(tmp_path: Path) -> None:
    stage = a_starting_stage(tmp_path)
    garble(stage)

    stage.clock.advance(31)
    stage.run()

    assert (stage.lease(), stage.processes.living()) == (None, [])
    assert stage.server.task(TASK).status == "idle"
    assert [past.is_spent for past in stage.ledger().outcomes] == [False]


def test_a_revocation_goes_on_behind_a_broken_lease(tmp_path: Path) -> None:
    stage = a_starting_stage(tmp_path)
    stage.leases().take(TASK, Owner(newest(stage).order.lease_id, "revoked", None))
    garble(stage)

    stage.run()

    assert (stage.lease(), stage.processes.living()) == (None, [])
    assert stage.server.task(TASK).status == "idle"


def test_a_claim_whose_wrapper_never_came_is_taken_back_behind_a_broken_lease(tmp_path: Path) -> None:
    stage = a_starting_stage(tmp_path)
    stage.engine.die(newest(stage))
    garble(stage)

    stage.clock.advance(61)
    stage.run()

    assert stage.lease() is None
    assert stage.server.task(TASK).status == "idle"
    assert stage.ledger().runs == 0


# --- owner files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_adopted", [True, False])
def test_an_unreadable_owner_file_does_not_hold_a_start_for_ever(tmp_path: Path, is_adopted: bool) -> None:
    stage = a_starting_stage(tmp_path)
    if is_adopted:
        stage.engine.take_owner(newest(stage))
    lease_path(stage).with_suffix(".owner").write_bytes(b"\xff")

    stage.run()

    assert (stage.lease(), stage.processes.living()) == (None, [])
    assert stage.server.task(TASK).status == "idle"
    assert [past.kind for past in stage.ledger().outcomes] == ["interrupted"]
    assert os.listdir(stage.configuration.places.running) == []


def test_an_unreadable_owner_file_does_not_keep_a_start_from_being_stopped(tmp_path: Path) -> None:
    stage = a_starting_stage(tmp_path)
    lease_path(stage).with_suffix(".owner").write_bytes(b"\xff")
    ask(stage, "stop")

    stage.run()

    assert (stage.lease(), stage.processes.living()) == (None, [])
    assert [past.kind for past in stage.ledger().outcomes] == ["cancelled"]


def test_an_unreadable_owner_file_is_no_matter_once_the_run_has_begun(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    lease_path(stage).with_suffix(".owner").write_bytes(b"\xff")

    report = stage.run()

    assert (report.exit_code, report.tend) == (0, ())
    assert agent_of(newest(stage)) in stage.processes.living()


def state(stage: Stage) -> LeaseState | None:
    lease = stage.lease()
    return None if lease is None else lease.state
