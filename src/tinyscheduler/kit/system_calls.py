"""Two system calls that the standard library does not have.

Apart, because ``ctypes`` costs memory and milliseconds: a wrapper loads this, and a pass that mends a lease.
"""

from __future__ import annotations

import ctypes
import errno
import os

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_PR_SET_CHILD_SUBREAPER = 36


def exchange(one: str, other: str) -> None:
    """Let two names change places at once; renameat2(2). Both must be there.

    Raises OSError: FileNotFoundError when one is not, EINVAL or ENOSYS when this file system or
    this kernel cannot.
    """
    call = _function("renameat2")
    if call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), ctypes.c_uint(_RENAME_EXCHANGE)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), one, None, other)


def inherit_orphans(is_on: bool) -> None:
    """Become, or cease to be, the parent of all descendants whose own parent ends; prctl(2),
    PR_SET_CHILD_SUBREAPER. It outlives an exec. Raises OSError."""
    call = _function("prctl")
    if call(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(is_on), *(ctypes.c_ulong(0) for _ in range(3))):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _function(name: str) -> ctypes._NamedFuncPointer:
    try:
        found: ctypes._NamedFuncPointer = getattr(ctypes.CDLL(None, use_errno=True), name)
    except (AttributeError, OSError) as error:
        raise OSError(errno.ENOSYS, f"there is no {name} in the C library") from error
    return found
