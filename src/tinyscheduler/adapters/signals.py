"""``ports.StopSignal``: SIGTERM and SIGINT as a wish that is looked at between passes.

The first one is noted, the second ends the process on the spot: a pass may be killed anywhere
without harm (features B12), so nobody who asks twice has to wait.
"""

from __future__ import annotations

import os
import select
import signal
from types import FrameType

EXIT_INTERRUPTED = 130


class TermSignals:
    """Handlers for the life of this process. Make one, in the main thread."""

    def __init__(self) -> None:
        self._is_asked = False
        self._wake, wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def is_asked(self) -> bool:
        """Somebody wants this process to end."""
        return self._is_asked

    def wait(self, timeout_s: float) -> bool:
        """Sleep until asked or time is up; whether it was asked. The wakeup pipe closes the gap
        between looking and sleeping."""
        if not self._is_asked:
            poller = select.poll()
            poller.register(self._wake, select.POLLIN)
            poller.poll(max(0.0, timeout_s) * 1000)
        return self._is_asked

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_asked:
            os._exit(EXIT_INTERRUPTED)
        self._is_asked = True
