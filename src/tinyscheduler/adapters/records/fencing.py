"""A wrapper's write into its lease, which must hit no other lease (features B10, ADR 0041).

"Read, then rename" has a gap: who is stopped in it and woken later renames over whatever has come
meanwhile, or brings back what was removed. So the new text and the name change places in one step,
and what has been taken out is looked at: if it was not this lease's, it is put back at once. Apart
from the store, because only wrappers need it.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING

from tinyscheduler.errors import StateError
from tinyscheduler.model.lease import BrokenLease, Lease

if TYPE_CHECKING:
    from tinyscheduler.kit.disk import Files

    Read = Callable[[str], Lease | BrokenLease | None]

SWAPS_MAX = 5
"""Each further one needs a beat of the lease's new holder between two system calls of ours."""
_CANNOT_EXCHANGE = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


def take_place(path: str, lease: Lease, data: bytes, *, disk: Files, read: Read) -> bool:
    """Put ``data`` in the place of an earlier state of ``lease``. False: that is not what was there,
    and what was there is there again.

    Raises OSError, and StateError when what was there cannot be read.
    """
    beside = disk.put_beside(path, data)
    try:
        disk.exchange(beside, path)
    except FileNotFoundError:
        disk.remove(beside)
        return False
    except OSError as error:
        if error.errno in _CANNOT_EXCHANGE:
            return _look_and_rename(beside, path, lease, disk=disk, read=read)
        disk.remove(beside)
        raise
    taken = read(beside)
    is_ours = is_followed_by(taken, lease)
    if not is_ours:
        _put_back(beside, path, data, disk=disk, read=read)
    disk.remove(beside)
    if isinstance(taken, BrokenLease):
        raise StateError(f"the lease was garbled while it was written: {taken.why}", hint="it is tried again")
    return is_ours


def is_followed_by(found: Lease | BrokenLease | None, lease: Lease) -> bool:
    """``lease`` may take its place: an unfinished state of the same lease, or what a writer that was
    overtaken long ago has just left there."""
    if not isinstance(found, Lease):
        return False
    if found.lease_id != lease.lease_id:
        return found.generation < lease.generation
    # A finished lease is the pass's: only it could have finished it before us (law 6).
    return found.state != "finished" or lease.state == "finished"


def _put_back(beside: str, path: str, ours: bytes, *, disk: Files, read: Read) -> None:
    """Until what we hold is our own text again, or not newer than what is in the place."""
    for _ in range(SWAPS_MAX):
        given = read(beside)
        try:
            disk.exchange(beside, path)
        except FileNotFoundError:
            # The pass has removed what we had put there; whose lease this is finds its name gone.
            return
        if _holds(beside, ours, disk=disk) or not _is_newer(read(beside), given):
            return


def _holds(path: str, text: bytes, *, disk: Files) -> bool:
    try:
        return disk.read_limited(path, len(text)) == text
    except OSError:
        # Longer, a folder, a link: anything but what we wrote.
        return False


def _is_newer(one: Lease | BrokenLease | None, other: Lease | BrokenLease | None) -> bool:
    if not isinstance(one, Lease) or not isinstance(other, Lease):
        return False
    return (one.generation, one.heartbeat_monotonic) > (other.generation, other.heartbeat_monotonic)


def _look_and_rename(beside: str, path: str, lease: Lease, *, disk: Files, read: Read) -> bool:
    """For file systems that cannot exchange: the gap stays, as narrow as it can be."""
    is_ours = is_followed_by(read(path), lease)
    if is_ours:
        disk.move(beside, path)
    else:
        disk.remove(beside)
    return is_ours
