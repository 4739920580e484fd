"""Active hours: at which times of the week something may start (features D19).

In settings, the compiled configuration and messages they are one text, ``Mon-Fri 22:00-06:00
Europe/Berlin``; this is the one place that reads it. Which time of the week it is in a zone is found
out by whoever observes.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from tinyscheduler.model.ids import AgentName, QueueName

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_MIN = 1_440


class Window(NamedTuple):
    """One stretch of time on some days of the week, by the clock on the wall."""

    days: frozenset[int]
    """On which it begins; 0 is Monday."""
    start_min: int
    """Minutes after midnight."""
    end_min: int
    """Not after ``start_min``: on the day after. 1440 is midnight at the end of the day."""
    zone: str
    """IANA name; empty: that of the machine."""


class Closed(NamedTuple):
    """Outside of its hours."""

    hours: str
    """As they were written."""
    opens_at: datetime | None
    """None: not within the next week, as far as can be told."""


class ClosedHours(NamedTuple):
    """Who is outside of active hours at this moment."""

    agents: Mapping[AgentName, Closed] = {}
    queues: Mapping[QueueName, Closed] = {}


ALL_OPEN = ClosedHours()


def window_of(text: str) -> Window:
    """Days, times, zone: the times are needed, the others are not. Raises ValueError: what is wrong."""
    words = text.split()
    times = [word for word in words if ":" in word]
    if len(times) != 1:
        raise ValueError("it needs one stretch of time like 22:00-06:00")
    at = words.index(times[0])
    if at > 1 or len(words) > at + 2:
        raise ValueError("it is not days, times and a time zone, in this order")
    start, dash, end = times[0].partition("-")
    if not dash:
        raise ValueError("the end of the time is missing")
    window = Window(
        _days(words[0]) if at else frozenset(range(7)),
        _minutes(start, most=DAY_MIN - 1),
        _minutes(end, most=DAY_MIN),
        words[at + 1] if len(words) > at + 1 else "",
    )
    if window.start_min == window.end_min:
        raise ValueError("it ends when it begins; leave the hours out, or write 00:00-24:00")
    return window


def is_open(window: Window, wall: datetime) -> bool:
    """``wall``: the time on the wall in the zone of the window."""
    minute, day = wall.hour * 60 + wall.minute, wall.weekday()
    if window.start_min < window.end_min:
        return day in window.days and window.start_min <= minute < window.end_min
    began_today = day in window.days and minute >= window.start_min
    return began_today or ((day - 1) % 7 in window.days and minute < window.end_min)


def starts_after(window: Window, wall: datetime) -> Iterable[datetime]:
    """Times on the wall, without a zone, at which it begins within the next eight days; oldest first."""
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for offset in range(9):
        day = midnight + timedelta(days=offset)
        if day.weekday() in window.days:
            yield day + timedelta(minutes=window.start_min)


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        begin, end = _day(first), _day(last if dash else first)
        # Fri-Mon goes over the end of the week.
        found.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return frozenset(found)


def _day(text: str) -> int:
    if text.capitalize() not in DAYS:
        raise ValueError(f"{text[:20]!r} is no day; write {', '.join(DAYS)}, or a range like Mon-Fri")
    return DAYS.index(text.capitalize())


def _minutes(text: str, *, most: int) -> int:
    hours, colon, minutes = text.partition(":")
    is_time = colon and all(part.isascii() and part.isdigit() and len(part) <= 2 for part in (hours, minutes))
    if is_time and len(minutes) == 2 and int(minutes) < 60 and int(hours) * 60 + int(minutes) <= most:
        return int(hours) * 60 + int(minutes)
    raise ValueError(f"{text[:20]!r} is no time from 00:00 to {most // 60:02}:{most % 60:02}")
