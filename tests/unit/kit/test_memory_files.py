"""What the disk of the simulation forgets when its power is cut, and what it must not forget."""

from __future__ import annotations

import errno
from random import Random

import pytest

from tests.fakes.memory_disk import MemoryDisk
from tests.fakes.memory_files import MemoryFiles

SEEDS = range(200)


def a_disk() -> tuple[MemoryDisk, MemoryFiles]:
    disk = MemoryDisk()
    files = MemoryFiles(disk)
    files.make_folder("/state")
    return disk, files


def contents_after_cuts(write) -> set[bytes | None]:
    """Whatever /state/a may hold after a power cut, None for not there."""
    seen: set[bytes | None] = set()
    for seed in SEEDS:
        disk, files = a_disk()
        write(files)
        disk.cut_power(Random(seed))
        seen.add(files.read_limited("/state/a", 99) if files.exists("/state/a") else None)
    return seen


def test_what_was_synced_with_its_folder_is_safe():
    def write(files: MemoryFiles) -> None:
        files.replace("/state/a", b"old")
        files.replace("/state/a", b"new")

    assert contents_after_cuts(write) == {b"new"}


def test_a_name_that_was_not_synced_is_the_old_file_or_the_new_one_or_neither_if_there_was_none():
    def write(files: MemoryFiles) -> None:
        files.replace("/state/a", b"old")
        files.replace("/state/a", b"new", sync_folder=False)

    assert contents_after_cuts(write) == {b"old", b"new"}
    assert contents_after_cuts(lambda files: files.replace("/state/a", b"n", sync_folder=False)) == {
        None,
        b"n",
    }


def test_a_file_that_was_not_synced_may_be_empty_or_torn():
    def write(files: MemoryFiles) -> None:
        files.replace("/state/a", b"new", sync_file=False)

    assert {b"", b"new"} < contents_after_cuts(write)


def test_a_removal_that_was_not_synced_may_be_undone():
    def write(files: MemoryFiles) -> None:
        files.replace("/state/a", b"old")
        files.remove("/state/a")

    assert contents_after_cuts(write) == {b"old", None}


def test_a_created_file_is_safe_and_whole():
    assert contents_after_cuts(lambda files: files.create_exclusive("/state/a", b"x")) == {b"x"}


@pytest.mark.parametrize("kind", ["write", "sync", "rename"])
def test_a_disk_that_refuses_leaves_the_old_file_and_no_litter(kind):
    def refuse(found: str, path: str) -> None:
        if found == kind:
            raise OSError(errno.ENOSPC, "no space left", path)

    disk, files = a_disk()
    files.replace("/state/a", b"old")

    with pytest.raises(OSError, match="no space left"):
        MemoryFiles(disk, effect=refuse).replace("/state/a", b"new")
    assert files.names("/state") == ["a"]
    assert files.read_limited("/state/a", 99) == b"old"


def test_a_full_disk_tears_a_line():
    def refuse(kind: str, path: str) -> None:
        raise OSError(errno.ENOSPC, "no space left", path)

    disk, files = a_disk()
    files.append("/state/a", b"one\n")
    with pytest.raises(OSError, match="no space left"):
        MemoryFiles(disk, effect=refuse).append("/state/a", b"two\n")

    assert files.read_limited("/state/a", 99) == b"one\ntw"
