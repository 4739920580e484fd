"""What to do about what the disk says. Imported only where it has said something."""

from __future__ import annotations

import errno
import os

_REMEDIES = {
    errno.ENOSPC: "free some disk space, or files where inodes have run out (df -i); nothing was lost",
    errno.EDQUOT: "the disk quota is used up; nothing was lost",
    errno.EROFS: "the file system is read-only; mount it writable",
    errno.EIO: "look at the disk and at the kernel's messages; nothing was lost",
    errno.EACCES: "give this user the right to it",
    errno.EPERM: "give this user the right to it",
    errno.ELOOP: "somebody put a symbolic link there; remove it",
    errno.EISDIR: "a folder stands where a file has to be; move it away",
}


def remedy(error: OSError, otherwise: str) -> str:
    """A hint; ``otherwise`` for what has no remedy of its own."""
    place = no_folder(error)
    if place is not None:
        return put_back(place)
    return _REMEDIES.get(error.errno or 0, otherwise)


def put_back(folder: str) -> str:
    """What to do where something else stands in its place."""
    return f"put the folder {folder} back; if it is gone, move away what stands there, and it is made anew"


def no_folder(error: OSError) -> str | None:
    """What stands where a folder has to be; None: the trouble is another, or it is gone by now."""
    if error.errno != errno.ENOTDIR:
        return None
    # Of a rename only the second name may lie below it; of a listing it is the name itself.
    paths = [path for path in (error.filename, error.filename2) if isinstance(path, str)]
    above = [place for path in paths for place in _above(path)]
    return next((place for place in (*above, *paths) if _is_no_folder(place)), None)


def _above(path: str) -> list[str]:
    folder = os.path.dirname(path)
    return [] if folder in ("", path) else [folder, *_above(folder)]


def _is_no_folder(path: str) -> bool:
    return os.path.lexists(path) and not os.path.isdir(path)
