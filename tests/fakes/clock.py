"""A clock that stands still until somebody moves it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from tests.builders import MONOTONIC, NOW


class FakeClock:
    """``ports.Clock``; wall clock and monotonic clock move together unless told otherwise."""

    def __init__(self, now: datetime = NOW, monotonic: float = MONOTONIC) -> None:
        self._now = now
        self._monotonic = monotonic
        self.on_sleep: Callable[[], object] | None = None
        """What the world does while somebody sleeps."""

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        if self.on_sleep is not None:
            self.on_sleep()

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def step(self, seconds: float) -> None:
        """Somebody sets the wall clock; no time passes."""
        self._now += timedelta(seconds=seconds)

    def reboot(self) -> None:
        """The monotonic clock starts anew, a minute later."""
        self._now += timedelta(seconds=60)
        self._monotonic = 1.0
