"""An attic for worlds that last less than a day, or have no files to sweep."""

from __future__ import annotations

from datetime import datetime

from tinyscheduler.model.remains import Remains


class EmptyAttic:
    """Never due, and nothing in it."""

    def is_due(self, now: datetime) -> bool:
        return False

    def swept_at(self) -> datetime | None:
        return None

    def note_sweep(self, now: datetime) -> None:
        """Nothing to remember."""

    def remains(self, *, before: datetime) -> tuple[Remains, ...]:
        return ()

    def remove(self, remains: Remains) -> bool:
        return False

    def count_from(self, remains: Remains, at: datetime) -> None:
        """Nothing is there."""
