"""When a cron expression comes true: the one room of the library that reads them (ADR 0031).

Loaded only where something has such an expression: the library and the zones cost 30 ms.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Final

CHARS_MAX: Final = 100
FIELDS: Final = 5
NICKNAMES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
"""As in crontab(5); without @reboot, which is no time."""


def instants_after(expression: str, zone: tzinfo, after: datetime) -> Iterator[datetime]:
    """In UTC, ascending, each once; ends where nothing comes for 50 years. Raises ValueError: what is wrong.

    As Debian's cron: a fixed time that the clock jumps over comes when it has jumped, one that the clock
    shows twice comes the first time; what has a star for its minutes or hours goes by elapsed time. Where a
    clock changes by half an hour (Australia/Lord_Howe), the library leaves one of */2 hours and more out.
    """
    from cronsim import CronSim, CronSimError

    try:
        found = CronSim(_five_fields(expression), after.astimezone(zone))
    except CronSimError as error:
        raise ValueError(f"it is no cron expression: {str(error).lower()}") from error
    return _ascending(found, after)


def _ascending(found: Iterator[datetime], after: datetime) -> Iterator[datetime]:
    """Begun in the second showing of an hour, the library answers with the first; and two times of one gap
    come at the same moment."""
    last = after
    for moment in found:
        instant = moment.astimezone(UTC)
        if instant > last:
            last = instant
            yield instant


def _five_fields(expression: str) -> str:
    text = NICKNAMES.get(expression.strip().lower(), expression)
    if len(text) > CHARS_MAX or not text.isascii():
        raise ValueError(f"it is no cron expression: {CHARS_MAX} ASCII characters at most")
    if len(text.split()) != FIELDS:
        raise ValueError("it is no cron expression: it has minute, hour, day, month and weekday")
    return text
