"""The machine's two clocks."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from tinyscheduler.kit.namespace_time import clock_offsets


class SystemClock:
    """``ports.Clock`` over the wall clock and CLOCK_MONOTONIC."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds; does not count time in which the machine was suspended (clock_gettime(2)). The same
        in every time namespace."""
        return time.clock_gettime(time.CLOCK_MONOTONIC) - clock_offsets().monotonic_s

    def sleep(self, seconds: float) -> None:
        """For this process alone; signals do not end it early."""
        time.sleep(seconds)
