"""Instants and spans given as arguments: ``2h``, ``18:00``, ``2026-01-31T12:00``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tinyscheduler.errors import UsageError

WANTED = "30m, 2h or 1d12h from now; 18:00, the next one of this machine; or 2026-01-31T12:00Z"

_SPAN = re.compile(r"(?:(\d{1,5})d)?(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", re.ASCII)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


def instant_of(text: str, *, now: datetime, what: str) -> datetime:
    """A moment to come, in UTC; what has no zone is the machine's. ``what``: the option it is of.
    Raises UsageError."""
    moment = _from_span(text, now) or _from_clock(text, now) or _from_iso(text)
    if moment is None:
        raise UsageError(f"{what} {text[:40]!r} is no time", hint=f"write {WANTED}")
    if moment <= now:
        raise UsageError(f"{what} {text[:40]!r} is over", hint=f"write {WANTED}")
    return moment


def _from_span(text: str, now: datetime) -> datetime | None:
    found = _SPAN.fullmatch(text)
    if found is None or not text:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return now + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _from_clock(text: str, now: datetime) -> datetime | None:
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    today = now.astimezone().replace(
        hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0, tzinfo=None
    )
    moments = [moment for days in (0, 1) for moment in _moments(today + timedelta(days=days))]
    return min(moment for moment in moments if moment > now)


def _moments(wall: datetime) -> list[datetime]:
    """When the clocks of this machine show it: twice in the night in which they are set back. Where they jump
    over it, when they have jumped."""
    moments = [wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    return [moment for moment in moments if moment.astimezone().replace(tzinfo=None) >= wall]


def _from_iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        # It is none of this kind; the caller tries the others, and says what it may be.
        return None
