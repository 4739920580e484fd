"""Schedules, for ``status`` and for what a pass says of them (features G6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from tinyscheduler.kit.fields import instant_text, instant_text_or_none
from tinyscheduler.views.held import id_json
from tinyscheduler.views.seen import Problem
from tinyscheduler.views.table import Table, columns
from tinyscheduler.views.wording import ago_text, count_text

if TYPE_CHECKING:
    from tinyscheduler.model.schedule import Missed, Schedule
    from tinyscheduler.views.seen import ScheduleSeen


def schedule_json(seen: ScheduleSeen) -> Mapping[str, object]:
    """One schedule for machines."""
    schedule, last = seen.schedule, seen.last
    return {
        "schedule": schedule.name,
        "rule": schedule.rule,
        "catch_up": schedule.catch_up,
        "enabled": schedule.is_enabled,
        "title": schedule.title,
        "queue": schedule.queue,
        "assigned_to": schedule.assigned_to,
        "last": last
        and {
            "task_id": id_json(last.task_id),
            "due_at": instant_text(last.instant),
            "made_at": instant_text(last.at),
        },
        "next_at": instant_text_or_none(seen.next_at),
        "due": seen.due,
        "missed": seen.missed or None,
        "unclear_since": instant_text_or_none(seen.unclear_since),
        "trouble": seen.trouble or None,
    }


def schedule_table(schedules: Sequence[ScheduleSeen], now: datetime) -> Table:
    """Empty when there are none."""
    rows = tuple(
        (
            seen.schedule.name,
            seen.schedule.rule_shown,
            "-" if seen.last is None else f"task {seen.last.task_id}, {ago_text(seen.last.at, now)}",
            _next_text(seen, now),
            seen.schedule.title,
        )
        for seen in schedules
    )
    heads = columns("SCHEDULE", "-WHEN", "-LAST", "NEXT", "~TITLE")
    return Table("schedules", heads, rows)


def schedule_problems(schedules: Sequence[ScheduleSeen], trouble: str) -> Iterator[Problem]:
    """``trouble``: why nothing can be read of what passes remember; empty: it can."""
    if trouble:
        hint = "the next pass puts it into quarantine; what came due meanwhile gets no task"
        yield Problem("problem", "schedules-unreadable", trouble, hint)
    for seen in schedules:
        name = seen.schedule.name
        if seen.trouble:
            hint = "mend its zone or its cron expression"
            yield Problem("problem", "schedule-unknown", f"schedule {name}: {seen.trouble}", hint)
        if seen.missed:
            yield Problem("note", "schedule-missed", seen.missed)


def missed_text(schedule: Schedule, missed: Missed) -> str:
    """One line for people."""
    count = f"{missed.total} or more" if missed.is_cut else f"{missed.total}"
    since = f"from {missed.first:%Y-%m-%d %H:%M} to" if missed.total > 1 else "of"
    return f"schedule {schedule.name} misses {count} {since} {missed.last:%Y-%m-%d %H:%M} UTC: {missed.why}"


def _next_text(seen: ScheduleSeen, now: datetime) -> str:
    if not seen.schedule.is_enabled:
        return "off"
    if seen.unclear_since is not None:
        return "one was begun, and looked for"
    if seen.due:
        return f"now: {count_text(seen.due, 'task')}"
    return "never" if seen.next_at is None else ago_text(seen.next_at, now)
