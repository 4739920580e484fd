"""Which instants of a schedule get their task, one example for each row of the rule (features G6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.schedule import Begun, CatchUp, Due, Fired, Remembered, Schedule, mark_of
from tinyscheduler.planner.schedules import (
    AT_ONCE_MAX,
    LATE_S,
    late_after_s,
    may_be_made,
    may_still_arrive,
    set_right,
    verdict_of,
)

NOW = datetime(2026, 11, 21, 9, 0, 30, tzinfo=UTC)
RULE = Schedule("nightly", "Tidy up", cron="0 * * * *", queue="dev")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def memory(until: datetime, **known: object) -> Remembered:
    return Remembered(RULE.rule, until, **known)  # type: ignore[arg-type]


def hours(count: int) -> tuple[datetime, ...]:
    """The last full hours, ascending; the newest is half a minute old."""
    return tuple(NOW.replace(second=0) - timedelta(hours=back) for back in reversed(range(count)))


def decide(catch_up: CatchUp, due: Due, **known: object) -> tuple[int, int]:
    """How many are made, and how many missed."""
    verdict = verdict_of(RULE._replace(catch_up=catch_up), memory(ago(days=9), **known), due, NOW)
    return len(verdict.due), 0 if verdict.missed is None else verdict.missed.total


@pytest.mark.parametrize("catch_up", ["skip", "once", "all"])
def test_what_is_due_now_is_made(catch_up: CatchUp) -> None:
    assert decide(catch_up, Due(hours(1))) == (1, 0)


@pytest.mark.parametrize(("catch_up", "expected"), [("skip", (1, 2)), ("once", (1, 2)), ("all", (3, 0))])
def test_after_an_absence(catch_up: CatchUp, expected: tuple[int, int]) -> None:
    assert decide(catch_up, Due(hours(3))) == expected


@pytest.mark.parametrize(("catch_up", "expected"), [("skip", (3, 2)), ("once", (3, 2)), ("all", (5, 0))])
def test_a_pass_that_is_a_minute_late_makes_what_came_in_between(
    catch_up: CatchUp, expected: tuple[int, int]
) -> None:
    """Of an interval of a minute every other task was missed as soon as a pass met the lock."""
    assert decide(catch_up, Due(tuple(ago(seconds=back) for back in (270, 210, 150, 90, 30)))) == expected


@pytest.mark.parametrize(("catch_up", "expected"), [("skip", (0, 1)), ("once", (1, 0)), ("all", (1, 0))])
def test_what_is_late(catch_up: CatchUp, expected: tuple[int, int]) -> None:
    assert decide(catch_up, Due((ago(seconds=LATE_S + 1),))) == expected
    assert decide(catch_up, Due((ago(seconds=LATE_S),))) == (1, 0)


def passes(*minutes: float) -> list[datetime]:
    """So many minutes ago."""
    return [ago(minutes=back) for back in sorted(minutes, reverse=True)]


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ([], LATE_S),
        (passes(5), LATE_S),
        (passes(10, 5), LATE_S),
        (passes(3, 2, 1), LATE_S),
        (passes(15, 10, 5), 450),
        # An absence of three hours among them.
        (passes(195, 190, 10, 5), 450),
        # Runs end in between.
        (passes(25, 20, 19.9, 15, 10, 9), 450),
    ],
)
def test_late_is_what_is_later_than_usual(ended: list[datetime], expected: float) -> None:
    assert late_after_s(ended) == expected


@pytest.mark.parametrize("catch_up", ["skip", "once", "all"])
def test_what_is_older_than_the_window_is_missed(catch_up: CatchUp) -> None:
    due = Due(hours(1), old=(ago(days=3), ago(days=2)))

    verdict = verdict_of(RULE._replace(catch_up=catch_up), memory(ago(days=9)), due, NOW)

    assert verdict.due == hours(1)
    assert verdict.missed is not None
    assert (verdict.missed.total, verdict.missed.first, verdict.missed.last) == (2, ago(days=3), ago(days=2))
    assert verdict.missed.why == "they are older than its window"


def test_one_absence_brings_so_many_and_says_so() -> None:
    every_minute = tuple(ago(minutes=back) for back in reversed(range(AT_ONCE_MAX + 7)))

    verdict = verdict_of(RULE._replace(catch_up="all"), memory(ago(days=9)), Due(every_minute), NOW)

    assert verdict.due == every_minute[7:], "the newest"
    assert verdict.missed is not None
    assert verdict.missed.total == 7
    assert f"{AT_ONCE_MAX} tasks" in verdict.limit


def test_nothing_due_is_nothing_to_say() -> None:
    verdict = verdict_of(RULE, memory(ago(minutes=1)), Due(next_at=NOW + timedelta(hours=1)), NOW)

    assert (verdict.due, verdict.missed, verdict.limit) == ((), None, "")


def test_what_was_begun_is_finished_though_it_is_late() -> None:
    begun = Begun(ago(minutes=30), ago(minutes=30))

    assert decide("skip", Due((begun.instant,)), begun=begun) == (1, 0)
    assert decide("skip", Due(), begun=begun) == (1, 0)


def test_what_was_begun_before_the_window_is_left() -> None:
    begun = Begun(ago(days=3), ago(days=3))

    assert decide("skip", Due(old=(begun.instant,)), begun=begun) == (0, 1)


def test_a_new_schedule_begins_now() -> None:
    assert set_right(RULE, None, NOW) == memory(NOW)


def test_a_schedule_with_another_rule_begins_now_and_keeps_what_it_made() -> None:
    last = Fired(ago(hours=1), TaskId("3"), ago(hours=1))
    found = Remembered("every 60 s", ago(minutes=5), next_at=ago(minutes=4), last=last)

    anew = set_right(RULE, found, NOW)

    assert anew == memory(NOW, last=last, unsure_until=ago(minutes=5))


def test_a_schedule_with_another_title_goes_on() -> None:
    found = memory(ago(minutes=5))

    assert set_right(RULE._replace(title="Other", queue="qa", catch_up="all"), found, NOW) == found


def test_a_clock_that_has_gone_back_begins_now_and_is_unsure_of_what_it_showed() -> None:
    found = memory(NOW + timedelta(hours=2), next_at=NOW + timedelta(hours=3))

    right = set_right(RULE, found, NOW)

    assert right == memory(NOW, unsure_until=NOW + timedelta(hours=2))
    assert set_right(RULE, right, NOW) == right
    assert may_be_made(right, NOW + timedelta(hours=2), NOW + timedelta(hours=2))
    assert not may_be_made(right, NOW + timedelta(hours=3), NOW + timedelta(hours=3))


def test_a_clock_that_goes_back_twice_is_unsure_of_all_that_it_ever_showed() -> None:
    """What was due between the first and the second time back has its task, too."""
    first = set_right(RULE, memory(NOW + timedelta(hours=5)), NOW + timedelta(hours=2))

    second = set_right(RULE, first, NOW)

    assert second == memory(NOW, unsure_until=NOW + timedelta(hours=5))


def test_a_clock_that_has_gone_back_behind_what_was_begun_looks_for_it_later() -> None:
    begun = Begun(NOW + timedelta(hours=1), NOW + timedelta(hours=1))

    right = set_right(RULE, memory(ago(hours=1), begun=begun), NOW)

    assert right.unsure_until == begun.instant
    assert verdict_of(RULE, right, Due(), NOW).due == ()


def test_what_is_due_now_is_not_looked_for_and_what_is_late_is() -> None:
    known = memory(ago(hours=1))

    assert not may_be_made(known, ago(seconds=LATE_S), NOW)
    assert may_be_made(known, ago(seconds=LATE_S + 1), NOW)
    assert may_be_made(known._replace(begun=Begun(NOW, NOW)), NOW, NOW)


def test_a_call_without_an_answer_may_arrive_for_so_long() -> None:
    known = memory(ago(hours=1), begun=Begun(ago(seconds=59), ago(seconds=59)))
    instant = ago(seconds=59)

    assert may_still_arrive(known, instant, NOW, 60)
    assert not may_still_arrive(known, instant, NOW, 59)
    assert not may_still_arrive(known, ago(seconds=1), NOW, 60)
    assert not may_still_arrive(known, instant, ago(hours=1), 60), "by a clock that has gone back"


def test_the_mark_names_schedule_and_minute() -> None:
    assert mark_of("nightly", NOW) == "schedule:nightly:2026-11-21T09:00Z"
