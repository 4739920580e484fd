"""Who is outside of active hours at this moment: the one place that knows time zones (features D19).

Only looked at where hours are configured; the standard library's zones are loaded then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from tinyscheduler.kit.zones import zone_of
from tinyscheduler.model.configuration import Configuration
from tinyscheduler.model.hours import Closed, ClosedHours, Window, is_open, starts_after, window_of

DAYS_AHEAD = 8
"""As far as beginnings are looked for."""


def closed_hours(configuration: Configuration, now: datetime) -> ClosedHours:
    """Agents and queues that have hours, and are outside of them. ``now`` in UTC."""
    agents = {agent.name: closed_at(agent.hours, now) for agent in configuration.agents if agent.hours}
    queues = {queue: closed_at(hours, now) for queue, hours in configuration.policy.queue_hours}
    return ClosedHours(
        {name: closed for name, closed in agents.items() if closed is not None},
        {name: closed for name, closed in queues.items() if closed is not None},
    )


def closed_at(hours: Sequence[str], now: datetime) -> Closed | None:
    """None: it is within one of them. A zone that this machine has lost holds (law 4)."""
    try:
        windows = [window_of(text) for text in hours]
        if any(is_open(window, _wall(window, now)) for window in windows):
            return None
        openings = [opening for window in windows for opening in _openings(window, now)]
    except ValueError as error:
        return Closed(f"{', '.join(hours)} ({error})", None)
    return Closed(", ".join(hours), min(openings, default=None))


def _wall(window: Window, now: datetime) -> datetime:
    return now.astimezone(zone_of(window.zone))


def _openings(window: Window, now: datetime) -> list[datetime]:
    """The first moment to come at which it opens, if there is one: its beginning, or the moment at which
    the clock is set back into the middle of it."""
    zone = zone_of(window.zone)
    starts = (
        moment for start in starts_after(window, _wall(window, now)) for moment in _moments(start, zone)
    )
    first = next((at for at in starts if at > now and is_open(window, at.astimezone(zone))), None)
    again = _set_back(now, now + timedelta(days=DAYS_AHEAD) if first is None else first, zone)
    if again is not None and is_open(window, again.astimezone(zone)):
        return [again]
    return [] if first is None else [first]


def _set_back(begin: datetime, end: datetime, zone: tzinfo | None) -> datetime | None:
    """When the clock on the wall is set back in this time: months lie between two such moments."""
    early, late = begin, end
    if _ahead(early, zone) <= _ahead(late, zone):
        return None
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if _ahead(middle, zone) == _ahead(begin, zone):
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _ahead(moment: datetime, zone: tzinfo | None) -> timedelta:
    """Of UTC."""
    return moment.astimezone(zone).utcoffset() or timedelta()


def _moments(start: datetime, zone: tzinfo | None) -> list[datetime]:
    """All at which the wall shows this time: two in the hour that the clock repeats."""
    first, again = _first_moment(start, zone), _utc(start.replace(fold=1), zone)
    is_shown = again.astimezone(zone).replace(tzinfo=None, fold=0) == start
    return [first, again] if is_shown and again > first else [first]


def _first_moment(start: datetime, zone: tzinfo | None) -> datetime:
    """When this time on the wall comes. Where the clock jumps over it, when it has jumped."""
    moment = _utc(start, zone)
    if moment.astimezone(zone).replace(tzinfo=None) == start:
        return moment
    # The jump is between what both offsets make of a time that never is.
    early, late = moment - timedelta(hours=3), moment
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).replace(tzinfo=None) < start:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _utc(wall: datetime, zone: tzinfo | None) -> datetime:
    # A time without a zone is the machine's for ``astimezone``.
    return (wall if zone is None else wall.replace(tzinfo=zone)).astimezone(UTC)
