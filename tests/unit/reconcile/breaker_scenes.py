"""What the tests of breakers, quarantines and accounts share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.fakes.stage import Stage
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.reason import Held
from tinyscheduler.reconcile.report import Report

TASK = TaskId("1")


def events(stage: Stage, name: str) -> list[dict[str, object]]:
    """All of that name in the journal, oldest first."""
    lines = [
        json.loads(line)
        for path in sorted(Path(stage.configuration.places.journal).glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    return [line for line in lines if line["event"] == name]


def held(report: Report) -> list[tuple[str, str]]:
    """Task and reason."""
    found: Sequence[Held] = report.start.held
    return [(hold.task_id, hold.reason) for hold in found]


def started(report: Report) -> list[tuple[str, str]]:
    """Task and agent of what was really started."""
    return [(r.task_id, str(r.agent)) for r in report.results if r.kind == "start" and r.result == "done"]
