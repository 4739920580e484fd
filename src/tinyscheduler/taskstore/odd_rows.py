"""Rows that this program has not written: somebody had the file open with another one.

SQLite stores any value in any column. What is odd and harmless gets the neutral value, as of a task server
elsewhere (``adapters.mcp.task_json``); one odd row must not stop all others. Loaded when the first such row
is met.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite


def mended(values: list[object]) -> list[object]:
    """The columns of ``rows.TASK_COLUMNS``. ``created_at`` stays as it is where it is no time."""
    found = list(values)
    found[1] = text(values[1]) or ""
    for column in (2, 4, 5, 10):
        found[column] = text(values[column])
    found[6] = text(values[6]) or ""
    found[7] = values[7] if isinstance(values[7], int | float) and isfinite(values[7]) else 0
    for column in (9, 11):
        found[column] = values[column] if isinstance(values[column], int) else None
    created = time(values[12])
    found[12] = created or text(values[12]) or ""
    found[13] = time(values[13]) or found[12]
    found[14] = None if values[14] is None else time(values[14]) or found[13]
    return found


class OddTags(tuple[str, ...]):  # noqa: SLOT001 - it carries what is stored
    """Tags that are no list: none, to whoever only shows them. A pass may not take them for none, because a
    task that needs approval says so by a tag."""

    stored: str


def no_tags(stored: object) -> tuple[str, ...]:
    """Blank ones are none; of others it is known what stands there."""
    found = OddTags()
    found.stored = text(stored) or ""
    return found if found.stored.strip() else ()


def stored_text(tags: tuple[str, ...]) -> str:
    """What stands in the column of tags that ``no_tags`` made."""
    return tags.stored if isinstance(tags, OddTags) else "[]"


def text(value: object) -> str | None:
    """Bytes are read as UTF-8, numbers as they are written; None stays."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if value is None or isinstance(value, str) else str(value)


def time(value: object) -> str | None:
    """As this program writes it; without a zone it is UTC, which is what SQLite's own CURRENT_TIMESTAMP
    means. None: it is no time."""
    try:
        found = datetime.fromisoformat(str(value))
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        # The caller knows what to put in its place.
        return None
