"""One pass at a time per state folder: ``flock`` on a file that is never unlinked.

Bare ``fcntl`` and not filelock, which imports asyncio and costs 40 ms at each start (ADR 0006).
A flock belongs to the open file: it is gone with the process, however that ends, so there is
nothing to clean up. The file is closed on exec, so no wrapper can inherit the lock.
"""

from __future__ import annotations

import fcntl
import os

from tinyscheduler.errors import StateError
from tinyscheduler.kit import files


class FlockRunLock:
    """``ports.RunLock``. ``poke_path`` is a file whose existence asks for one more look."""

    def __init__(self, path: str, poke_path: str) -> None:
        self._path = path
        self._poke_path = poke_path
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
        """Idempotent."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

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
        """Write who holds it, for people. Only the holder gets here, so truncating is safe."""
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            return  # The lock is held all the same; the text is a courtesy.


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
