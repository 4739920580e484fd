"""Schedules as people see them: last, next, and what is in the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.schedule import Fired, Missed, Schedule
from tinyscheduler.views.schedules import missed_text, schedule_json, schedule_problems, schedule_table
from tinyscheduler.views.seen import ScheduleSeen

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
RULE = Schedule("nightly", "Tidy up", cron="30 2 * * *", zone="Europe/Berlin", queue="dev")


def test_each_row_says_what_was_and_what_comes() -> None:
    last = Fired(NOW - timedelta(hours=7), TaskId("12"), NOW - timedelta(hours=7))
    seen = [
        ScheduleSeen(RULE, last, NOW + timedelta(hours=1)),
        ScheduleSeen(RULE, None, None),
        ScheduleSeen(RULE, None, NOW, due=2),
        ScheduleSeen(RULE, None, None, unclear_since=NOW),
        ScheduleSeen(RULE._replace(is_enabled=False), None, None),
    ]

    rows = schedule_table(seen, NOW).rows

    assert rows[0][1:3] == ("cron 30 2 * * * Europe/Berlin", "task 12, 02:00:00Z, 7h00m ago")
    assert [row[3] for row in rows] == [
        "10:00:00Z, in 60m",
        "never",
        "now: 2 tasks",
        "one was begun, and looked for",
        "off",
    ]


def test_a_program_gets_the_same() -> None:
    shown = schedule_json(ScheduleSeen(RULE, Fired(NOW, TaskId("12"), NOW), NOW, due=1))

    assert (shown["schedule"], shown["due"], shown["enabled"]) == ("nightly", 1, True)
    assert shown["last"] == {
        "task_id": 12,
        "due_at": "2026-11-21T09:00:00.000Z",
        "made_at": "2026-11-21T09:00:00.000Z",
    }


def test_what_is_wrong_is_a_problem_and_what_is_missed_a_note() -> None:
    seen = [ScheduleSeen(RULE, None, None, trouble="no zone"), ScheduleSeen(RULE, None, None, missed="gone")]

    found = list(schedule_problems(seen, "it is garbled"))

    assert [(one.severity, one.reference) for one in found] == [
        ("problem", "schedules-unreadable"),
        ("problem", "schedule-unknown"),
        ("note", "schedule-missed"),
    ]


def test_what_is_missed_is_one_line() -> None:
    one = Missed(1, False, NOW, NOW, "it is late")
    many = Missed(100, True, NOW - timedelta(days=2), NOW, "it is late")

    assert missed_text(RULE, one) == "schedule nightly misses 1 of 2026-11-21 09:00 UTC: it is late"
    assert "misses 100 or more from 2026-11-19 09:00 to 2026-11-21 09:00 UTC" in missed_text(RULE, many)
