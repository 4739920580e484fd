"""What a success has left behind, as one short text: the same text again is no progress (features C5).

Bounded, because a workspace may be anything. What is beyond the limits is not looked at, so a change
there may be missed; a repository's commit is always looked at, wherever it stands in the order.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from stat import S_ISREG
from typing import TYPE_CHECKING

try:
    # Straight from the extension module: hashlib binds OpenSSL, which a wrapper can do without.
    from _blake2 import blake2b
except ImportError:  # an interpreter that has moved it
    from hashlib import blake2b

if TYPE_CHECKING:
    from tinyscheduler.model.lease import Outcome

FILES_MAX = 2_000
FOLDERS_MAX = 2_000
BYTES_MAX = 16 * 1024 * 1024
"""Of content; reading it takes some tens of milliseconds. Beyond it a file counts by size and time."""
_CHUNK_BYTES = 65_536
_DIGEST_BYTES = 16
_HEAD_BYTES_MAX = 4_096


class _Digest:
    """A hash whose parts cannot run into each other, and the room that is left for content."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=_DIGEST_BYTES)
        self._room_bytes = BYTES_MAX

    def add(self, data: bytes) -> None:
        self._hash.update(b"%d:" % len(data))
        self._hash.update(data)

    def add_file(self, path: str, status: os.stat_result) -> None:
        """Its name, its size, and its content while there is room."""
        self.add(os.fsencode(path))
        self.add(b"%d" % status.st_size)
        if status.st_size > self._room_bytes:
            self.add(b"%d" % status.st_mtime_ns)
            return
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            # Not ours to read: it counts by its size.
            return
        try:
            self._add_content(handle, status.st_size)
        finally:
            os.close(handle)

    def text(self) -> str:
        found: str = self._hash.hexdigest()
        return found

    def _add_content(self, handle: int, size: int) -> None:
        """At most as much as the file was said to have: somebody may still be writing it."""
        left = size
        while left and (chunk := os.read(handle, min(_CHUNK_BYTES, left))):
            self.add(chunk)
            left -= len(chunk)
        self._room_bytes -= size - left


def digest_of(workspace: str, outcome: Outcome, *, excluded: Collection[str]) -> str:
    """Of the workspace and of what the run says about itself; empty: the workspace cannot be read.

    ``excluded`` are folders of our own that may lie inside: they change with each run.
    """
    digest = _Digest()
    for said in (outcome.summary, *outcome.artifacts):
        digest.add(said.encode("utf-8", "surrogatepass"))
    shut_out = {os.path.realpath(path) for path in excluded}
    try:
        for path, status in _files(os.path.realpath(workspace), shut_out):
            digest.add_file(path, status)
    except OSError:
        return ""
    return digest.text()


def _files(top: str, excluded: set[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Regular files in an order that is always the same; links are not followed."""
    left, folders = FILES_MAX, 0
    pending = [top]
    while pending and left and folders < FOLDERS_MAX:
        folder = pending.pop()
        folders += 1
        if folder != top and not os.access(folder, os.R_OK | os.X_OK):
            continue
        if os.path.basename(folder) == ".git":
            yield from _head(folder)
            continue
        inner = []
        for entry in sorted(os.scandir(folder), key=lambda found: found.name):
            if entry.is_dir(follow_symlinks=False):
                inner += [entry.path] if entry.path not in excluded else []
            elif left and entry.is_file(follow_symlinks=False):
                left -= 1
                yield entry.path, entry.stat(follow_symlinks=False)
        pending += reversed(inner)


def _head(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """Of a repository only where it stands: HEAD, and the branch that HEAD names."""
    head = os.path.join(folder, "HEAD")
    try:
        with open(head, "rb", buffering=0) as file:
            said = file.read(_HEAD_BYTES_MAX).strip()
        yield head, os.lstat(head)
    except OSError:
        # Not a repository after all, or closed to us.
        return
    name = os.fsdecode(said.removeprefix(b"ref: "))
    if said.startswith(b"ref: refs/") and ".." not in name:
        try:
            branch = os.path.join(folder, name)
            status = os.lstat(branch)
        except OSError:
            # Packed away by git: HEAD alone has to tell.
            return
        if S_ISREG(status.st_mode):
            yield branch, status
