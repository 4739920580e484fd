"""A machine with schedules and a world that never works: only what is made matters."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.configuration import Configuration
from tinyscheduler.model.desk import TaskQuery
from tinyscheduler.model.schedule import AUTHOR, CatchUp, Remembered, Schedule

START = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
HOUR_S = 3600


def hourly(name: str = "hourly", *, catch_up: CatchUp = "skip", window_s: int = 86_400) -> Schedule:
    """At each full hour; its tasks are nobody's business."""
    return Schedule(
        name, "Look around", cron="0 * * * *", catch_up=catch_up, window_s=window_s, queue="nobody"
    )


def a_scheduled_stage(base: Path, *schedules: Schedule) -> Stage:
    """At half past eight, with one pass behind it, so that the schedules have begun."""
    stage = a_stage(base)
    stage.clock.step((START - stage.clock.now()).total_seconds())
    stage = with_schedules(stage, *(schedules or (hourly(),)))
    stage.run()
    return stage


def with_schedules(stage: Stage, *schedules: Schedule) -> Stage:
    """From the next pass on."""
    configuration: Configuration = stage.configuration._replace(schedules=schedules)
    return stage._replace(configuration=configuration)


def at(stage: Stage, text: str) -> None:
    """The wall clock is set to this time of that day, or to another day."""
    moment = datetime.fromisoformat(text if "T" in text else f"2026-11-21T{text}").replace(tzinfo=UTC)
    stage.clock.step((moment - stage.clock.now()).total_seconds())


def made(stage: Stage) -> list[str]:
    """The instants of which there are tasks, whatever their schedule, as they were made."""
    found = stage.server.find(TaskQuery(created_by=AUTHOR, limit=10_000, includes_archived=True)).tasks
    marks = [tag for task in sorted(found, key=lambda task: int(task.id)) for tag in task.tags]
    return [mark.rpartition("T")[2].removesuffix("Z") for mark in marks if mark.startswith("schedule:")]


def remembered(stage: Stage, name: str = "hourly") -> Remembered:
    """On the disk."""
    return stage.schedules().read().schedules[name]


def events(stage: Stage, *names: str) -> list[dict[str, object]]:
    """Of these names, oldest first."""
    folder = Path(stage.configuration.places.journal)
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]
    return [fact for fact in map(json.loads, lines) if fact["event"] in names]
