"""Instants as people give them, also in the nights in which the clocks change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tinyscheduler.cli.instants import instant_of
from tinyscheduler.errors import UsageError


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """In 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "now", "moment"),
    [
        ("2h", utc(1, 1, 12), utc(1, 1, 14)),
        ("1d12h", utc(1, 1, 12), utc(1, 3, 0)),
        ("18:00", utc(1, 1, 12), utc(1, 1, 17)),
        # Now, or in the past: tomorrow.
        ("13:00", utc(1, 1, 12), utc(1, 2, 12)),
        ("9:05", utc(1, 1, 12), utc(1, 2, 8, 5)),
        ("2026-01-31", utc(1, 1, 12), utc(1, 30, 23)),
        ("2026-01-31T12:00", utc(1, 1, 12), utc(1, 31, 11)),
        ("2026-01-31T12:00Z", utc(1, 1, 12), utc(1, 31, 12)),
        # The clocks jump from 02:00 to 03:00 on 29 March, at 01:00 UTC: 02:30 is when they have jumped.
        ("02:30", utc(3, 29, 0, 15), utc(3, 29, 1, 30)),
        ("02:30", utc(3, 28, 12), utc(3, 29, 1, 30)),
        ("03:30", utc(3, 29, 0, 15), utc(3, 29, 1, 30)),
        # A span is a span.
        ("2h", utc(3, 29, 0, 15), utc(3, 29, 2, 15)),
        # On 25 October 02:00 to 03:00 comes twice, from 00:00 UTC and from 01:00 UTC.
        ("02:30", utc(10, 25, 0, 15), utc(10, 25, 0, 30)),
        ("02:15", utc(10, 25, 0, 30), utc(10, 25, 1, 15)),
        ("02:45", utc(10, 25, 1, 30), utc(10, 25, 1, 45)),
        ("02:15", utc(10, 25, 1, 30), utc(10, 26, 1, 15)),
    ],
)
def test_what_people_write_is_the_next_such_moment_of_this_machine(
    text: str, now: datetime, moment: datetime
) -> None:
    assert instant_of(text, now=now, what="--until") == moment


@pytest.mark.parametrize("minute", range(0, 60 * 72, 37))
@pytest.mark.parametrize("first_day", [utc(3, 28, 0), utc(10, 24, 0)])
def test_time_of_the_day_is_always_to_come_and_within_twenty_five_hours(
    minute: int, first_day: datetime
) -> None:
    now = first_day + timedelta(minutes=minute)

    for hour in (0, 2, 3, 13):
        moment = instant_of(f"{hour}:30", now=now, what="--until")
        assert now < moment <= now + timedelta(hours=25)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "24:00", "12:60", "2026-02-30", "2026-13-01", "1e5", "-5m", "5", "h", "soon", "0001-01-01",
        "\u0663h", "9999-12-31T23:59:59-23:59", "2026-12-01T12:00+25:00", "18:00 ", "1h 2m",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused_with_what_may_be_written(text: str) -> None:
    with pytest.raises(UsageError, match="is no time") as refused:
        instant_of(text, now=utc(1, 1, 12), what="--until")

    assert "30m, 2h" in refused.value.hint


def test_moment_that_is_over_is_refused() -> None:
    with pytest.raises(UsageError, match="is over"):
        instant_of("2026-01-01", now=utc(1, 1, 12), what="--until")
