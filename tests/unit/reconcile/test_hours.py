"""Active hours in the time zones of this world (features D19)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyscheduler.model.hours import DAYS, is_open, window_of
from tinyscheduler.reconcile.hours import closed_at

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTS = ("Mon-Fri 22:00-06:00 Europe/Berlin",)


def berlin(day: int, hour: int, minute: int = 0, *, month: int = 1) -> datetime:
    """In 2026; the first of January is a Thursday."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "opens_at"),
    [
        (berlin(1, 22), None),
        (berlin(2, 5, 59), None),
        (berlin(2, 6), berlin(2, 22)),
        # The night of Friday ends on Saturday; then comes the weekend.
        (berlin(3, 5, 59), None),
        (berlin(3, 6), berlin(5, 22)),
        (berlin(5, 3), berlin(5, 22)),
    ],
)
def test_hours_over_midnight_belong_to_the_day_on_which_they_begin(
    now: datetime, opens_at: datetime | None
) -> None:
    closed = closed_at(NIGHTS, now)

    assert (closed and closed.opens_at) == opens_at


def test_hours_are_those_of_the_wall_also_when_the_clock_changes() -> None:
    """On the last Sunday of March 02:00 is 03:00; on that of October 03:00 is 02:00."""
    hours = ("Sun 02:30-04:00 Europe/Berlin",)

    before = closed_at(hours, datetime(2026, 3, 29, 0, 59, tzinfo=UTC))
    after = closed_at(hours, datetime(2026, 3, 29, 1, 0, tzinfo=UTC))
    autumn = closed_at(hours, datetime(2026, 10, 25, 0, 29, tzinfo=UTC))

    assert before is not None
    assert before.opens_at == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert after is None
    assert autumn is not None
    assert autumn.opens_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert closed_at(hours, datetime(2026, 10, 25, 2, 59, tzinfo=UTC)) is None
    assert closed_at(hours, datetime(2026, 10, 25, 3, 0, tzinfo=UTC)) is not None


def test_zone_that_this_machine_has_lost_holds() -> None:
    closed = closed_at(("10:00-12:00 Europe/Nowhere",), berlin(1, 11))

    assert closed is not None
    assert closed.opens_at is None
    assert "there is no time zone 'Europe/Nowhere'" in closed.hours


@pytest.mark.parametrize(
    ("text", "days", "start_min", "end_min", "zone"),
    [
        ("Mon-Fri 22:00-06:00", {0, 1, 2, 3, 4}, 1320, 360, ""),
        ("fri-mon 00:00-24:00 UTC", {4, 5, 6, 0}, 0, 1440, "UTC"),
        ("Sat,Wed 9:05-10:00", {5, 2}, 545, 600, ""),
        ("08:00-20:00", set(range(7)), 480, 1200, ""),
    ],
)
def test_hours_are_days_times_and_a_zone(
    text: str, days: set[int], start_min: int, end_min: int, zone: str
) -> None:
    assert window_of(text) == (frozenset(days), start_min, end_min, zone)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "one stretch of time"),
        ("Mon-Fri", "one stretch of time"),
        ("Mon 10:00-11:00 12:00-13:00", "one stretch of time"),
        ("UTC Mon 10:00-11:00", "in this order"),
        ("Mon 10:00", "the end of the time is missing"),
        ("Mon 10:00-10:00", "ends when it begins"),
        ("Moon 10:00-11:00", "'Moon' is no day"),
        ("10:00-25:00", "'25:00' is no time"),
        ("24:00-25:00", "'24:00' is no time"),
        ("1:2-3:4", "'1:2' is no time"),
        ("-1:00-2:00", "is no time"),
    ],
)
def test_what_is_no_hours_says_why(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        window_of(text)


@st.composite
def hours(draw: st.DrawFn) -> str:
    days = draw(st.sets(st.sampled_from(DAYS), min_size=1))
    start, end = draw(st.lists(st.integers(0, 1439), min_size=2, max_size=2, unique=True))
    zone = draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]))
    return f"{','.join(sorted(days))} {start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02} {zone}"


@given(hours(), st.integers(0, 366 * 24 * 60))
def test_opening_that_is_told_is_open_and_nothing_before_it_is(text: str, minute: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    window = window_of(text)
    zone = ZoneInfo(window.zone)

    closed = closed_at((text,), now)

    if closed is None:
        assert is_open(window, now.astimezone(zone))
    else:
        assert closed.opens_at is not None
        assert now < closed.opens_at <= now + timedelta(days=8)
        assert is_open(window, closed.opens_at.astimezone(zone))
        before = closed.opens_at - timedelta(minutes=1)
        assert before < now or not is_open(window, before.astimezone(zone))


@pytest.mark.parametrize(
    ("hours", "now", "opens_at"),
    [
        # 02:30 comes at 00:30Z and again at 01:30Z; by 01:10Z it has been shown once.
        ("Sun 02:30-04:00 Europe/Berlin", "2026-10-25T01:10Z", "2026-10-25T01:30Z"),
        ("Sun 02:30-02:40 Europe/Berlin", "2026-10-25T00:45Z", "2026-10-25T01:30Z"),
        ("Sun 02:30-02:40 Europe/Berlin", "2026-10-25T01:45Z", "2026-11-01T01:30Z"),
        # At 01:00Z it is 02:00 once more, which is in the middle of these hours, and not where they begin.
        ("Sun 01:30-02:30 Europe/Berlin", "2026-10-25T00:45Z", "2026-10-25T01:00Z"),
        ("Sun 01:30-02:30 Europe/Berlin", "2026-10-25T01:45Z", "2026-11-01T00:30Z"),
        ("Sat,Sun 22:00-02:10 Europe/Berlin", "2026-10-25T00:15Z", "2026-10-25T01:00Z"),
        # 02:30 never comes; the clock jumps over it at 01:00Z.
        ("Sun 02:30-04:00 Europe/Berlin", "2026-03-29T00:10Z", "2026-03-29T01:00Z"),
    ],
)
def test_opening_in_the_nights_in_which_the_clock_is_set(hours: str, now: str, opens_at: str) -> None:
    closed = closed_at((hours,), datetime.fromisoformat(now))

    assert closed is not None
    assert closed.opens_at == datetime.fromisoformat(opens_at)
