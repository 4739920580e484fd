"""Whether somebody has worked in a folder: a bounded look at file times, nothing is read."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

ENTRIES_MAX = 2_000
"""The folders nearest to the top first: who works deep in a big tree also touches its ``.git``, speaks,
or has its limit raised."""


class Trace(NamedTuple):
    """Of one look; another one differs where a file was written, made or removed."""

    newest_ns: int
    total_ns: int
    """Of all times: one file from the future must not hide the work on all others."""
    entries: int


def trace_of(folder: str, *, skipped: frozenset[str]) -> Trace:
    """Of ``folder`` and what is below it. Never raises: what cannot be seen does not count."""
    newest_ns = total_ns = entries = 0
    for mtime_ns in _times(folder, skipped):
        entries += 1
        total_ns += mtime_ns
        newest_ns = max(newest_ns, mtime_ns)
        if entries >= ENTRIES_MAX:
            break
    return Trace(newest_ns, total_ns, entries)


def _times(folder: str, skipped: frozenset[str]) -> Iterator[int]:
    """A folder's own time tells of what was made in it and removed from it."""
    try:
        yield os.stat(folder).st_mtime_ns
    except OSError:
        # There is no such folder any more, and nothing in it.
        return
    waiting = deque([folder])
    while waiting:
        for entry in _entries(waiting.popleft()):
            if entry.path in skipped:
                continue
            try:
                yield entry.stat(follow_symlinks=False).st_mtime_ns
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
            except OSError:
                # Removed while we looked.
                continue


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:
        # Removed while we looked, or closed to us: it does not count.
        return
