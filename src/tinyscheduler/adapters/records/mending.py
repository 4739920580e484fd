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
    # A temporary name: if we are killed here, it is swept; a folder is kept by the sweep too.
    aside = disk.put_beside(path, data)
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
        _keep(aside, _name_for(path, quarantine), disk=disk, limit=limit)
    disk.sync_parent(path)
    return not is_mended


def mended(found: Lease | BrokenLease | None, lease: Lease) -> Lease | BrokenLease | None:
    """What stands in the place of ``lease``: one of an older run is as good as garbled there."""
    if isinstance(found, Lease) and found.generation < lease.generation:
        return BrokenLease(found.task_id, "", f"it is of generation {found.generation}")
    return found


def clear(path: str, *, quarantine: str, disk: Files) -> bool:
    """Remove an owner or stop file, or a lease; a folder that somebody has put in its place is kept in
    quarantine. False: nothing was there. Raises OSError."""
    try:
        return disk.remove(path)
    except IsADirectoryError:
        disk.make_folder(quarantine)
        _move(path, _name_for(path, quarantine), disk)
        return True


def _in_two_steps(path: str, aside: str, *, quarantine: str, limit: int, disk: Files, read: Read) -> bool:
    """For file systems that cannot exchange: a wrapper that looks in between finds its lease gone and
    stops, which is a lost attempt and no harm."""
    if not isinstance(read(path), BrokenLease):
        disk.remove(aside)
        return False
    _keep(path, _name_for(path, quarantine), disk=disk, limit=limit)
    disk.move(aside, path)
    disk.sync_parent(path)
    return True


def _keep(path: str, to: str, *, disk: Files, limit: int) -> None:
    """What could be read has been copied already; everything else is moved."""
    try:
        disk.read_limited(path, limit)
    except OSError:
        disk.make_folder(os.path.dirname(to))
        _move(path, to, disk)
    else:
        disk.remove(path)


def _move(path: str, to: str, disk: Files) -> None:
    try:
        disk.move(path, to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # The quarantine is on another disk. Not under its temporary name, by which it would be swept.
        disk.move(path, f"{os.path.dirname(path)}/{os.path.basename(to)}")


def _name_for(path: str, quarantine: str) -> str:
    """No lease's name, also where it has to stay beside the leases."""
    return f"{quarantine}/taken-{os.urandom(4).hex()}.{os.path.basename(path)}"
