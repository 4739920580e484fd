"""The wrapper's own words: its standard error, which is ``wrapper.log`` in the run folder.

Not ``logging``: its import costs more than the rest of the wrapper together.
"""

from __future__ import annotations

import os
from collections.abc import Callable

STDERR = 2


class Log:
    """One line per fact; a line that repeats is written once, so that a disk that stays broken does
    not fill with the news of it."""

    __slots__ = ("_last", "_now")

    def __init__(self, now: Callable[[], str]) -> None:
        self._now = now
        self._last = ""

    def say(self, text: str) -> None:
        """Never fails: there is nobody left to tell."""
        if text == self._last:
            return
        self._last = text
        try:
            os.write(STDERR, f"{self._now()} {text}\n".encode("utf-8", "replace"))
        except OSError:
            return
