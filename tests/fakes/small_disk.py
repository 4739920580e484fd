"""A real file system that is soon full, for as long as a test needs it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SIZE_BYTES = 98_304
INODES = 60


@contextmanager
def a_small_disk(folder: Path) -> Iterator[Path]:
    """96 KiB and sixty files. Skips the test where it cannot be mounted."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount the small file system that this needs")
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES},nr_inodes={INODES}", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> None:
    """Until not one page is left."""
    with open(disk / "ballast", "wb", buffering=0) as ballast:
        try:
            while ballast.write(b"x" * 4096):
                pass
        except OSError:
            return


def relieve(disk: Path) -> None:
    """Somebody has made room."""
    (disk / "ballast").unlink()
