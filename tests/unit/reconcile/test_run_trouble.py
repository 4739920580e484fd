"""What a pass meets and survives: silent servers, garbage, copies, slowness (features B6, laws 8 and 12)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.builders import a_lease, an_agent
from tests.fakes.stage import a_stage
from tinyscheduler.model.order import Order
from tinyscheduler.model.policy import Policy
from tinyscheduler.reconcile.run import run_once


def test_a_server_that_is_down_costs_exit_3_and_nothing_else(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(slots=2)])
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.finish(stage.engine.newest("1"))
    stage.server.unavailable = True

    report = stage.run()

    assert report.exit_code == 3
    assert stage.lease("1").state == "finished"  # type: ignore[union-attr]
    assert stage.lease("2").state == "running"  # type: ignore[union-attr]
    assert (report.start.starts, report.start.held) == ((), ())


def test_after_the_first_silence_the_server_is_asked_no_more(tmp_path: Path) -> None:
    """Features B6: otherwise a dead server costs a time limit for each lease, with the lock held."""
    stage = a_stage(tmp_path, agents=[an_agent(slots=9)], policy=Policy(max_parallel=9))
    stage.engine.adopts_at_once = True
    for _ in range(5):
        stage.server.create(queue="dev")
    stage.run()
    for wrapper in stage.engine.wrappers:
        stage.engine.finish(wrapper)
    asked: list[str] = []

    class Counting:
        def __getattr__(self, name: str) -> object:
            found: object = getattr(stage.server, name)
            if callable(found) and name not in ("hold", "sync"):  # which ask for nothing
                asked.append(name)
            return found

    stage.server.unavailable = True
    stage.run(server=Counting())  # type: ignore[arg-type]

    assert asked == ["get"]


def test_a_queue_that_fails_is_unknown_and_the_others_go_on(tmp_path: Path) -> None:
    """Features D7."""
    stage = a_stage(tmp_path, agents=[an_agent(queues=("dev", "qa"), slots=2)])
    stage.server.create(queue="dev")
    stage.server.create(queue="qa")
    stage.server.failing_queues = {"dev"}

    report = stage.run()

    assert report.exit_code == 3
    assert (stage.lease("1"), stage.lease("2") is not None) == (None, True)
    assert "queue dev" in report.faults[0].message


def test_a_broken_lease_costs_exit_1_and_holds_its_task(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(slots=2)])
    stage.run()
    stage.server.create(queue="dev")
    stage.server.create(queue="dev")
    running = Path(stage.configuration.places.running)
    (running / "task_1.json").write_bytes(b'{"task_id": 1')
    # With a ledger it could be rebuilt, or removed.
    (Path(stage.configuration.places.ledger) / "task_1.json").write_bytes(b"garbled")

    reports = [stage.run(), stage.run()]

    assert [report.exit_code for report in reports] == [1, 1]
    assert [(held.task_id, held.reason) for held in reports[0].start.held] == [("1", "leased")]
    assert (running / "task_1.json").read_bytes() == b'{"task_id": 1'
    assert len(os.listdir(stage.configuration.places.quarantine)) == 1
    assert stage.lease("2") is not None


def test_a_broken_ledger_holds_its_task_and_no_other(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(slots=2)])
    stage.server.create(queue="dev")
    stage.server.create(queue="dev")
    ledger = Path(stage.configuration.places.ledger)
    ledger.mkdir(parents=True)
    (ledger / "task_1.json").write_bytes(b"garbled")

    report = stage.run()

    assert [(held.task_id, held.reason) for held in report.start.held] == [("1", "ledger_unreadable")]
    assert stage.lease("2") is not None
    assert (ledger / "task_1.json").read_bytes() == b"garbled"


def test_a_ledger_that_breaks_while_its_task_runs_keeps_the_outcome_in_the_lease(tmp_path: Path) -> None:
    """Law 8: never started over."""
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.finish(stage.engine.newest(), "failed")
    ledger = Path(stage.configuration.places.ledger, "task_1.json")
    whole = ledger.read_bytes()
    ledger.write_bytes(whole[:100])

    codes = [stage.run().exit_code, stage.run().exit_code]
    waiting = stage.lease()
    ledger.write_bytes(whole)
    mended = stage.run()

    assert codes == [1, 1]
    assert waiting is not None
    assert mended.exit_code == 0
    assert [past.kind for past in stage.ledger().outcomes] == ["failed"]


def test_a_state_folder_that_cannot_be_opened_is_one_clear_line(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    (tmp_path / "state").write_text("not a folder")

    report = stage.run()

    assert report.exit_code == 1
    assert [fault.reference for fault in report.faults] == ["state"]
    assert report.faults[0].hint


def test_leases_that_cannot_be_listed_start_nothing(tmp_path: Path) -> None:
    """Law 12: a pass that cannot read its own state gives no verdict on others."""
    stage = a_stage(tmp_path)
    stage.run()
    stage.server.create(queue="dev")
    running = stage.configuration.places.running
    os.rmdir(running)
    os.symlink("running", running)

    report = stage.run()

    assert report.exit_code == 1
    assert stage.engine.wrappers == []


def test_a_pass_that_took_too_long_leaves_the_rest_to_the_next(tmp_path: Path) -> None:
    """Law 10: and says so."""
    stage = a_stage(tmp_path, agents=[an_agent(slots=5)])
    for _ in range(3):
        stage.server.create(queue="dev")
    world = stage.world()
    inner = world.engine

    class Slow:
        name = inner.name
        containment = inner.containment
        notices = inner.notices

        def start(self, order_path: str, order: Order, extra_env: Mapping[str, str]) -> str:
            stage.clock.advance(30)
            return inner.start(order_path, order, extra_env)

    report = run_once(world._replace(engine=Slow()))

    assert len(stage.engine.wrappers) == 2
    assert len(report.limits) == 1
    assert stage.lease("3") is None


def test_a_lease_of_another_server_is_never_settled_with_this_one(tmp_path: Path) -> None:
    """Ids are not global: task 1 of the other server is not task 1 here (design 5)."""
    stage = a_stage(tmp_path)
    stage.run()
    stage.server.create(queue="qa", assigned_to="dev-1", status="working")
    there = a_lease(state="finished")._replace(source="fake:2")
    stage.leases().create(there)
    writes = stage.server.writes

    report = stage.run()

    assert report.exit_code != 0
    assert stage.lease() == there
    assert stage.server.writes == writes


def test_a_copied_state_folder_is_told(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    state = Path(stage.configuration.places.state)
    state.rename(tmp_path / "original")
    shutil.copytree(tmp_path / "original", state)

    report = stage.run()

    assert any("copy" in note for note in report.notes)
    assert stage.processes.signals == []
