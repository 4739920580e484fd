"""Time zones by name. Loaded only where a name is given: the standard library's zones cost 3 ms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo


def zone_of(name: str) -> tzinfo | None:
    """Empty: None, which ``datetime.astimezone`` takes for the machine's own. Raises ValueError."""
    if not name:
        return None
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {name[:40]!r} on this machine") from error
