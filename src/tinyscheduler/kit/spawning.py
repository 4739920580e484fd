"""Starting a process that outlives us: on a machine that is short for a moment, and without a share in
what our caller has left to us."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable

_PASSING = (errno.ETXTBSY, errno.EAGAIN, errno.ENOMEM)
"""Worth another try at once: the binary is being replaced, or memory or process numbers are used up."""
_TRIES = 3
_PAUSE_S = 0.1
_STANDARD = 3
"""Streams below this are given to each child one by one."""
_SEARCHED = 1_024
"""Without /proc: what a shell or cron opens has a small number."""


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


def keep_descriptors() -> None:
    """Children that are started from here on inherit none of the descriptors that we have inherited.

    ``flock LOCK tinyscheduler run --once`` leaves us its lock, others a pipe whose end they wait for: in a
    child that lives for an hour the lock would be held, and the pipe open, for an hour.
    """
    for handle in _open_handles():
        try:
            os.set_inheritable(handle, False)
        except OSError:
            # Closed by now: the one that listed the folder, or none at all.
            continue


def _open_handles() -> list[int]:
    try:
        handles = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        handles = list(range(_SEARCHED))
    return [handle for handle in handles if handle >= _STANDARD]
