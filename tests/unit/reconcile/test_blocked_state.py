"""A part of the state folder that this user may not read: the rest is looked after (law 12)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import a_lease
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.looking import read_side
from tests.unit.reconcile.reclaim_scenes import TASK, a_running_stage, newest
from tinyscheduler.adapters.records import FileLeaseStore
from tinyscheduler.adapters.records.intents import FileIntents
from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import BrokenLease, Owner, StopOrder
from tinyscheduler.ports import IntentScan, World
from tinyscheduler.reconcile.look import look
from tinyscheduler.reconcile.observe import facts_or_trouble, moment
from tinyscheduler.reconcile.run import run_once

CLOSED = "state/intents: Permission denied"


class ClosedIntents(FileIntents):
    """A folder without rights, for whoever is not root."""

    def scan(self, most: int) -> IntentScan:
        raise StateError(CLOSED, hint="look at it")


class ClosedOwners(FileLeaseStore):
    """The same for owner files."""

    def owner(self, task_id: TaskId) -> Owner | None:
        raise StateError(f"{self._path(task_id, 'owner')}: Permission denied", hint="look at it")


def with_closed_intents(stage: Stage) -> World:
    places = stage.configuration.places
    return stage.world()._replace(intents=ClosedIntents(places.intents, places.quarantine))


def test_runs_are_looked_after_where_nobody_knows_what_is_asked(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stage.engine.die(newest(stage))

    report = run_once(with_closed_intents(stage))
    seen = look(read_side(stage, with_closed_intents(stage)))

    assert [(r.kind, r.result) for r in report.results] == [("reclaim", "done"), ("settle", "done")]
    assert (report.exit_code, [fault.message for fault in report.faults]) == (1, [CLOSED])
    assert isinstance(seen.runs, Known)
    assert [problem.message for problem in seen.state_faults] == [CLOSED]


def test_nothing_is_started_where_nobody_knows_what_is_asked(tmp_path: Path) -> None:
    """A stop may be among it (law 4)."""
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")

    run_once(with_closed_intents(stage))

    assert stage.server.task(TASK).status == "idle"


def test_a_lease_about_which_the_disk_says_nothing_more_is_named_by_its_owner_file(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    lease = a_lease(state="starting")
    world = stage.world()._replace(leases=ClosedOwners(stage.configuration.places.running, ""))

    found = facts_or_trouble(world, lease, moment(world))

    assert isinstance(found, BrokenLease)
    owner = f"{stage.configuration.places.running}/task_1.owner"
    assert (found.path, found.why) == (owner, "Permission denied")


@pytest.mark.parametrize("ending", ["owner", "stop"])
def test_a_folder_in_the_place_of_a_file_of_ours_is_set_aside_when_the_run_is_settled(
    tmp_path: Path, ending: str
) -> None:
    """It held its task for ever, because no folder can be unlinked."""
    stage = a_running_stage(tmp_path)
    place = Path(stage.configuration.places.running, f"task_1.{ending}")
    place.unlink(missing_ok=True)
    place.mkdir()
    (place / "note").write_text("mine")
    stage.engine.finish(newest(stage), "failed")

    report = stage.run()

    assert (report.exit_code, stage.lease()) == (0, None)
    (kept,) = Path(stage.configuration.places.quarantine).glob("taken-*")
    assert (kept / "note").read_text() == "mine"


def test_a_stop_is_a_stop_also_where_a_folder_has_the_name_of_its_file(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    place = Path(stage.configuration.places.running, "task_1.stop")
    place.mkdir()
    order = StopOrder(newest(stage).order.lease_id, "cancelled", "bob", stage.clock.now())

    stage.leases().ask_stop(TASK, order)

    assert stage.leases().stop_order(TASK) == order
