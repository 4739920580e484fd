"""A folder that one process at a time works in.

The lock is on the folder itself: no file is left behind, and the kernel takes it from whoever dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_WAIT_S: Final = 0.01


@contextmanager
def held(folder: str, *, wait_max_s: float) -> Iterator[bool]:
    """Whether it is ours; False: somebody else has had it all the while. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield _taken_within(handle, wait_max_s)
    finally:
        os.close(handle)


def _taken_within(handle: int, wait_max_s: float) -> bool:
    deadline = time.monotonic() + wait_max_s
    while not _taken(handle):
        if time.monotonic() > deadline:
            return False
        time.sleep(_WAIT_S)
    return True


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
