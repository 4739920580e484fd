"""One pass at a time per state folder: ``flock`` on a file that is never unlinked.

Bare ``fcntl`` and not filelock, which imports asyncio and costs 40 ms at each start (ADR 0006).
A flock belongs to the open file: it is gone with the process, however that ends, so there is
nothing to clean up. The file is closed on exec, so no wrapper can inherit the lock.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from tinyscheduler.errors import StateError
from tinyscheduler.kit import files, json_text
from tinyscheduler.kit.fields import Fields, instant_text
from tinyscheduler.model.lease import ProcessRef
from tinyscheduler.ports import LockHolder

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT_BYTES_MAX = 4_096
"""Ours has 200; whatever else is in the file is not read for long."""


class FlockRunLock:
    """``ports.RunLock``. ``poke_path`` is a file whose existence asks for one more look; ``signature`` is
    asked for when the lock is taken."""

    def __init__(self, path: str, poke_path: str, signature: Callable[[], LockHolder]) -> None:
        self._path = path
        self._poke_path = poke_path
        self._signature = signature
        self._handle: int | None = None

    def acquire(self) -> bool:
        """Try once. Raises StateError if the file cannot be opened or is not a plain file."""
        if self._handle is not None:
            return True
        try:
            files.make_folder(os.path.dirname(self._path))
            handle = os.open(
                self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, files.FILE_MODE
            )
        except OSError as error:
            from tinyscheduler.kit.disk_words import remedy

            raise StateError(
                f"the lock file {self._path} cannot be opened: {error.strerror}",
                hint=remedy(
                    error, "make its folder writable for this user, or name another with --base-path"
                ),
            ) from error
        if not _try_flock(handle):
            os.close(handle)
            return False
        self._handle = handle
        self._sign(handle)
        return True

    def release(self) -> None:
        """Idempotent. The signature goes first: a process that lives on, a daemon, holds nothing now."""
        if self._handle is not None:
            _write(self._handle, b"")
            os.close(self._handle)
            self._handle = None

    def holder(self) -> LockHolder | None:
        """By the text in the file. The lock itself cannot be asked without taking it, and a reader that
        holds it for an instant sends a pass away."""
        try:
            return _holder(json_text.load(files.read_limited(self._path, TEXT_BYTES_MAX)))
        except (OSError, ValueError):
            # Not there, of another kind, or not signed: there is nobody to name.
            return None

    def poke(self) -> None:
        """Best effort: without room for the file the next pass comes by the clock."""
        try:
            files.append(self._poke_path, b"")
        except OSError:
            return

    def was_poked(self) -> bool:
        """True once per poke."""
        try:
            return files.remove(self._poke_path)
        except OSError:
            return False

    def _sign(self, handle: int) -> None:
        """Write who holds it, for ``status``. Only the holder gets here, so truncating is safe."""
        held = self._signature()
        pid, start, boot_id, pid_namespace = held.process
        signed = {
            "pid": pid,
            "pid_start": start,
            "boot_id": boot_id,
            "pid_namespace": pid_namespace,
            "at": instant_text(held.at),
        }
        _write(handle, json_text.dump_line(signed))


def _write(handle: int, text: bytes) -> None:
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, text, 0)
    except OSError:
        return  # The lock is what it is; the text is for those who look.


def _holder(found: object) -> LockHolder:
    """Raises ValueError."""
    fields = Fields(found)
    process = ProcessRef(
        fields.pid("pid"),
        fields.whole("pid_start"),
        fields.text("boot_id"),
        fields.text("pid_namespace"),
    )
    return LockHolder(process, fields.instant("at"))


def _try_flock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        os.close(handle)
        raise StateError(
            f"this file system cannot lock files: {error.strerror}",
            hint="put the state folder on a local disk",
        ) from error
    return True
