"""A disk in memory that can lose its power.

It keeps what a kernel keeps and what a disk keeps apart: a file's content is safe once the file was
synced, a name in a folder once the folder was. ``cut_power`` takes of everything else what chance
leaves, name by name and file by file, which is harsher than any journalling file system.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from random import Random


class Inode:
    """A regular file: its content now, and what is on the disk."""

    __slots__ = ("data", "modified_at_s", "synced")

    def __init__(self, data: bytes, modified_at_s: float) -> None:
        self.data = data
        self.synced: bytes | None = None
        """None: nothing of it was ever synced."""
        self.modified_at_s = modified_at_s


class Link:
    """A symbolic link; nobody follows it."""


class Folder:
    """Names and what they mean, now and on the disk."""

    __slots__ = ("entries", "is_dirty", "synced")

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.synced: dict[str, Entry] = {}
        self.is_dirty = False


Entry = Inode | Folder | Link


class MemoryDisk:
    """One disk, shared by everybody. Paths are absolute; ``/`` is always there."""

    def __init__(self) -> None:
        self._root = Folder()
        self._known: dict[str, Folder] = {"": self._root}
        """A shortcut by path; emptied when a folder goes away."""

    def folder(self, path: str) -> Folder:
        """Raises FileNotFoundError, NotADirectoryError."""
        found = self._known.get(path)
        return found if found is not None else self._find_folder(path)

    def entry(self, path: str) -> Entry | None:
        """What has this name; None: nothing."""
        folder, _, name = path.rpartition("/")
        try:
            return self.folder(folder).entries.get(name)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def put(self, path: str, entry: Entry) -> None:
        """Give the entry this name, in place of what had it."""
        parent, _, name = path.rpartition("/")
        folder = self.folder(parent)
        folder.entries[name] = entry
        folder.is_dirty = True

    def drop(self, path: str) -> Entry:
        """Take the name away. Raises FileNotFoundError."""
        parent, _, name = path.rpartition("/")
        folder = self.folder(parent)
        if name not in folder.entries:
            raise error(errno.ENOENT, path)
        gone = folder.entries.pop(name)
        folder.is_dirty = True
        if isinstance(gone, Folder):
            self._known = {"": self._root}
        return gone

    def sync(self, path: str) -> None:
        """The folder's names are safe from now on."""
        folder = self.folder(path)
        folder.synced = dict(folder.entries)
        folder.is_dirty = False

    def files(self) -> Iterator[tuple[str, Inode]]:
        """Every regular file."""
        yield from _files_below("", self._root)

    def cut_power(self, chance: Random) -> None:
        """What was synced stays; of the rest each name and each content stays or goes."""
        self._known = {"": self._root}
        _cut_folder(self._root, chance)
        for _, inode in self.files():
            _cut_inode(inode, chance)

    def _find_folder(self, path: str) -> Folder:
        at = self._root
        for name in path.split("/")[1:]:
            found = at.entries.get(name)
            if found is None:
                raise error(errno.ENOENT, path)
            if not isinstance(found, Folder):
                raise error(errno.ENOTDIR, path)
            at = found
        self._known[path] = at
        return at


def _files_below(path: str, folder: Folder) -> Iterator[tuple[str, Inode]]:
    for name, entry in folder.entries.items():
        if isinstance(entry, Inode):
            yield f"{path}/{name}", entry
        elif isinstance(entry, Folder):
            yield from _files_below(f"{path}/{name}", entry)


def _cut_folder(folder: Folder, chance: Random) -> None:
    if folder.is_dirty:
        for name in sorted({*folder.entries, *folder.synced}):
            now, then = folder.entries.get(name), folder.synced.get(name)
            kept = now if now is then or chance.random() < 0.5 else then
            if kept is None:
                folder.entries.pop(name, None)
            else:
                folder.entries[name] = kept
        folder.is_dirty = False
    folder.synced = dict(folder.entries)
    for entry in folder.entries.values():
        if isinstance(entry, Folder):
            _cut_folder(entry, chance)


def _cut_inode(inode: Inode, chance: Random) -> None:
    if inode.data is not inode.synced:
        kept = inode.synced if inode.synced is not None else b""
        torn = inode.data[: chance.randint(0, len(inode.data))]
        inode.data = chance.choice((kept, torn, inode.data))
    inode.synced = inode.data


def error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
