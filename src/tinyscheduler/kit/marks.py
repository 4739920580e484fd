"""A number that processes hand on to their children, and that everybody may read: their limit of file size.

The environment of a process is read with the rights of a debugger, and may be emptied by whoever starts it.
The limits of a process are inherited as well, and readable by all (proc_pid_limits(5)). A soft limit of 4 EiB
and some limits nobody, as no file system has such files, and nobody else sets one: it says who was marked.
"""

from __future__ import annotations

from binascii import crc32
from contextlib import suppress

_BASE = 2**62
_END = _BASE + 2**32
_ROW = b"Max file size"
_LIMITS_BYTES = 4_096


def mark_of(name: str) -> int:
    """Of everybody who belongs to this name."""
    return _BASE + crc32(name.encode())


def read_mark(pid: int) -> int | None:
    """None: it has none. Raises OSError."""
    with open(f"/proc/{pid}/limits", "rb", buffering=0) as file:
        text = file.read(_LIMITS_BYTES)
    soft = text.partition(_ROW)[2].split(None, 1)[:1]
    number = int(soft[0]) if soft and soft[0].isdigit() else 0
    return number if _BASE <= number < _END else None


def wear(mark: int | None) -> int | None:
    """Of this process and all that it starts from here on; None: no mark. What it wore before.

    Where somebody has set a limit, the limit stays, and there is no mark.
    """
    import resource

    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if hard == resource.RLIM_INFINITY and (before == hard or _BASE <= before < _END):
        with suppress(OSError, ValueError):
            # Refused by a sandbox: the other signs are there.
            soft = resource.RLIM_INFINITY if mark is None else mark
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    return before if _BASE <= before < _END else None
