"""A whole pass: its order, its exit codes, what it leaves alone (features A1, A5 to A7, B6)."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.builders import a_lease, an_agent
from tests.fakes.small_disk import a_small_disk, fill, relieve
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.adapters.runlock import FlockRunLock
from tinyscheduler.model.ids import QueueName, TaskId
from tinyscheduler.model.order import Order
from tinyscheduler.model.policy import Policy
from tinyscheduler.reconcile.run import LOOKS_MAX, run_once

TASK = TaskId("1")
MAY_CHANGE = ("tinyscheduler.lock", "passes/", "journal/", "logs/")
"""Features A1: lock text, pass record, journal, log."""


def contents(stage: Stage) -> dict[str, tuple[int, int, bytes]]:
    """Every file of the state folder that a quiet pass must leave alone: inode, mtime, content."""
    state = stage.configuration.places.state
    found = {}
    for where, _, names in os.walk(state):
        for name in names:
            path = os.path.join(where, name)
            relative = os.path.relpath(path, state)
            if not relative.startswith(MAY_CHANGE):
                status = os.stat(path)
                found[relative] = (status.st_ino, status.st_mtime_ns, Path(path).read_bytes())
    return found


def a_busy_stage(base: Path) -> Stage:
    """Tasks and leases of every kind that a pass may leave as they are."""
    stage = a_stage(base, agents=[an_agent(slots=2), an_agent("off-1", queues=("ops",), is_enabled=False)])
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev", priority=9)
    parked = stage.server.create(queue="dev", priority=8)
    for _ in range(3):
        stage.run()
        stage.engine.finish(stage.engine.newest(parked), "failed")
        stage.run()
        stage.clock.advance(600)
        stage.engine.beat(stage.engine.newest())
    blocker = stage.server.create(queue="dev", assigned_to="a-person")
    stage.server.create(queue="dev", blocked_by=blocker)
    stage.server.create(queue="ops")
    stage.run()
    return stage


def test_a_second_pass_over_an_unchanged_world_changes_nothing(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)
    stage.run()
    before, writes = contents(stage), stage.server.writes

    report = stage.run()

    assert report.results == []
    assert contents(stage) == before
    assert stage.server.writes == writes


def test_tending_comes_before_starting_so_a_free_slot_is_refilled_at_once(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.finish(stage.engine.newest())

    report = stage.run()

    assert [(r.kind, r.task_id, r.result) for r in report.results] == [
        ("settle", "1", "done"),
        ("start", "2", "done"),
    ]


def test_a_busy_lock_is_left_at_once_and_the_holder_is_asked_to_look_again(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    holder = stage.world().lock
    assert holder.acquire()

    report = stage.run()

    assert report.exit_code == 75
    assert holder.was_poked()
    holder.release()
    assert stage.engine.wrappers == []
    assert not os.path.exists(stage.configuration.places.format_file)


def test_a_pass_that_was_poked_looks_once_more(tmp_path: Path) -> None:
    """An agent that ends while a pass runs finds the lock busy; its slot is refilled all the same."""
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    world = stage.world()
    inner = world.engine

    class EndsAtOnce:
        name = inner.name

        def start(self, order_path: str, order: Order, extra_env: Mapping[str, str]) -> str:
            started = inner.start(order_path, order, extra_env)
            wrapper = stage.engine.newest(order.task_id)
            assert stage.engine.adopt(wrapper)
            stage.engine.finish(wrapper)
            if order.task_id == "1":
                stage.server.create(queue="dev")
            stage.world().lock.poke()
            return started

    report = run_once(world._replace(engine=EndsAtOnce()))

    assert [(r.kind, r.task_id) for r in report.results] == [
        ("start", "1"),
        ("settle", "1"),
        ("start", "2"),
        ("settle", "2"),
    ]


def test_a_pass_that_is_poked_for_ever_comes_to_an_end(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    world = stage.world()

    class PokesItself(FlockRunLock):
        looks = 0

        def release(self) -> None:
            super().release()
            type(self).looks += 1
            self.poke()

    places = stage.configuration.places
    run_once(world._replace(lock=PokesItself(places.lock_file, f"{places.state}/poke")))

    assert PokesItself.looks == LOOKS_MAX


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
            if callable(found):
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


# --- what is written down: A7, A9 -------------------------------------------------------------------


def records(stage: Stage) -> list[dict[str, object]]:
    passes = stage.configuration.places.passes
    names = [name for name in os.listdir(passes) if name.endswith(".jsonl")]
    return [json.loads(line) for name in names for line in Path(passes, name).read_text().splitlines()]


def events(stage: Stage) -> list[dict[str, object]]:
    journal = stage.configuration.places.journal
    return [
        json.loads(line)
        for name in sorted(os.listdir(journal))
        for line in Path(journal, name).read_text().splitlines()
    ]


def test_the_pass_record_has_counts_and_ids(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)

    stage.run()

    last = json.loads(Path(stage.configuration.places.passes, "last.json").read_text())
    assert last == records(stage)[-1]
    assert last["exit"] == 0
    assert (last["counts"]["scanned"], last["counts"]["held"]) == (1, 3)
    assert last["ids"]["blocked"] == [4]
    assert last["held"]["parked"] == {"count": 1, "ids": [2]}


def test_the_pass_record_names_twenty_ids_of_a_kind_at_most(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(queues=("dev", "ops"), slots=0)])
    for _ in range(30):
        stage.server.create(queue="ops")

    stage.run()

    held = records(stage)[-1]["held"]
    assert isinstance(held, dict)
    assert held["no_agent"]["count"] == 30
    assert len(held["no_agent"]["ids"]) == 20


def test_there_is_one_log_line_for_each_pass(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create("a title\nwith two lines pass_ended exit=0", queue="dev")
    stage.run()
    stage.run()

    logs = stage.configuration.places.logs
    (name,) = os.listdir(logs)
    lines = Path(logs, name).read_text().splitlines()
    assert len(lines) == 2
    assert all(" pass_ended " in line and "exit=0" in line for line in lines)


def test_the_journal_tells_the_life_of_a_run(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.finish(stage.engine.newest(), "failed")
    stage.run()

    told = [event["event"] for event in events(stage) if event.get("task_id") == 1]
    assert told == ["lease_created", "claim_won", "run_started", "task_settled", "task_requeued"]
    assert {event["generation"] for event in events(stage) if event.get("task_id") == 1} == {1}


def test_every_pass_that_began_has_ended_in_the_journal(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.run()
    stage.server.unavailable = True
    stage.run()

    told = [event["event"] for event in events(stage)]
    assert told == ["day_opened", "pass_began", "pass_ended", "pass_began", "pass_ended"]


def test_a_journal_that_cannot_be_written_fails_no_pass_and_is_told(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    stage.run()
    journal = Path(stage.configuration.places.journal)
    for name in os.listdir(journal):
        (journal / name).unlink()
    journal.rmdir()
    journal.write_text("in the way")

    report = stage.run()

    assert report.exit_code == 1
    assert [fault.reference for fault in report.faults] == ["journal"]


def test_a_pass_record_that_cannot_be_written_is_in_the_exit_code(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    os.makedirs(tmp_path / "state")
    (tmp_path / "state/passes").write_text("in the way")
    stage.server.create(queue="dev")

    report = stage.run()

    assert report.exit_code == 1
    assert stage.lease() is not None


@pytest.mark.parametrize("kind", ["failed", "lost", "killed"])
def test_how_agents_end_never_changes_the_code_of_a_pass(tmp_path: Path, kind: str) -> None:
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.finish(stage.engine.newest(), kind)  # type: ignore[arg-type]

    assert stage.run().exit_code == 0


def test_a_task_in_two_of_our_queues_names_is_fetched_once(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(queues=("dev", "qa"), slots=5)])
    stage.server.create(queue="dev", assigned_to="dev-1")

    report = stage.run()

    assert report.fetched == 1
    assert len(stage.engine.wrappers) == 1


def test_a_queue_cap_counts_what_runs_already(tmp_path: Path) -> None:
    policy = Policy(queue_caps=((QueueName("dev"), 1),))
    stage = a_stage(tmp_path, agents=[an_agent(slots=5)], policy=policy)
    stage.server.create(queue="dev")
    stage.server.create(queue="dev")

    stage.run()
    report = stage.run()

    assert len(stage.engine.wrappers) == 1
    assert [(held.task_id, held.reason) for held in report.start.held] == [("2", "queue_cap")]


# --- a full disk: B13 -------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with a_small_disk(tmp_path) as found:
        yield found


def a_stage_without_a_floor(base: Path) -> Stage:
    """It starts however little room there is."""
    stage = a_stage(base, policy=Policy(min_free_mb=0))
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    return stage


def test_a_disk_that_is_full_starts_nothing_and_says_so(disk: Path) -> None:
    stage = a_stage(disk)
    stage.server.create(queue="dev")

    report = stage.run()

    assert [held.reason for held in report.start.held] == ["disk"]
    assert stage.engine.wrappers == []


def test_a_start_on_a_disk_that_fills_up_leaves_the_task_to_others(disk: Path) -> None:
    stage = a_stage_without_a_floor(disk)
    stage.run()
    stage.engine.finish(stage.engine.newest())
    stage.run()
    second = stage.server.create(queue="dev")
    fill(disk)

    codes = [stage.run().exit_code, stage.run().exit_code]
    idle = stage.server.task(second)
    relieve(disk)
    report = stage.run()

    assert codes == [1, 1]
    assert (idle.status, idle.assigned_to) == ("idle", None)
    assert report.exit_code == 0
    assert stage.lease(second) is not None


def test_an_end_on_a_full_disk_is_settled_once_when_there_is_room(disk: Path) -> None:
    """Nothing is lost: the outcome waits in the lease."""
    stage = a_stage_without_a_floor(disk)
    stage.run()
    stage.engine.finish(stage.engine.newest(), "failed")
    fill(disk)

    codes = [stage.run().exit_code for _ in range(3)]
    waiting = stage.lease()
    relieve(disk)
    report = stage.run()

    assert codes == [1, 1, 1]
    assert waiting is not None
    assert report.exit_code == 0
    assert stage.lease() is None
    assert len(stage.server.comments(TASK)) == 1
    assert [past.kind for past in stage.ledger().outcomes] == ["failed"]
