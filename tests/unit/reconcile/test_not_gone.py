"""Leases that say that nobody is at work while somebody is: edited, or damaged in one word (law 1)."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.intent_scenes import ask
from tests.unit.reconcile.reclaim_scenes import TASK, a_running_stage, agent_of, newest
from tinyscheduler.model.lease import Lease, LeaseState, Outcome
from tinyscheduler.model.policy import Policy


def edited(stage: Stage, state: LeaseState) -> Lease:
    """Under its living run."""
    lease = stage.leases().read(TASK)
    assert isinstance(lease, Lease)
    outcome = Outcome("interrupted", stage.clock.now()) if state == "finished" else None
    lease = lease._replace(state=state, outcome=outcome)
    stage.leases().write(lease)
    return lease


@pytest.mark.parametrize(("state", "kind"), [("finished", "interrupted"), ("claiming", "lost")])
def test_whoever_is_at_work_is_ended_before_the_task_is_given_back(
    tmp_path: Path, state: LeaseState, kind: str
) -> None:
    stage = a_running_stage(tmp_path)
    edited(stage, state)
    seen: list[str] = []
    stage.processes.on_wait = lambda: seen.append(stage.server.task(TASK).status)

    report = stage.run()

    assert stage.processes.living() == []
    assert set(seen) <= {"working"}
    assert [(r.kind, r.result, r.reason) for r in report.results] == [
        ("reclaim", "done", "not_gone"),
        ("settle", "done", kind),
    ]
    assert [past.kind for past in stage.ledger().outcomes] == [kind]
    assert stage.server.task(TASK).status == "idle"


@pytest.mark.parametrize("state", ["finished", "claiming"])
def test_what_cannot_be_ended_holds_the_task(tmp_path: Path, state: LeaseState) -> None:
    stage = a_running_stage(tmp_path)
    agent_of(newest(stage)).ignores = {signal.SIGTERM, signal.SIGKILL}
    lease = edited(stage, state)

    report = stage.run()

    assert report.exit_code == 1
    assert stage.leases().read(TASK) == lease
    assert stage.server.task(TASK).status == "working"


def test_who_cannot_be_ended_under_a_finished_lease_can_be_released(tmp_path: Path) -> None:
    """As the trouble of the pass says; and once it is given up, nobody waits for it any more."""
    stage = a_running_stage(tmp_path)
    agent_of(newest(stage)).ignores = {signal.SIGTERM, signal.SIGKILL}
    edited(stage, "finished")
    stage.run()
    stage.server.unavailable = True
    ask(stage, "release")
    stage.run()
    given_up = stage.leases().read(TASK)
    stage.server.unavailable = False

    stage.run()

    assert isinstance(given_up, Lease)
    assert given_up.is_given_up
    assert stage.leases().read(TASK) is None
    assert stage.server.task(TASK).status == "idle"


def test_wrapper_that_is_about_to_leave_is_waited_for_and_not_ended(tmp_path: Path) -> None:
    """Between its last word and its exec into a pass it still carries the tag."""
    stage = a_running_stage(tmp_path)
    wrapper = newest(stage)
    stage.processes.end(agent_of(wrapper).ref)
    edited(stage, "finished")
    stage.clock.on_sleep = lambda: setattr(wrapper.process, "tag", None)

    report = stage.run()

    assert stage.processes.signals == []
    assert stage.engine.is_alive(wrapper)
    assert [(r.kind, r.result) for r in report.results] == [("settle", "done")]


@pytest.mark.parametrize("state", ["finished", "running"])
def test_an_older_lease_that_is_put_back_costs_a_run_and_not_the_task(
    tmp_path: Path, state: LeaseState
) -> None:
    """From a backup, over the lease of the next run: its ledger still knows that run, and gives it back."""
    stage = a_stage(tmp_path, policy=Policy(retry_base_s=0))
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    older = edited(stage, "running")
    stage.engine.finish(newest(stage), "failed")
    stage.clock.advance(61)
    stage.run()
    current = stage.lease()
    outcome = Outcome("failed", stage.clock.now()) if state == "finished" else None
    stage.leases().write(older._replace(state=state, outcome=outcome))

    found: Lease | None = None
    for _ in range(8):
        stage.run()
        found = stage.lease()
        if found is not None and found.lease_id not in (older.lease_id, current.lease_id if current else ""):
            break
        stage.clock.advance(61)

    assert current is not None
    assert found is not None
    assert found.generation > current.generation > older.generation
    assert stage.server.task(TASK).status == "working"
    assert [past.kind for past in stage.ledger().outcomes] == ["failed", "lost"]
