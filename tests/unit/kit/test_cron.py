"""When a cron expression comes true, above all where the clock on the wall jumps (features G6)."""

from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from tinyscheduler.kit.cron import CHARS_MAX, instants_after

BERLIN = ZoneInfo("Europe/Berlin")
"""2026: forward on 29 March at 01:00 UTC, back on 25 October at 01:00 UTC."""


def instants(expression: str, after: str, count: int = 3, zone: ZoneInfo | None = None) -> list[str]:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found = islice(instants_after(expression, zone or UTC, moment), count)
    return [f"{instant:%m-%d %H:%M}" for instant in found]


def test_an_instant_is_after_the_moment_and_never_at_it() -> None:
    assert instants("0 9 * * *", "2026-11-21 09:00") == ["11-22 09:00", "11-23 09:00", "11-24 09:00"]
    assert instants("0 9 * * *", "2026-11-21 08:59:59", 1) == ["11-21 09:00"]


def test_the_time_is_that_of_the_zone() -> None:
    assert instants("0 9 * * *", "2026-03-27 12:00", 2, BERLIN) == ["03-28 08:00", "03-29 07:00"]


def test_a_time_that_the_clock_jumps_over_comes_when_it_has_jumped() -> None:
    assert instants("30 2 * * *", "2026-03-28 12:00", 2, BERLIN) == ["03-29 01:00", "03-30 00:30"]


def test_two_times_of_one_gap_come_once() -> None:
    assert instants("0,30 2 * * *", "2026-03-28 12:00", 2, BERLIN) == ["03-29 01:00", "03-30 00:00"]


def test_a_time_that_the_clock_shows_twice_comes_once_and_first() -> None:
    assert instants("30 2 * * *", "2026-10-24 12:00", 2, BERLIN) == ["10-25 00:30", "10-26 01:30"]


@pytest.mark.parametrize("minute", range(0, 60, 7))
def test_begun_in_the_second_showing_of_an_hour_nothing_comes_from_the_first(minute: int) -> None:
    assert instants("30 2 * * *", f"2026-10-25 01:{minute:02}", 1, BERLIN) == ["10-26 01:30"]


def test_what_has_a_star_goes_by_the_time_that_passes() -> None:
    """As Debian's cron: an hour that is shown twice has its quarters twice."""
    found = instants("*/30 * * * *", "2026-10-24 23:59", 6, BERLIN)

    assert found == ["10-25 00:00", "10-25 00:30", "10-25 01:00", "10-25 01:30", "10-25 02:00", "10-25 02:30"]


def test_nicknames_mean_what_crontab_says() -> None:
    assert instants("@daily", "2026-11-21 12:00", 1) == ["11-22 00:00"]
    assert instants(" @Weekly ", "2026-11-21 12:00", 1) == ["11-22 00:00"]


def test_what_never_comes_ends() -> None:
    assert instants("* * */20 * 1L", "2026-01-01 00:00") == []


@pytest.mark.parametrize(
    "expression",
    [
        "", "often", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "0 0 30 2 *", "@reboot",
        "٣ * * * *", "1/0 * * * *", "-1 * * * *", "* * * * mon-", "1" * (CHARS_MAX + 1),
        "9" * 90 + " * * * *",
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="no cron expression"):
        instants(expression, "2026-01-01 00:00")
