"""Intents on a stage: asked as a command would, and looked at when a pass has gone by."""

from __future__ import annotations

import json
from pathlib import Path

from tests.builders import SOURCE
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.intent import INTENTS_MAX, Intent, IntentKind
from tinyscheduler.model.lease import Lease
from tinyscheduler.ports import Host


def ask(
    stage: Stage,
    kind: IntentKind,
    task_id: str = "1",
    *,
    lease_id: str | None = None,
    requeue: bool = False,
    reason: str = "asked by bob",
) -> Intent:
    """Bob asks now. A stop names the run that is there, as the command does."""
    store, now = stage.world().intents, stage.clock.now()
    if lease_id is None and kind in ("stop", "release"):
        lease = stage.leases().read(TaskId(task_id))
        lease_id = lease.lease_id if isinstance(lease, Lease) else None
    intent = Intent(
        store.new_id(now),
        kind,
        TaskId(task_id),
        None if lease_id is None else LeaseId(lease_id),
        "bob",
        now,
        reason,
        requeue,
        SOURCE,
    )
    store.write(intent)
    return intent


def pending(stage: Stage) -> list[Intent]:
    return list(stage.world().intents.scan(INTENTS_MAX).intents)


def answers(stage: Stage) -> list[tuple[str, str]]:
    """Kind and what came of it, of all that were concluded, by the journal."""
    found = []
    for path in sorted(Path(stage.configuration.places.journal).glob("*.jsonl")):
        for line in path.read_text().splitlines():
            fact = json.loads(line)
            if fact["event"] == "intent_applied":
                found.append((fact["kind"], fact["came"]))
    return found


def parked(stage: Stage, task_id: str = "1") -> tuple[str, str] | None:
    """Why and by whom, by the ledger."""
    found = stage.ledgers().read([TaskId(task_id)])
    if not found:
        return None
    record = stage.ledger(task_id).parked
    return None if record is None else (record.why, record.by)


def a_running_stage(base: Path, *, before: str | None = None) -> Stage:
    """One task, and its agent is at work."""
    stage = a_stage(base)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev", assigned_to=before)
    stage.run()
    return stage


def kinds(stage: Stage, task_id: str = "1") -> list[str]:
    return [past.kind for past in stage.ledger(task_id).outcomes]


def elsewhere(stage: Stage) -> None:
    """Its run is another machine's."""
    lease = stage.lease()
    assert lease is not None
    other = Host("build-2", "machine-2", "boot-2", "pid:[2]")
    stage.leases().write(
        lease._replace(
            host=other.name,
            machine_id=other.machine_id,
            boot_id=other.boot_id,
            pid_namespace=other.pid_namespace,
        )
    )
