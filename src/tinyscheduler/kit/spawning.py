"""Starting a process on a machine that is short for a moment."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable

_PASSING = (errno.ETXTBSY, errno.EAGAIN, errno.ENOMEM)
"""Worth another try at once: the binary is being replaced, or memory or process numbers are used up."""
_TRIES = 3
_PAUSE_S = 0.1


def patiently(spawn: Callable[[], int]) -> int:
    """The pid. Tries again after what may pass by itself; raises the OSError that does not."""
    for tries_left in reversed(range(_TRIES)):
        try:
            return spawn()
        except OSError as error:
            if error.errno not in _PASSING or not tries_left:
                raise
            time.sleep(_PAUSE_S)
    raise AssertionError("the last try either returns or raises")
