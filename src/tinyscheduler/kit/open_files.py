"""Whether somebody is still writing into a file: asked of the kernel, which knows who has it open.

Apart from ``files``, because a pass without a folder of task files asks nobody.
"""

from __future__ import annotations

import fcntl
import os
import signal


def is_open_for_writing(path: str) -> bool:
    """By any process. Also False where that cannot be told: another user's file, one that is gone or no
    regular one, a file system that knows no leases (fcntl(2), F_SETLEASE)."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        # Whoever reads it next is told why.
        return False
    try:
        return not _can_be_leased(handle)
    finally:
        os.close(handle)


def _can_be_leased(handle: int) -> bool:
    """A lease for reading is given where nobody has the file open for writing. Who opens it while we hold
    the lease waits until it is given back, and we are sent a signal: one that does nothing, since the usual
    one ends a process."""
    try:
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return False
    except OSError:
        # Not ours to ask about, or there are no leases here.
        return True
    fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return True
