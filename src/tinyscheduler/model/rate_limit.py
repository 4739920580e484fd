"""What an agent says of its provider's limit: ``rate_limited`` in ``result.json``.

Untrusted like the rest of that file, and bounded where it becomes an outcome.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

LIMIT_S_MAX = 7 * 86_400
"""The longest usage window of a provider is a week; later is a mistake of whoever parsed it."""


class RateLimit(NamedTuple):
    """The account is used up. Both None: nobody knows until when."""

    until: datetime | None = None
    after_s: float | None = None
    """Counted from the end of the run."""


def rate_limit_of(found: object) -> RateLimit | None:
    """``true``, ``{"until": time}`` or ``{"retry_after_sec": N}``; None: there is none. Raises ValueError."""
    if found is None or found is False:
        return None
    if found is True:
        return RateLimit()
    if not isinstance(found, dict):
        raise ValueError(f"rate_limited should be true or a JSON object, it is {found!r:.60}")
    if found.get("until") is not None:
        return RateLimit(until=_instant(found["until"]))
    if found.get("retry_after_sec") is not None:
        return RateLimit(after_s=_seconds(found["retry_after_sec"]))
    return RateLimit()


def end_of(limit: RateLimit, at: datetime) -> datetime | None:
    """Never before ``at`` and a week after it at most; None: nobody knows."""
    if limit.until is not None:
        return max(at, min(limit.until, at + timedelta(seconds=LIMIT_S_MAX)))
    return None if limit.after_s is None else at + timedelta(seconds=min(limit.after_s, LIMIT_S_MAX))


def _instant(found: object) -> datetime:
    wrong = (
        f"rate_limited.until should be a time with its zone like 2026-01-31T12:00:00Z, it is {found!r:.60}"
    )
    if not isinstance(found, str):
        raise ValueError(wrong)
    try:
        moment = datetime.fromisoformat(found)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(wrong) from error
    raise ValueError(wrong)


def _seconds(found: object) -> float:
    if isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found <= 1e9:
        return float(found)
    raise ValueError(
        f"rate_limited.retry_after_sec should be a number of seconds of at least 0, it is {found!r:.60}"
    )
