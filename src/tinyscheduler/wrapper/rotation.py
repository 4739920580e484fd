"""A log file of limited size that keeps a limited number of its older parts."""

from __future__ import annotations

import errno
import os

from tinyscheduler.kit.files import FILE_MODE

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER_FLAGS = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEWLINE = 10


class RotatingFile:
    """``path`` is the newest part, ``path.1`` to ``path.<files_max - 1>`` are older, the oldest last.

    Opened by the first write and again after any failure, so that a disk that was full, or a folder
    that was gone for a while, costs no more than what was written meanwhile. Neither that folder nor the one
    above may be a symbolic link: the agent could put one there, and this process would write, and rename,
    wherever it leads.
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
            folder = _open_folder(self._path)
            try:
                self._handle = os.open(self._part(0), _FLAGS, FILE_MODE, dir_fd=folder)
            finally:
                os.close(folder)
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
        folder = _open_folder(self._path)
        try:
            self._move_on(folder)
        finally:
            os.close(folder)

    def _move_on(self, folder: int) -> None:
        oldest = self._part(self._files_max - 1)
        self.removed_bytes += _size_of(oldest, folder)
        for number in range(self._files_max - 1, 0, -1):
            _rename_if_there(self._part(number - 1), self._part(number), folder)
        if self._files_max == 1:
            os.unlink(oldest, dir_fd=folder)

    def _part(self, number: int) -> str:
        """Its name in the folder."""
        name = os.path.basename(self._path)
        return f"{name}.{number}" if number else name


def _open_folder(path: str) -> int:
    """That of a file, for its ``dir_fd``. Raises OSError: ENOTDIR for a link in its place, or in that of the
    folder above."""
    folder = os.path.dirname(path)
    above = os.open(os.path.dirname(folder), _FOLDER_FLAGS)
    try:
        return os.open(os.path.basename(folder), _FOLDER_FLAGS, dir_fd=above)
    finally:
        os.close(above)


def _size_of(name: str, folder: int) -> int:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_size
    except FileNotFoundError:
        # Fewer parts exist than may be kept.
        return 0


def _rename_if_there(old: str, new: str, folder: int) -> None:
    try:
        os.rename(old, new, src_dir_fd=folder, dst_dir_fd=folder)
    except FileNotFoundError:
        # Fewer parts exist than may be kept.
        return
