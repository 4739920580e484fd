"""The file system in memory as one process sees it.

Before each call that changes something it says so to ``effect``, which may let others run first, raise
OSError as a bad disk does, or end the process. The calls come in the order in which ``kit.files`` makes
them.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from tests.fakes.memory_disk import Folder, Inode, Link, MemoryDisk, error
from tinyscheduler.kit.files import FILE_MODE

Effect = Callable[[str, str], None]
"""Gets the kind of call (write, sync, rename, exchange, link, unlink, append, touch, make_folder,
remove_folder, sync_folder) and the path."""


class MemoryFiles:
    """``kit.disk.Files``: the disk in the hands of the process ``pid``."""

    def __init__(
        self,
        disk: MemoryDisk,
        *,
        pid: int = 1,
        effect: Effect = lambda _kind, _path: None,
        now_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._disk = disk
        self._pid = pid
        self._effect = effect
        self._now_s = now_s
        self._numbers = 0

    def read_limited(self, path: str, limit: int) -> bytes:
        entry = self._disk.entry(path)
        if isinstance(entry, Inode):
            if len(entry.data) > limit:
                raise error(errno.EFBIG, path)
            return entry.data
        if entry is None:
            self._disk.folder(path.rpartition("/")[0])
            raise error(errno.ENOENT, path)
        raise error(errno.ELOOP if isinstance(entry, Link) else errno.EINVAL, path)

    def replace(
        self,
        path: str,
        data: bytes,
        *,
        sync_file: bool = True,
        sync_folder: bool = True,
        mode: int = FILE_MODE,
    ) -> None:
        temporary = self._write_temporary(path, data, sync=sync_file)
        try:
            self.move(temporary, path)
        except OSError:
            self._unlink(temporary)
            raise
        if sync_folder:
            self.sync_parent(path)

    def create_exclusive(self, path: str, data: bytes) -> bool:
        temporary = self._write_temporary(path, data, sync=True)
        try:
            self._effect("link", path)
            if self._disk.entry(path) is not None:
                return False
            self._disk.put(path, self._own(temporary))
        finally:
            self._unlink(temporary)
        self.sync_parent(path)
        return True

    def put_beside(self, path: str, data: bytes) -> str:
        return self._write_temporary(path, data, sync=True)

    def exchange(self, one: str, other: str) -> None:
        self._effect("exchange", other)
        first, second = self._disk.entry(one), self._disk.entry(other)
        if first is None or second is None:
            raise error(errno.ENOENT, one if first is None else other)
        self._disk.put(one, second)
        self._disk.put(other, first)

    def append(self, path: str, data: bytes) -> None:
        try:
            self._effect("append", path)
        except OSError:
            self._append(path, data[: len(data) // 2])
            raise
        self._append(path, data)

    def end_torn_line(self, path: str) -> None:
        data = self.read_limited(path, 1 << 60)
        if data and not data.endswith(b"\n"):
            self.append(path, b"\n")

    def remove(self, path: str) -> bool:
        if self._disk.entry(path) is None:
            return False
        try:
            self._unlink(path)
        except FileNotFoundError:
            return False
        return True

    def remove_folder(self, path: str) -> bool:
        self._effect("remove_folder", path)
        if self._disk.folder(path).entries:
            return False
        self._disk.drop(path)
        return True

    def move(self, path: str, to: str) -> None:
        self._effect("rename", to)
        if isinstance(self._disk.entry(to), Folder):
            raise error(errno.EISDIR, to)
        self._disk.folder(to.rpartition("/")[0])
        self._disk.put(to, self._disk.drop(path))

    def touch(self, path: str) -> None:
        self._effect("touch", path)
        self._own(path).modified_at_s = self._now_s()

    def modified_at_s(self, path: str) -> float:
        entry = self._disk.entry(path)
        if entry is None:
            raise error(errno.ENOENT, path)
        return entry.modified_at_s if isinstance(entry, Inode) else 0.0

    def make_folder(self, path: str) -> None:
        entry = self._disk.entry(path)
        if isinstance(entry, Folder):
            return
        if entry is not None:
            raise error(errno.ENOTDIR, path)
        parent = path.rpartition("/")[0]
        if parent:
            self.make_folder(parent)
        self._effect("make_folder", path)
        if self._disk.entry(path) is None:
            self._disk.put(path, Folder())
        self.sync_parent(path)

    def sync_parent(self, path: str) -> None:
        folder = path.rpartition("/")[0]
        self._effect("sync_folder", folder)
        self._disk.sync(folder)

    def names(self, folder: str) -> list[str]:
        return list(self._disk.folder(folder).entries)

    def exists(self, path: str) -> bool:
        return self._disk.entry(path) is not None

    def is_folder(self, path: str) -> bool:
        return isinstance(self._disk.entry(path), Folder)

    def is_link(self, path: str) -> bool:
        return isinstance(self._disk.entry(path), Link)

    # --- inside ----------------------------------------------------------------------------------

    def _write_temporary(self, path: str, data: bytes, *, sync: bool) -> str:
        self._numbers += 1
        folder, _, name = path.rpartition("/")
        temporary = f"{folder}/.{name}.{self._pid}-1-{self._numbers}.tmp"
        self._effect("write", path)
        self._disk.put(temporary, Inode(data, self._now_s()))
        if sync:
            try:
                self._effect("sync", path)
            except OSError:
                self._unlink(temporary)
                raise
            self._sync(temporary)
        return temporary

    def _sync(self, temporary: str) -> None:
        inode = self._own(temporary)
        inode.synced = inode.data

    def _own(self, path: str) -> Inode:
        entry = self._disk.entry(path)
        if not isinstance(entry, Inode):
            raise error(errno.ENOENT, path)
        return entry

    def _unlink(self, path: str) -> None:
        self._effect("unlink", path)
        if isinstance(self._disk.entry(path), Folder):
            raise error(errno.EISDIR, path)
        self._disk.drop(path)

    def _append(self, path: str, data: bytes) -> None:
        entry = self._disk.entry(path)
        if isinstance(entry, Link | Folder):
            raise error(errno.ELOOP if isinstance(entry, Link) else errno.EISDIR, path)
        if entry is None:
            entry = Inode(b"", self._now_s())
            self._disk.put(path, entry)
        entry.data += data
        entry.modified_at_s = self._now_s()
