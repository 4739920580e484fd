"""What a pass does that may not see its machine: a masked /proc, a machine without an id (law 4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import an_order
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.breaker_scenes import TASK
from tinyscheduler.errors import Blind
from tinyscheduler.model.lease import Lease
from tinyscheduler.reconcile.preview import preview
from tinyscheduler.wrapper.adoption import adopt
from tinyscheduler.wrapper.log import Log

BLIND = pytest.mark.parametrize(
    "hidden",
    [{"boot_id": ""}, {"pid_namespace": ""}, {"boot_id": "", "pid_namespace": ""}],
    ids=["no boot id", "no pid namespace", "no /proc"],
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """One task at work, and one more idle."""
    made = a_stage(tmp_path)
    made.engine.adopts_at_once = True
    made.server.create(queue="dev")
    made.run()
    made.server.create(queue="dev")
    return made


def changed(stage: Stage, **fields: str) -> Lease:
    lease = stage.lease()
    assert lease is not None
    other = lease._replace(**fields)  # type: ignore[arg-type]
    stage.leases().write(other)
    return other


@BLIND
def test_a_pass_that_cannot_see_changes_nothing(stage: Stage, hidden: dict[str, str]) -> None:
    before, working = stage.lease(), stage.server.task(TASK)
    stage.processes.put_blinkers_on(**hidden)
    stage.clock.advance(10_000)

    report = stage.run()

    assert (report.exit_code, [fault.reference for fault in report.faults]) == (1, ["machine-unseen"])
    assert (stage.lease(), stage.server.task(TASK)) == (before, working)
    assert stage.processes.signals == []
    assert len(stage.engine.wrappers) == 1


@BLIND
def test_a_dry_run_that_cannot_see_has_no_plan(stage: Stage, hidden: dict[str, str]) -> None:
    stage.processes.put_blinkers_on(**hidden)

    report = preview(stage.world())

    assert report.exit_code == 1
    assert (report.tend, report.start.starts, report.start.held) == ((), (), ())


def test_a_run_that_was_begun_by_somebody_blind_is_kept_and_told(stage: Stage) -> None:
    """An older program has put down an empty boot id: which is not another boot."""
    before = changed(stage, boot_id="")

    report = stage.run()

    assert report.exit_code == 1
    assert stage.lease() == before
    assert stage.processes.signals == []


def test_of_machines_without_an_id_the_name_tells_which_is_which(stage: Stage) -> None:
    stage.processes.put_blinkers_on(machine_id="")
    theirs = changed(stage, machine_id="", host="build-2", boot_id="boot-2")
    assert stage.run().exit_code == 1
    assert stage.lease() == theirs

    changed(stage, host=stage.processes.host().name)
    stage.run()

    assert [past.kind for past in stage.ledger().outcomes] == ["interrupted"]


def test_who_may_not_read_the_machines_id_leaves_the_runs_of_who_may(stage: Stage) -> None:
    before = stage.lease()
    stage.processes.put_blinkers_on(machine_id="", boot_id="boot-2")

    report = stage.run()

    assert report.exit_code == 1
    assert stage.lease() == before


@BLIND
def test_a_wrapper_that_cannot_see_takes_no_lease(tmp_path: Path, hidden: dict[str, str]) -> None:
    """Nobody could tell whether it lives."""
    stage = a_stage(tmp_path)
    stage.processes.put_blinkers_on(**hidden)
    order = an_order()

    with pytest.raises(Blind):
        adopt(order, leases=stage.leases(), processes=stage.processes, clock=stage.clock, log=Log(str))

    assert stage.leases().owner(order.task_id) is None
