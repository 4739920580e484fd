"""Starts whose claim is lost or unclear: what is left, and who gets the slot (laws 3 and 4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import an_agent
from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.flaky import Way, line_to
from tests.unit.reconcile.launch_scenes import (
    POOL_AND_ASSIGNED,
    TASK,
    a_stage_with_a_task,
    files_below,
)
from tinyscheduler.model.policy import Policy
from tinyscheduler.reconcile.run import run_once


@POOL_AND_ASSIGNED
def test_a_lost_claim_leaves_nothing_but_the_generation(tmp_path: Path, before: str | None) -> None:
    stage = a_stage_with_a_task(tmp_path, before)
    port, _ = line_to(
        stage.server, before=lambda write: stage.server.assign(TASK, "sue") if write == 1 else None
    )

    report = stage.run(server=port)

    assert report.exit_code == 0
    assert [(r.result, r.reason.split(":")[0]) for r in report.results] == [("held", "working_elsewhere")]
    assert stage.lease() is None
    assert (stage.ledger().open, stage.ledger().runs, stage.ledger().generation) == (None, 0, 1)
    assert files_below(f"{tmp_path}/state/runs") == []
    assert stage.engine.wrappers == []


def test_a_lost_claim_says_why_its_task_is_held(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)
    port, _ = line_to(
        stage.server, before=lambda write: stage.server.assign(TASK, "sue") if write == 1 else None
    )

    report = stage.run(server=port)

    (held,) = report.start.held
    assert (held.task_id, held.reason) == ("1", "working_elsewhere")
    assert "sue" in held.value


def test_the_slot_of_a_lost_claim_goes_to_the_next_task_in_the_same_pass(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)
    stage.server.create(queue="dev", priority=-1)
    port, _ = line_to(
        stage.server, before=lambda write: stage.server.assign(TASK, "sue") if write == 1 else None
    )

    report = stage.run(server=port)

    assert stage.lease("1") is None
    assert stage.lease("2") is not None
    assert [(r.task_id, r.result) for r in report.results] == [("1", "held"), ("2", "done")]


def test_a_task_that_was_started_is_not_reported_as_held(tmp_path: Path) -> None:
    """After a lost claim the rest is planned again; what this pass started is no news to it."""
    stage = a_stage_with_a_task(tmp_path, agents=[an_agent(slots=2)])
    stage.server.create(queue="dev", priority=1)
    port, _ = line_to(
        stage.server, before=lambda write: stage.server.assign(TASK, "sue") if write == 3 else None
    )

    report = stage.run(server=port)

    started = {r.task_id for r in report.results if r.result == "done"}
    assert started == {"2"}
    assert started & {held.task_id for held in report.start.held} == set()


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("way", ["not_applied", "applied"])
@pytest.mark.parametrize("at", [1, 2])
def test_an_unclear_claim_holds_task_and_slot_and_starts_nothing(
    tmp_path: Path, at: int, way: Way, before: str | None
) -> None:
    """Law 4."""
    stage = a_stage_with_a_task(tmp_path, before)
    port, _ = line_to(stage.server, at=at, way=way)

    report = stage.run(server=port)

    lease = stage.lease()
    assert lease is not None
    assert lease.state == "claiming"
    assert stage.engine.wrappers == []
    assert [r.result for r in report.results] == ["held"]


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("way", ["not_applied", "applied", "not_sent"])
@pytest.mark.parametrize("at", [1, 2])
def test_an_unclear_claim_is_cleared_up_by_later_passes(
    tmp_path: Path, at: int, way: Way, before: str | None
) -> None:
    stage = a_stage_with_a_task(tmp_path, before)
    stage.engine.adopts_at_once = True
    port, _ = line_to(stage.server, at=at, way=way)
    stage.run(server=port)

    for _ in range(4):
        stage.clock.advance(20)
        for wrapper in stage.engine.wrappers:
            stage.engine.beat(wrapper)
        stage.run()

    lease = stage.lease()
    assert lease is not None
    assert lease.state == "running"
    assert lease.claim.assigned_to_before == before
    assert len(stage.engine.wrappers) == 1


@POOL_AND_ASSIGNED
def test_a_claim_whose_second_half_lands_after_the_next_pass_is_not_lost(
    tmp_path: Path, before: str | None
) -> None:
    """The public server can stall for half a minute (tinytask 5)."""
    stage = a_stage_with_a_task(tmp_path, before, agents=[an_agent()])
    port, line = line_to(stage.server, at=2, way="late")
    stage.run(server=port)
    stage.clock.advance(5)
    paused = stage._replace(configuration=stage.configuration._replace(policy=Policy(is_enabled=False)))
    paused.run()
    line.land()

    for _ in range(6):
        stage.clock.advance(20)
        paused.run()

    assert stage.server.task(TASK).status == "idle"


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("is_stepped", [False, True], ids=["slow", "clock-stepped"])
def test_a_claim_that_was_sent_late_is_waited_for_as_long(
    tmp_path: Path, before: str | None, is_stepped: bool
) -> None:
    """The laptop slept, the disk stood still or the clock was set between the ledger and the call: the
    minute in which the call may still arrive begins when it is found unanswered."""
    stage = a_stage_with_a_task(tmp_path, before, agents=[an_agent()])
    wait = stage.clock.step if is_stepped else stage.clock.advance
    port, line = line_to(stage.server, at=2, way="late", before=lambda _number: wait(600))
    stage.run(server=port)
    wait(600 if is_stepped else 30)
    paused = stage._replace(configuration=stage.configuration._replace(policy=Policy(is_enabled=False)))
    paused.run()
    assert stage.lease() is not None
    line.land()

    for _ in range(4):
        stage.clock.advance(20)
        paused.run()

    assert stage.lease() is None
    assert stage.server.task(TASK).status == "idle"


def test_a_claim_that_was_never_sent_gives_nothing_back(tmp_path: Path) -> None:
    """The pass died between lease and ledger, then a human gave the task to that very agent."""
    stage = a_stage_with_a_task(tmp_path)
    fuse = Fuse(3)
    with pytest.raises(Crash):
        run_once(dying(stage.world(), fuse))
    assert fuse.effects[-1] == "leases.create"
    stage.server.assign(TASK, "dev-1")
    off = stage._replace(configuration=stage.configuration._replace(policy=Policy(is_enabled=False)))

    off.run()

    assert stage.lease() is None
    assert stage.server.task(TASK).assigned_to == "dev-1"
