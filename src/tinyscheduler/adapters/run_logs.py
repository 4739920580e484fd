"""``ports.RunLogs``: what agents said, read from ``state/runs`` while a wrapper may be writing it.

The newest part of an output is ``output.log``; ``output.log.1`` is the one before it, and so on. The
writer renames them, so parts are told apart by their inode and never by their name.
"""

from __future__ import annotations

import errno
import os
import re

from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import TaskId

READ_BYTES = 1 << 16
LIST_ATTEMPTS_MAX = 10
"""Parts are renamed once in ten megabytes; to meet that again and again is no accident."""

_TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ATTEMPT = re.compile(r"[1-9][0-9]{0,8}")
_PART = re.compile(r"output\.log(?:\.([1-9][0-9]{0,3}))?")
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class RunLogFiles:
    """All run folders below one path. Missing folders = nothing has run."""

    def __init__(self, runs_path: str) -> None:
        self._runs = runs_path

    def attempts(self, task_id: TaskId) -> tuple[int, ...]:
        """See the port. None for an id that is not a name (law 11)."""
        if not _TASK_ID.fullmatch(task_id):
            return ()
        names = _names_in(f"{self._runs}/task_{task_id}")
        return tuple(sorted(int(name) for name in names if _ATTEMPT.fullmatch(name)))

    def path(self, task_id: TaskId, attempt: int) -> str:
        """See the port."""
        assert _TASK_ID.fullmatch(task_id), "only ids that have attempts are asked for"
        return f"{self._runs}/task_{task_id}/{attempt}/output.log"

    def tail(self, task_id: TaskId, attempt: int) -> RotatedTail:
        """See the port."""
        return RotatedTail(os.path.dirname(self.path(task_id, attempt)))


class RotatedTail:
    """One output from its oldest part on. Holds the part it reads open, so that a rename or a removal
    takes nothing away from it."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._handle: int | None = None
        self._inode = 0
        self.lost_parts = 0

    def read(self) -> bytes:
        """See the port."""
        try:
            return self._next()
        except OSError as error:
            raise StateError(
                f"{error.filename or self._folder}: {error.strerror}",
                hint="look at the rights and the disk",
            ) from error

    def close(self) -> None:
        """Idempotent."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _next(self) -> bytes:
        if self._handle is None and not self._open_after(0):
            return b""
        if data := self._read_some():
            return data
        # Asked before the last read of this part: what was added before it was renamed is read first.
        is_newest = self._is_newest()
        if data := self._read_some():
            return data
        if is_newest or not self._open_after(self._inode):
            return b""
        return self._next()

    def _read_some(self) -> bytes:
        assert self._handle is not None, "a part is open"
        return os.read(self._handle, READ_BYTES)

    def _is_newest(self) -> bool:
        try:
            return os.lstat(f"{self._folder}/output.log").st_ino == self._inode
        except FileNotFoundError:
            # Between the rename and the new file, or the run is over and somebody tidied up.
            return True

    def _open_after(self, inode: int) -> bool:
        """Open the part that follows the one with that inode; the oldest for 0, or when that one is
        gone. False: there is none."""
        parts = self._parts()
        inodes = [found for found, _ in parts]
        if inode in inodes:
            parts = parts[inodes.index(inode) + 1 :]
        elif inode and parts:
            self.lost_parts += 1
        if not parts:
            return False
        return self._open(*parts[0])

    def _open(self, inode: int, name: str) -> bool:
        """False: it was renamed just now; the next read finds it."""
        try:
            handle = os.open(f"{self._folder}/{name}", _FLAGS)
        except FileNotFoundError:
            return False
        status = os.fstat(handle)
        if status.st_ino != inode:
            os.close(handle)
            return False
        if status.st_mode & 0o170000 != 0o100000:
            os.close(handle)
            raise OSError(errno.EINVAL, "not a regular file", f"{self._folder}/{name}")
        self.close()
        self._handle, self._inode = handle, inode
        return True

    def _parts(self) -> list[tuple[int, str]]:
        """Oldest first. Read until two looks agree: a rename between two ``stat`` would hide a part."""
        before = self._look()
        for _ in range(LIST_ATTEMPTS_MAX):
            now = self._look()
            if now == before:
                break
            before = now
        return before

    def _look(self) -> list[tuple[int, str]]:
        numbered = [(int(match[1] or 0), match[0]) for match in map(_PART.fullmatch, self._names()) if match]
        found = []
        for _, name in sorted(numbered, reverse=True):
            try:
                found.append((os.lstat(f"{self._folder}/{name}").st_ino, name))
            except FileNotFoundError:
                # Renamed just now: the second look finds it.
                continue
        return found

    def _names(self) -> list[str]:
        return _names_in(self._folder)


def _names_in(folder: str) -> list[str]:
    """Empty when it is not there. Raises StateError."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StateError(f"{folder}: {error.strerror}", hint="look at the rights and the disk") from error
