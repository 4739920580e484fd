"""Temp files whose writer is dead; one of a living writer is work, not litter (``kit.files``)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from tinyscheduler.kit import files
from tinyscheduler.kit.namespace_time import clock_offsets

REPLACED_IN = ("ledger", "passes", "cache", "bin", "intents", "pauses", "quarantine")
"""Where temp files may lie, besides the root and the leases."""
ABANDONED_S = 3_600
"""A write is a matter of milliseconds; a machine may be suspended in the middle of one. By the wall clock,
which may be wrong by more: whoever finds its temp file gone reports it and writes again."""


def sweep(root: str, running: str) -> Iterator[str]:
    """Remove them; what could not be done, for a person. Litter is no reason not to look after leases."""
    for folder in (root, running, *(f"{root}/{name}" for name in REPLACED_IN)):
        try:
            names = os.listdir(folder)
        except FileNotFoundError:
            # Nothing was written there yet.
            continue
        except OSError as error:
            yield _untidy(folder, error)
            continue
        for name in names:
            writer = files.writer_of(name)
            if writer is not None and not _is_work(f"{folder}/{name}", writer):
                yield from _clear(f"{folder}/{name}", root)


def _untidy(folder: str, error: OSError) -> str:
    from tinyscheduler.kit.disk_words import no_folder, remedy

    if no_folder(error) is not None:
        return f"{folder} is no folder; {remedy(error, '')}"
    return f"{folder} cannot be looked at: {error.strerror}"


def _is_work(path: str, writer: files.Writer) -> bool:
    """Its writer may be about to rename it."""
    here = files.own_place()
    if here and writer.place == here:
        return _is_running(writer.pid, writer.start)
    # Of another boot, pid namespace or machine: nobody here can tell whether that pid lives (law 4).
    try:
        return abs(time.time() - files.modified_at_s(path)) < ABANDONED_S
    except OSError:
        # Its writer has just renamed it.
        return True


def _clear(path: str, root: str) -> Iterator[str]:
    """A folder had the name of a lease when its lease was rebuilt, and may be somebody's work."""
    if not files.is_folder(path) or files.is_link(path):
        files.remove(path)
        return
    aside = f"{root}/quarantine/taken-{os.urandom(4).hex()}"
    try:
        files.make_folder(os.path.dirname(aside))
        files.move(path, aside)
    except OSError as error:
        yield f"{path} cannot be set aside: {error.strerror}"


def _is_running(pid: int, start: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as stat:
            fields = stat.read(4096).rpartition(b")")[2].split()
            # A zombie is dead (law 5), and init may take its time to bury it.
            # 0: the writer could not see its own start, so whoever has the pid may be it.
            is_same = start in (0, int(fields[19]) - clock_offsets().boot_ticks)
            return is_same and fields[0] not in (b"Z", b"X")
    except (OSError, ValueError, IndexError):
        # There is no such process, or it went while it was looked at.
        return False
