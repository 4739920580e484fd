"""What the disk says, in words for the operator."""

from __future__ import annotations

import errno

from tinyscheduler.errors import StateError

_REMEDIES = {
    errno.ENOSPC: "free some disk space; nothing was lost",
    errno.EDQUOT: "the disk quota is used up; nothing was lost",
    errno.EROFS: "the file system is read-only; mount it writable",
    errno.EACCES: "give this user the right to it",
    errno.EPERM: "give this user the right to it",
    errno.ELOOP: "somebody put a symbolic link there; remove it",
}


def reason_of(error: OSError) -> str:
    """One clause, without the path."""
    if error.errno == errno.ELOOP:
        return "it is a symbolic link"
    return error.strerror or str(error)


def state_error(path: str, error: OSError) -> StateError:
    """What, where, how to mend it."""
    hint = _REMEDIES.get(error.errno or 0, "look at the disk and the folder")
    return StateError(f"{path}: {reason_of(error)}", hint=hint)
