"""Signals as something ``poll`` can wait for.

The handlers only note that a signal came; the interpreter's wakeup descriptor writes a byte into a
pipe, so a signal between "is there work?" and "sleep" is never slept through (signal(7), self-pipe).
"""

from __future__ import annotations

import os
import select
import signal
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import FrameType

_ASKED_TO_LEAVE = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Wakeup:
    """Holds the process's handlers from ``__enter__`` to ``__exit__``; main thread only."""

    __slots__ = ("_before", "_handler_before", "_write_end", "asked_by", "handle")

    def __init__(self) -> None:
        self.handle, self._write_end = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.asked_by: str | None = None
        """The first signal that asked this process to leave."""
        self._handler_before = -1
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        """From here on a signal ends nothing."""
        # The pipe can only be full of wake-ups nobody needs a second time.
        self._handler_before = signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        for number in _ASKED_TO_LEAVE:
            self._before[number] = signal.signal(number, self._note)
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, self._ignore)
        return self

    def __exit__(self, *_: object) -> None:
        """As it was before, for a process that goes on or becomes another."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        signal.set_wakeup_fd(self._handler_before)
        os.close(self.handle)
        os.close(self._write_end)

    def drain(self) -> None:
        """Forget the bytes; what they stood for has been noted."""
        try:
            while os.read(self.handle, 512):
                pass
        except BlockingIOError:
            return

    def wait(self, timeout_s: float) -> None:
        """Until somebody has asked this process to leave, or time is up."""
        deadline = time.monotonic() + timeout_s
        poller = select.poll()
        poller.register(self.handle, select.POLLIN)
        while self.asked_by is None and (left_s := deadline - time.monotonic()) > 0:
            poller.poll(left_s * 1000)
            self.drain()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.asked_by is None:
            self.asked_by = signal.Signals(number).name

    def _ignore(self, _number: int, _frame: FrameType | None) -> None:
        """SIGCHLD: the byte in the pipe is all that is wanted."""
