"""A log file of limited size that keeps a limited number of its older parts."""

from __future__ import annotations

import errno
import os

from tinyscheduler.kit.files import FILE_MODE

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
_NEWLINE = 10


class RotatingFile:
    """``path`` is the newest part, ``path.1`` to ``path.<files_max - 1>`` are older, the oldest last.

    Opened by the first write and again after any failure, so that a disk that was full, or a folder
    that was gone for a while, costs no more than what was written meanwhile.
    """

    __slots__ = (
        "_bytes_max", "_files_max", "_handle", "_path", "_size", "is_at_line_start", "removed_bytes",
    )  # fmt: skip

    def __init__(self, path: str, *, bytes_max: int, files_max: int) -> None:
        self._path = path
        self._bytes_max = bytes_max
        self._files_max = files_max
        self._handle: int | None = None
        self._size = 0
        self.is_at_line_start = True
        self.removed_bytes = 0
        """Of parts that fell off the end; whoever has reported them sets it to 0."""

    def write(self, data: memoryview) -> int:
        """Append a part of ``data``, whole lines where possible; how many bytes it was, at least 1.

        Raises OSError; then nothing was written.
        """
        handle = self._open()
        length = self._fitting(data)
        if length == 0:
            self._rotate()
            handle = self._open()
            length = self._fitting(data)
        written = os.write(handle, data[:length])
        if written == 0:
            raise OSError(errno.EIO, "the kernel accepted nothing")
        self._size += written
        self.is_at_line_start = data[written - 1] == _NEWLINE
        return written

    def close(self) -> None:
        """Idempotent."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        if self._handle is None:
            self._handle = os.open(self._path, _FLAGS, FILE_MODE)
            self._size = os.fstat(self._handle).st_size
        return self._handle

    def _fitting(self, data: memoryview) -> int:
        """0: not one line, and the file is not empty."""
        room = max(0, self._bytes_max - self._size)
        if len(data) <= room:
            return len(data)
        whole_lines = bytes(data[:room]).rfind(b"\n") + 1
        # A line longer than a whole file is cut; it would rotate for ever otherwise.
        return whole_lines if whole_lines or self._size else room

    def _rotate(self) -> None:
        self.close()
        oldest = self._part(self._files_max - 1)
        self.removed_bytes += _size_of(oldest)
        for number in range(self._files_max - 1, 0, -1):
            _rename_if_there(self._part(number - 1), self._part(number))
        if self._files_max == 1:
            os.unlink(oldest)

    def _part(self, number: int) -> str:
        return f"{self._path}.{number}" if number else self._path


def _size_of(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        # Fewer parts exist than may be kept.
        return 0


def _rename_if_there(old: str, new: str) -> None:
    try:
        os.rename(old, new)
    except FileNotFoundError:
        # Fewer parts exist than may be kept.
        return
