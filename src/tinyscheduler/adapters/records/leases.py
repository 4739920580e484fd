"""``ports.LeaseStore`` over files. Exclusivity comes from ``link()``, never from looking first."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from tinyscheduler.adapters.records import lease_json as codec
from tinyscheduler.adapters.records.trouble import reason_of, state_error
from tinyscheduler.errors import StateError, Unreadable
from tinyscheduler.kit import files, json_text
from tinyscheduler.kit.fields import is_name, name_between
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.lease import BrokenLease, Lease, Owner, StopOrder
from tinyscheduler.ports import LeaseScan

if TYPE_CHECKING:
    from tinyscheduler.kit.disk import Files

T = TypeVar("T")

LEASE_BYTES_MAX = 1_000_000
"""A lease is 2 KB; anything beyond this is not one (features I2)."""

_NO_FILE_OF_OURS = (errno.ELOOP, errno.EFBIG, errno.EINVAL)
"""A symbolic link, something far too big, or a folder or a pipe in a file's place."""
_OWNER_HINT = "a pass ends the run and removes it"


class FileLeaseStore:
    """One folder of leases. Missing folder = no leases, until something is written."""

    def __init__(self, running_folder: str, quarantine_folder: str, *, disk: Files = files) -> None:
        self._folder = running_folder
        self._quarantine = quarantine_folder
        self._disk = disk

    def scan(self) -> LeaseScan:
        """Read everything, sorted by task id. Raises StateError when the folder cannot be listed."""
        leases: list[Lease] = []
        broken: list[BrokenLease] = []
        for task_id in self._task_ids():
            found = self.read(task_id)
            if isinstance(found, Lease):
                leases.append(found)
            elif found is not None:
                broken.append(found)
        return LeaseScan(tuple(leases), tuple(broken))

    def read(self, task_id: TaskId) -> Lease | BrokenLease | None:
        """One lease; None: there is none."""
        return self._read(self._path(task_id, "json"), task_id)

    def _read(self, path: str, task_id: TaskId) -> Lease | BrokenLease | None:
        try:
            lease = codec.lease_from_json(json_text.load(self._disk.read_limited(path, LEASE_BYTES_MAX)))
        except FileNotFoundError:
            return None
        except OSError as error:
            return BrokenLease(task_id, path, reason_of(error))
        except ValueError as error:
            return BrokenLease(task_id, path, f"it does not parse: {error}")
        if lease.task_id != task_id:
            return BrokenLease(task_id, path, f"it says it is for task {lease.task_id}")
        if not is_name(lease.lease_id):
            return BrokenLease(task_id, path, "its lease_id is not a name")
        return lease

    def create(self, lease: Lease) -> bool:
        """Exclusive, durable. False: the task has a lease already, which is untouched."""
        path = self._path(lease.task_id, "json")
        if not self._write(path, lambda: self._disk.create_exclusive(path, _lease_bytes(lease))):
            return False
        # Left over from a lease that somebody removed by hand: they would keep the new wrapper out.
        # After the link, when this lease has no wrapper yet and the name is nobody else's.
        for ending in ("stop", "owner"):
            self._remove(self._path(lease.task_id, ending))
        return True

    def write(self, lease: Lease, *, is_durable: bool = True) -> None:
        """The file is synced in any case: what may be undone is its name."""
        path = self._path(lease.task_id, "json")
        self._write(path, lambda: self._disk.replace(path, _lease_bytes(lease), sync_folder=is_durable))

    def beat(self, lease: Lease) -> bool:
        """Folder not synced: a beat that a power cut undoes is of a dead process anyway."""
        path = self._path(lease.task_id, "json")
        try:
            return self._take_place(path, lease)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise state_error(path, error) from error
            return self._touch(path, lease)

    def finish(self, lease: Lease) -> bool:
        """Durable; the last write of a wrapper."""
        path = self._path(lease.task_id, "json")
        try:
            is_ours = self._take_place(path, lease)
            self._disk.sync_parent(path)
        except OSError as error:
            raise state_error(path, error) from error
        return is_ours

    def _take_place(self, path: str, lease: Lease) -> bool:
        from tinyscheduler.adapters.records.fencing import take_place

        def read(name: str) -> Lease | BrokenLease | None:
            return self._read(name, lease.task_id)

        try:
            return take_place(path, lease, _lease_bytes(lease), disk=self._disk, read=read)
        except FileNotFoundError:
            # The folder is gone, and the lease with it.
            return False

    def _touch(self, path: str, lease: Lease) -> bool:
        from tinyscheduler.adapters.records.fencing import is_followed_by

        if not is_followed_by(self._read(path, lease.task_id), lease):
            return False
        self._write(path, lambda: self._disk.touch(path))
        return True

    def remove(self, lease: Lease, *, is_durable: bool = True) -> None:
        """Stop file, owner file, lease: what is left after a crash in between is still a lease."""
        paths = [self._path(lease.task_id, ending) for ending in ("stop", "owner", "json")]
        removed = [self._remove(path) for path in paths]
        if is_durable and any(removed):
            self.sync()

    def sync(self) -> None:
        """One sync of the folder, for whatever was done in it."""
        inside = f"{self._folder}/"
        self._write(inside, lambda: self._disk.sync_parent(inside))

    def owner(self, task_id: TaskId) -> Owner | None:
        """Who was first. Raises StateError, and of that Unreadable for a file that says nothing."""
        path = self._path(task_id, "owner")
        try:
            return codec.owner_from_json(json_text.load(self._disk.read_limited(path, LEASE_BYTES_MAX)))
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in _NO_FILE_OF_OURS:
                raise Unreadable(f"{path}: {reason_of(error)}", hint=_OWNER_HINT) from error
            raise state_error(path, error) from error
        except ValueError as error:
            raise Unreadable(f"{path} does not parse: {error}", hint=_OWNER_HINT) from error

    def take(self, task_id: TaskId, owner: Owner) -> Owner:
        """Become the owner by exclusive create, or learn who is."""
        path = self._path(task_id, "owner")
        data = json_text.dump(codec.owner_to_json(owner))
        if self._write(path, lambda: self._disk.create_exclusive(path, data)):
            return owner
        # Only the holder of the pass lock removes it, after the other side's proven death.
        return self.owner(task_id) or self.take(task_id, owner)

    def drop_owner(self, task_id: TaskId, lease_id: LeaseId) -> None:
        """Take back an owner file of that lease_id."""
        owner = self.owner(task_id)
        if owner is not None and owner.lease_id == lease_id:
            self._remove(self._path(task_id, "owner"))

    def stop_order(self, task_id: TaskId) -> StopOrder | None:
        """None if there is none, or none that can be read: a wrapper must not die of it."""
        path = self._path(task_id, "stop")
        try:
            return codec.stop_from_json(json_text.load(self._disk.read_limited(path, LEASE_BYTES_MAX)))
        except (OSError, ValueError):
            return None

    def ask_stop(self, task_id: TaskId, stop: StopOrder) -> None:
        """The first one for this lease stays; one left over from an older lease is replaced."""
        path = self._path(task_id, "stop")
        data = json_text.dump(codec.stop_to_json(stop))
        if self._write(path, lambda: self._disk.create_exclusive(path, data)):
            return
        known = self.stop_order(task_id)
        if known is None and self._disk.is_folder(path):
            self._remove(path)
        if known is None or known.lease_id != stop.lease_id:
            self._write(path, lambda: self._disk.replace(path, data))

    def touched_at(self, task_id: TaskId) -> datetime | None:
        """By the wall clock, as file times are."""
        try:
            return datetime.fromtimestamp(self._disk.modified_at_s(self._path(task_id, "json")), UTC)
        except OSError:
            return None

    def quarantine(self, broken: BrokenLease) -> str | None:
        """Copy aside under a name made of the content, so that the same content is copied once."""
        import zlib

        try:
            data = self._disk.read_limited(broken.path, LEASE_BYTES_MAX)
        except OSError:
            return None
        name = f"task_{broken.task_id}.{zlib.crc32(data):08x}.json"
        path = os.path.join(self._quarantine, name)
        self._write(path, lambda: self._disk.make_folder(self._quarantine))
        return path if self._write(path, lambda: self._disk.create_exclusive(path, data)) else None

    def is_blocked(self, task_id: TaskId) -> bool:
        """A folder has the lease's name."""
        path = self._path(task_id, "json")
        return self._disk.is_folder(path) and not self._disk.is_link(path)

    def rebuild(self, broken: BrokenLease, lease: Lease) -> bool:
        """False: it is broken no more. See ``mending``."""
        from tinyscheduler.adapters.records.mending import mended, take_place_of_broken

        path = self._path(broken.task_id, "json")

        def read(name: str) -> Lease | BrokenLease | None:
            return self._read(name, broken.task_id)

        return self._write(
            path,
            lambda: take_place_of_broken(
                path,
                _lease_bytes(lease),
                quarantine=self._quarantine,
                limit=LEASE_BYTES_MAX,
                disk=self._disk,
                read=lambda name: mended(read(name), lease),
            ),
        )

    def drop(self, broken: BrokenLease) -> None:
        """The lease last: what is left after a crash in between still holds its task."""
        for ending in ("stop", "owner"):
            self._remove(self._path(broken.task_id, ending))
        path = self._path(broken.task_id, "json")
        aside = f"{self._quarantine}/task_{broken.task_id}.dropped-{os.urandom(4).hex()}.json"

        def move() -> None:
            self._disk.make_folder(self._quarantine)
            if not self._disk.exists(path):
                return
            try:
                self._disk.move(path, aside)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                # RUNNING_DIR on another disk: the copy that was made before is what is left.
                self._disk.remove(path)
            self._disk.sync_parent(path)

        self._write(path, move)

    def _task_ids(self) -> list[TaskId]:
        try:
            names = self._disk.names(self._folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise state_error(self._folder, error) from error
        found = (name_between("task_", name, ".json") for name in names)
        return sorted((TaskId(name) for name in found if name), key=_natural)

    def _path(self, task_id: TaskId, ending: str) -> str:
        # Law 11: an id is never a path before it is checked.
        if not is_name(task_id):
            raise StateError(
                f"{task_id!r:.80} cannot be the id of a task",
                hint="ids are up to 64 letters, digits, '_' or '-'",
            )
        return f"{self._folder}/task_{task_id}.{ending}"

    def _remove(self, path: str) -> bool:
        from tinyscheduler.adapters.records.mending import clear

        return self._write(path, lambda: clear(path, quarantine=self._quarantine, disk=self._disk))

    def _write(self, path: str, action: Callable[[], T]) -> T:
        try:
            try:
                return action()
            except FileNotFoundError:
                self._disk.make_folder(os.path.dirname(path))
                return action()
        except OSError as error:
            raise state_error(path, error) from error


def _natural(task_id: TaskId) -> tuple[int, str]:
    """Numbers by value, before text."""
    return (int(task_id), "") if task_id.isdigit() else (1 << 63, task_id)


def _lease_bytes(lease: Lease) -> bytes:
    return json_text.dump(codec.lease_to_json(lease))
