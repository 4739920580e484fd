"""Where tests write whose subject is not the disk.

A pass syncs each of its files, and on a real disk that is most of the time of a test. While the kernel
lives, a sync shows nothing: power cuts are for the disk in memory of the simulation, and for
``tests/integration/faults``.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_MEMORY = "/dev/shm"
_ROOM_MIN_BYTES = 1 << 30
"""Containers often have 64 MB there, which several workers could fill."""


def in_memory() -> str | None:
    """A place in memory for folders, with room and where programs may be run; None where there is none, which
    ``tempfile`` takes for its usual place."""
    if not os.access(_MEMORY, os.W_OK):
        return None
    can_run = not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
    return _MEMORY if can_run and shutil.disk_usage(_MEMORY).free > _ROOM_MIN_BYTES else None


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest) -> Iterator[Path]:
    """As pytest's own, but in memory, and gone with the test. With ``--basetemp`` it is pytest's own, on that
    disk, and stays to be looked at."""
    place = in_memory()
    if place is None or request.config.getoption("basetemp"):
        yield request.getfixturevalue("tmp_path")
        return
    with tempfile.TemporaryDirectory(prefix="test-", dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
