"""State folders with a past, for the tests of sweeping."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

from tests.builders import ago
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import Ledger

DAY = 86_400.0
OLD, YOUNG = 40.0, 10.0


def a_swept_stage(base: Path) -> Stage:
    stage = a_stage(base)
    stage.run()
    stage.attic().note_sweep(stage.clock.now() - timedelta(days=1))
    return stage


def a_done_task(stage: Stage, *, days: float = OLD, runs: int = 2) -> TaskId:
    """Complete on the server that long ago, with a ledger and run folders as old as that."""
    now = stage.clock.now()
    stage.server.now = lambda: now - timedelta(days=days)
    task_id = stage.server.create(queue="dev")
    stage.server.update(task_id, status="complete")
    stage.server.now = stage.clock.now
    remember(stage, task_id, days=days)
    for attempt in range(1, runs + 1):
        a_run(stage, task_id, attempt, days=days)
    return task_id


def remember(stage: Stage, task_id: TaskId, *, days: float = OLD) -> Ledger:
    task = stage.server.task(task_id)
    ledger = Ledger(task_id, stage.server.source, task.created_at, generation=2, runs=2)
    rewrite(stage, ledger, days=days)
    return ledger


def rewrite(stage: Stage, ledger: Ledger, *, days: float = OLD) -> None:
    stage.ledgers().write(ledger)
    age(ledger_path(stage, ledger.task_id), days)


def a_run(stage: Stage, task_id: TaskId, attempt: int, *, days: float = OLD) -> Path:
    folder = run_path(stage, task_id, attempt)
    folder.mkdir(parents=True)
    for name in ("order.json", "prompt.md", "output.log", "output.log.1", "result.json", "wrapper.log"):
        (folder / name).write_text("x")
        age(folder / name, days)
    age(folder, days)
    return folder


def run_path(stage: Stage, task_id: TaskId, attempt: int) -> Path:
    return Path(stage.configuration.places.runs) / f"task_{task_id}" / str(attempt)


def ledger_path(stage: Stage, task_id: TaskId) -> Path:
    return Path(stage.configuration.places.ledger) / f"task_{task_id}.json"


def age(path: Path, days: float) -> None:
    at = ago(days * DAY).timestamp()
    os.utime(path, (at, at))


def runs_left(stage: Stage, task_id: TaskId) -> list[int]:
    folder = run_path(stage, task_id, 1).parent
    return sorted(int(path.name) for path in folder.iterdir()) if folder.exists() else []


def record_of(stage: Stage) -> dict[str, object]:
    found = json.loads((Path(stage.configuration.places.passes) / "last.json").read_text())
    assert isinstance(found, dict)
    return found


def tomorrow(stage: Stage) -> None:
    stage.clock.advance(DAY)
    stage.run()
