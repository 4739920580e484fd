"""A new lease in the place of what nobody can read (features B9).

The wrapper of the lease, should it live after all, mends it too; so the two change places in one
step, and a lease that turns up then is put back. Apart from the store, because it is needed once in
a year, and a pass is a new process every minute.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from tinyscheduler.model.lease import BrokenLease, Lease

if TYPE_CHECKING:
    from tinyscheduler.kit.disk import Files

    Read = Callable[[str], Lease | BrokenLease | None]

_CANNOT_EXCHANGE = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


def take_place_of_broken(
    path: str, data: bytes, *, quarantine: str, limit: int, disk: Files, read: Read
) -> bool:
    """False: it is gone, or was mended meanwhile, and that is there. ``limit``: how much of a file was
    copied to quarantine before. Raises OSError."""
    # Not a temporary name: those are swept, and what is taken out may be a folder with somebody's work.
    aside = f"{path}.{os.urandom(4).hex()}"
    disk.move(disk.put_beside(path, data), aside)
    try:
        disk.exchange(aside, path)
    except OSError as error:
        if error.errno in _CANNOT_EXCHANGE:
            return _in_two_steps(path, aside, quarantine=quarantine, disk=disk, read=read, limit=limit)
        disk.remove(aside)
        if isinstance(error, FileNotFoundError):
            return False
        raise
    is_mended = isinstance(read(aside), Lease)
    if is_mended:
        disk.exchange(aside, path)
        disk.remove(aside)
    else:
        _keep(aside, quarantine, disk, limit)
    disk.sync_parent(path)
    return not is_mended


def _in_two_steps(path: str, aside: str, *, quarantine: str, limit: int, disk: Files, read: Read) -> bool:
    """For file systems that cannot exchange: a wrapper that looks in between finds its lease gone and
    stops, which is a lost attempt and no harm."""
    if not isinstance(read(path), BrokenLease):
        disk.remove(aside)
        return False
    _keep(path, quarantine, disk, limit)
    disk.move(aside, path)
    disk.sync_parent(path)
    return True


def _keep(path: str, quarantine: str, disk: Files, limit: int) -> None:
    """What could be read has been copied already. Everything else is moved, and stays where it is when the
    quarantine is on another disk."""
    try:
        disk.read_limited(path, limit)
    except OSError:
        disk.make_folder(quarantine)
        _move(path, f"{quarantine}/{os.path.basename(path)}", disk)
    else:
        disk.remove(path)


def _move(path: str, to: str, disk: Files) -> None:
    try:
        disk.move(path, to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
