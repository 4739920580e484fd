"""What to do about what the disk says. Imported only where it has said something."""

from __future__ import annotations

import errno

_REMEDIES = {
    errno.ENOSPC: "free some disk space, or files where inodes have run out (df -i); nothing was lost",
    errno.EDQUOT: "the disk quota is used up; nothing was lost",
    errno.EROFS: "the file system is read-only; mount it writable",
    errno.EIO: "look at the disk and at the kernel's messages; nothing was lost",
    errno.EACCES: "give this user the right to it",
    errno.EPERM: "give this user the right to it",
    errno.ELOOP: "somebody put a symbolic link there; remove it",
}


def remedy(error: OSError, otherwise: str) -> str:
    """A hint; ``otherwise`` for what has no remedy of its own."""
    return _REMEDIES.get(error.errno or 0, otherwise)
