"""Tasks that come by the clock: each instant gets its task once, or is told as missed (features G6)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.reconcile.schedule_scenes import (
    HOUR_S,
    a_scheduled_stage,
    at,
    events,
    hourly,
    made,
    remembered,
    with_schedules,
)
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.pause import Pause
from tinyscheduler.model.schedule import CatchUp, Schedule
from tinyscheduler.reconcile.preview import preview
from tinyscheduler.reconcile.schedules import MADE_MAX


def test_a_task_is_made_when_its_time_has_come_and_says_where_it_is_from(tmp_path: Path) -> None:
    schedule = hourly()._replace(
        description="Everywhere.", queue="dev", assigned_to="sue", priority=3, tags=("tidy",)
    )
    stage = a_scheduled_stage(tmp_path, schedule)
    assert made(stage) == []

    at(stage, "09:00:40")
    report = stage.run()

    task = stage.server.task(TaskId("1"))
    assert (task.title, task.description, task.queue) == ("Look around", "Everywhere.", "dev")
    assert (task.assigned_to, task.priority, task.created_by) == ("sue", 3, "tinyscheduler")
    assert task.tags == ("tidy", "schedule:hourly:2026-11-21T09:00Z")
    (fact,) = events(stage, "schedule_fired", "schedule_missed")
    assert (fact["task_id"], fact["schedule"], fact["due"]) == (1, "hourly", "2026-11-21T09:00:00.000Z")
    assert (report.exit_code, report.counts()["scheduled"]) == (0, 1)


def test_a_task_that_is_made_is_started_by_the_same_pass(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path, hourly()._replace(queue="dev"))

    at(stage, "09:00:10")
    stage.run()

    assert stage.lease("1") is not None


def test_further_passes_make_no_second_one(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path)

    for minute in range(5):
        at(stage, f"09:0{minute}:01")
        stage.run()

    assert made(stage) == ["09:00"]


@pytest.mark.parametrize("apart_min", [1, 5, 20])
def test_skip_makes_each_instant_once_however_far_apart_the_passes_are(
    tmp_path: Path, apart_min: int
) -> None:
    """It was late after three minutes: under cron's */5 nothing was made, ever."""
    stage = a_scheduled_stage(tmp_path, hourly(catch_up="skip"))

    stage.clock.advance(10)
    # What is usual is known after three passes.
    for _ in range(6 * 60 // apart_min):
        stage.clock.advance(apart_min * 60)
        stage.run()

    assert made(stage)[-5:] == ["10:00", "11:00", "12:00", "13:00", "14:00"]


def test_skip_leaves_out_what_came_due_in_an_absence(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path, hourly(catch_up="skip"))
    for _ in range(6):
        stage.clock.advance(300)
        stage.run()

    stage.clock.advance(2 * HOUR_S + 1200)
    stage.run()

    assert made(stage) == ["09:00"]


def test_an_idle_pass_writes_nothing(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path)
    before = os.stat(f"{stage.configuration.places.state}/schedules.json").st_ino

    stage.clock.advance(60)
    stage.run()

    assert os.stat(f"{stage.configuration.places.state}/schedules.json").st_ino == before


def test_intervals_count_from_1970_and_not_from_what_is_remembered(tmp_path: Path) -> None:
    schedule = Schedule("often", "Look", every_s=2 * HOUR_S, queue="nobody")
    stage = a_scheduled_stage(tmp_path, schedule)

    for time in ("09:00:05", "10:00:05", "11:00:05", "12:00:05"):
        at(stage, time)
        stage.run()

    assert made(stage) == ["10:00", "12:00"]


@pytest.mark.parametrize(
    ("catch_up", "expected", "missed"),
    [("skip", [], 3), ("once", ["11:00"], 2), ("all", ["09:00", "10:00", "11:00"], 0)],
)
def test_after_an_absence_the_schedule_says_what_is_caught_up_with(
    tmp_path: Path, catch_up: CatchUp, expected: list[str], missed: int
) -> None:
    stage = a_scheduled_stage(tmp_path, hourly(catch_up=catch_up))

    at(stage, "11:30")
    stage.run()
    stage.run()

    assert made(stage) == expected
    facts = events(stage, "schedule_missed")
    assert [fact["count"] for fact in facts] == ([missed] if missed else []), "told once"


def test_an_absence_longer_than_the_window_is_told_and_bounded(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path, hourly(catch_up="all", window_s=2 * HOUR_S))

    at(stage, "2026-12-21T08:30:00")
    report = stage.run()

    assert made(stage) == ["07:00", "08:00"]
    (fact,) = events(stage, "schedule_missed")
    assert (fact["count"], fact["is_more"], fact["reason"]) == (100, True, "they are older than its window")
    assert any("misses 100 or more" in note for note in report.notes)
    assert remembered(stage).next_at is not None


def test_a_pass_makes_so_many_and_the_next_one_goes_on(tmp_path: Path) -> None:
    every_minute = Schedule("a", "x", every_s=60, catch_up="all", queue="nobody")
    stage = a_scheduled_stage(tmp_path, every_minute, every_minute._replace(name="b"))

    at(stage, "09:59:30")
    first = stage.run()
    after_first = len(made(stage))
    stage.run()

    assert after_first == MADE_MAX
    assert len(made(stage)) == 2 * 89
    assert any("in one pass" in limit for limit in first.limits)


def test_a_flood_is_cut_to_its_newest(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path, Schedule("a", "x", every_s=60, catch_up="all", queue="nobody"))

    at(stage, "11:59:30")
    report = stage.run()
    stage.run()

    assert (len(made(stage)), made(stage)[-1]) == (100, "11:59")
    assert any("for one absence" in limit for limit in report.limits)
    assert [fact["count"] for fact in events(stage, "schedule_missed")] == [109]


def test_a_clock_that_goes_back_makes_nothing_twice(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path, hourly(catch_up="all"))
    for time in ("09:00:10", "10:00:10"):
        at(stage, time)
        stage.run()

    for time in ("08:40", "09:00:20", "10:00:20", "11:00:20"):
        at(stage, time)
        stage.run()

    assert made(stage) == ["09:00", "10:00", "11:00"]


def test_a_clock_that_was_ahead_for_once_stops_nothing_for_good(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path)
    at(stage, "2030-01-01T00:00:10")
    stage.run()

    for time in ("08:40", "09:00:20"):
        at(stage, time)
        stage.run()

    assert made(stage) == ["00:00", "09:00"]


@pytest.mark.parametrize(("cron", "zone"), [("30 * * * *", "UTC"), ("0 * * * *", "Asia/Kolkata")])
def test_another_rule_begins_anew(tmp_path: Path, cron: str, zone: str) -> None:
    """What would have been due under it before it was written was never promised."""
    stage = a_scheduled_stage(tmp_path, hourly(catch_up="all"))

    at(stage, "11:45")
    stage = with_schedules(stage, hourly(catch_up="all")._replace(cron=cron, zone=zone))
    stage.run()

    assert made(stage) == []
    assert remembered(stage).rule != hourly().rule


def test_another_title_is_the_same_schedule(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path)

    stage = with_schedules(stage, hourly()._replace(title="Another"))
    at(stage, "09:00:10")
    stage.run()

    assert stage.server.task(TaskId("1")).title == "Another"


def test_a_schedule_that_is_switched_off_catches_up_with_nothing(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path, hourly(catch_up="all"), hourly("other"))

    off = with_schedules(stage, hourly(catch_up="all")._replace(is_enabled=False), hourly("other"))
    at(off, "11:00:10")
    off.run()
    at(stage, "11:30")
    stage.run()

    assert [tag for tag in stage.server.task(TaskId("1")).tags if "other" in tag]
    assert made(stage) == ["11:00"]


@pytest.mark.parametrize("how", ["pause", "estop", "disabled"])
def test_while_everything_stands_still_nothing_is_made_and_nothing_is_missed(
    tmp_path: Path, how: str
) -> None:
    stage = a_scheduled_stage(tmp_path, hourly(catch_up="once"))
    pauses, pause = stage.world().pauses, Pause("all", "")
    standing = stage
    if how == "pause":
        pauses.write(pause)
    elif how == "estop":
        stage.estop()
    else:
        policy = stage.configuration.policy._replace(is_enabled=False)
        standing = stage._replace(configuration=stage.configuration._replace(policy=policy))

    at(standing, "10:00:10")
    standing.run()
    found = made(stage), events(stage, "schedule_missed")
    pauses.remove(pause)
    if how == "estop":
        stage.estop(is_there=False)
    at(stage, "10:30:10")
    stage.run()

    assert found == ([], [])
    assert made(stage) == ["10:00"], "what was due meanwhile is caught up with as the schedule says"


def test_a_pause_of_a_queue_keeps_no_task_from_being_made(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path)
    stage.world().pauses.write(Pause("queue", "nobody"))

    at(stage, "09:00:10")
    stage.run()

    assert made(stage) == ["09:00"]


def test_a_preview_says_what_would_be_made_and_touches_nothing(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path)
    before = remembered(stage)

    at(stage, "09:00:10")
    report = preview(stage.world())

    assert [(line.schedule, line.came, line.task_id) for line in report.scheduled] == [
        ("hourly", "due", None)
    ]
    assert made(stage) == []
    assert remembered(stage) == before
    assert report.exit_code == 0


def test_what_nobody_can_read_goes_to_quarantine_and_floods_nobody(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path, hourly(catch_up="all"))
    path = Path(stage.configuration.places.state, "schedules.json")
    path.write_text('{"schema": 1, "schedules": {"hourly": {"rule": 5}}}')

    at(stage, "12:30")
    first, second = stage.run(), stage.run()

    assert (made(stage), first.exit_code, second.exit_code) == ([], 1, 0)
    assert [fault.reference for fault in first.faults] == ["schedules-unreadable"]
    kept = os.listdir(stage.configuration.places.quarantine)
    assert [name for name in kept if name.startswith("schedules.json")]
    at(stage, "13:00:10")
    stage.run()
    assert made(stage) == ["13:00"]


def test_a_zone_that_this_machine_has_lost_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path, hourly("lost")._replace(zone="Atlantis/Deep"), hourly())

    at(stage, "09:00:10")
    report = stage.run()

    assert made(stage) == ["09:00"]
    assert [fault.reference for fault in report.faults] == ["schedule-unknown"]
    assert report.exit_code == 1
