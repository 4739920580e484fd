"""Starts that cannot be, and wrappers that are late, stubborn or kept out (laws 1 and 12)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.builders import a_pause, an_agent
from tests.fakes.flaky import line_to
from tests.fakes.stage import a_stage
from tests.unit.planner.intent_scenes import an_intent
from tests.unit.reconcile.launch_scenes import (
    POOL_AND_ASSIGNED,
    TASK,
    a_stage_with_a_task,
    read,
)
from tinyscheduler.model.agent import EnvValue
from tinyscheduler.model.ids import QueueName
from tinyscheduler.model.intent import IntentKind
from tinyscheduler.model.pause import Pause
from tinyscheduler.model.policy import Policy


@POOL_AND_ASSIGNED
def test_a_wrapper_that_cannot_be_started_is_undone_and_waits_a_minute(
    tmp_path: Path, before: str | None
) -> None:
    stage = a_stage_with_a_task(tmp_path, before)
    stage.engine.fail_starts = True

    report = stage.run()

    task = stage.server.task(TASK)
    assert report.exit_code == 1
    assert [r.result for r in report.results] == ["failed"]
    assert (task.status, task.assigned_to) == ("idle", before)
    assert stage.lease() is None
    assert [past.kind for past in stage.ledger().outcomes] == ["start_failed"]
    stage.engine.fail_starts = False
    stage.clock.advance(59)
    assert stage.run().results == []
    stage.clock.advance(8)
    assert [r.result for r in stage.run().results] == ["done"]


@pytest.mark.parametrize(
    ("source", "why"),
    [({"inherit": "NOT_THERE"}, "NOT_THERE, which is not set"), ({"file": "/no/key"}, "file /no/key, which")],
)
def test_an_agent_whose_secret_is_missing_is_given_nothing_and_says_so(
    tmp_path: Path, source: dict[str, str], why: str
) -> None:
    """In the plan already: the next pass would not do what a preview says."""
    agent = an_agent()._replace(env=(EnvValue("API_KEY", **source),))
    stage = a_stage_with_a_task(tmp_path, agents=[agent])

    report = stage.run()

    held = report.start.held[0]
    assert (report.exit_code, held.reason) == (1, "no_recipe")
    assert why in held.value
    assert "file" in held.lever or "right" in held.lever
    assert why in report.faults[0].message
    assert stage.lease() is None
    assert stage.server.task(TASK).status == "idle"


def test_the_others_of_its_queue_work_on(tmp_path: Path) -> None:
    """And the one that cannot is told of all the same."""
    bad = an_agent("bad-1")._replace(env=(EnvValue("API_KEY", inherit="NOT_THERE"),))
    stage = a_stage_with_a_task(tmp_path, agents=[bad, an_agent("good-1")])

    report = stage.run()

    assert [(r.result, r.agent) for r in report.results] == [("done", "good-1")]
    assert [fault.reference for fault in report.faults] == ["agent-unready"]


@pytest.mark.parametrize(
    "trouble", ["workspace is a file", "workspace cannot be made", "run folder is a link"]
)
def test_one_task_that_cannot_start_is_no_reason_for_the_others_not_to(tmp_path: Path, trouble: str) -> None:
    """Law 12. The agent with the trouble is first in line and would be first in every pass."""
    (tmp_path / "file").write_text("")
    workspace = {"workspace is a file": "file", "workspace cannot be made": "file/below"}.get(trouble)
    bad = an_agent("bad-1", workspace=None if workspace is None else str(tmp_path / workspace))
    good = an_agent("good-1", queues=("qa",))
    stage = a_stage(tmp_path, agents=[bad, good])
    stage.server.create(queue="dev", priority=9)
    stage.server.create(queue="qa")
    if trouble == "run folder is a link":
        os.makedirs(tmp_path / "state/runs", mode=0o700)
        os.symlink(tmp_path, tmp_path / "state/runs/task_1")

    report = stage.run()

    assert report.exit_code == 1
    assert stage.lease("1") is None
    assert stage.lease("2") is not None
    assert stage.server.task(TASK).status == "idle"


@POOL_AND_ASSIGNED
def test_estop_that_comes_during_the_claim_starts_nothing(tmp_path: Path, before: str | None) -> None:
    """Design 6: look again directly before the process."""
    stage = a_stage_with_a_task(tmp_path, before)
    port, _ = line_to(stage.server, before=lambda write: stage.estop() if write == 2 else None)

    report = stage.run(server=port)

    task = stage.server.task(TASK)
    assert stage.engine.wrappers == []
    assert stage.lease() is None
    assert (task.status, task.assigned_to) == ("idle", before)
    assert [held.reason for held in report.start.held] == ["estop"]


@pytest.mark.parametrize(
    "pause",
    [a_pause(), a_pause("queue", "dev"), a_pause("agent", "dev-1"), a_pause("task", TASK)],
    ids=lambda pause: pause.scope,
)
def test_pause_that_comes_during_the_claim_starts_nothing(tmp_path: Path, pause: Pause) -> None:
    """Features E1: it holds from the instant at which it is given."""
    stage = a_stage_with_a_task(tmp_path)
    pauses = stage.world().pauses
    port, _ = line_to(stage.server, before=lambda write: pauses.write(pause) if write == 2 else None)

    report = stage.run(server=port)
    again = stage.run()
    pauses.remove(pause)
    after = stage.run()

    task = stage.server.task(TASK)
    assert [held.reason for held in report.start.held] == ["paused"]
    assert ([held.reason for held in again.start.held], again.results) == (["paused"], [])
    assert [result.kind for result in after.results] == ["start"]
    assert task.status == "working"
    assert [report.exit_code, again.exit_code, after.exit_code] == [0, 0, 0]


@pytest.mark.parametrize("kind", ["stop", "park"])
def test_stop_that_is_asked_for_during_the_claim_starts_nothing(tmp_path: Path, kind: IntentKind) -> None:
    stage = a_stage_with_a_task(tmp_path)
    asked = an_intent(kind)._replace(task_id=TASK, source=stage.server.source)

    def ask(write: int) -> None:
        """As the command does: of the run that it sees."""
        lease = stage.lease()
        if write == 2 and lease is not None:
            lease_id = lease.lease_id if kind == "stop" else None
            stage.world().intents.write(asked._replace(lease_id=lease_id))

    port, _ = line_to(stage.server, before=ask)

    stage.run(server=port)
    stage.run()

    assert stage.engine.wrappers == []
    assert stage.lease() is None
    assert stage.ledger().parked is not None
    assert stage.server.task(TASK).status == "idle"


def test_a_late_wrapper_is_revoked_and_its_process_ended_before_the_task_is_free(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)
    stage.run()
    stage.clock.advance(31)

    report = stage.run()

    assert [(r.kind, r.result) for r in report.results] == [("revoke", "done")]
    assert stage.processes.living() == []
    assert stage.lease() is None
    assert stage.server.task(TASK).status == "idle"


def test_a_wrapper_that_adopts_in_the_last_moment_is_kept(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)
    stage.run()
    stage.clock.advance(31)
    stage.engine.take_owner(stage.engine.newest())

    report = stage.run()

    assert report.results == []
    assert stage.engine.adopt(stage.engine.newest())
    assert stage.lease().state == "running"  # type: ignore[union-attr]


def test_a_wrapper_that_cannot_be_ended_holds_its_task(tmp_path: Path) -> None:
    """Law 1: not proven gone is not gone."""
    stage = a_stage_with_a_task(tmp_path)
    stage.run()
    stage.engine.newest().process.ignores.update({9, 15})
    stage.clock.advance(31)

    codes = [stage.run().exit_code for _ in range(3)]

    assert codes == [1, 1, 1]
    assert len(stage.engine.wrappers) == 1
    assert stage.lease() is not None


def test_an_older_owner_file_in_the_way_costs_a_minute_and_not_the_task(tmp_path: Path) -> None:
    """Somebody removed a lease by hand and left its owner file."""
    stage = a_stage_with_a_task(tmp_path)
    stage.engine.adopts_at_once = True
    stage.run()
    stage.engine.die(stage.engine.newest())
    os.unlink(f"{stage.configuration.places.running}/task_1.json")
    os.unlink(f"{stage.configuration.places.ledger}/task_1.json")
    stage.server.update(TASK, status="idle", assigned_to="")

    for _ in range(12):
        stage.clock.advance(20)
        stage.run()
        for wrapper in stage.engine.wrappers:
            stage.engine.beat(wrapper)

    lease = stage.lease()
    assert lease is not None
    assert lease.state == "running"


def test_another_queue_is_another_cap_and_both_are_kept(tmp_path: Path) -> None:
    policy = Policy(queue_caps=((QueueName("dev"), 1),))
    stage = a_stage(tmp_path, agents=[an_agent(queues=("dev", "qa"), slots=5)], policy=policy)
    for queue in ("dev", "dev", "qa"):
        stage.server.create(queue=queue)

    stage.run()
    stage.run()

    names = sorted(name for name in os.listdir(stage.configuration.places.running) if name.endswith(".json"))
    assert [json.loads(read(f"{stage.configuration.places.running}/{name}"))["queue"] for name in names] == [
        "dev",
        "qa",
    ]
