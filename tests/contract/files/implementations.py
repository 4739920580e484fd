"""The real file system and the one in memory, each with a hand that plants a link."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from tests.fakes.memory_disk import Link, MemoryDisk
from tests.fakes.memory_files import MemoryFiles
from tinyscheduler.kit import files
from tinyscheduler.kit.disk import Files


class Place(NamedTuple):
    """A file system and an empty folder on it."""

    files: Files
    folder: str
    plant_link: Callable[[str], None]


def a_real_place(folder: str) -> Place:
    return Place(files, folder, lambda path: os.symlink(f"{folder}/elsewhere", path))


def a_place_in_memory(_folder: str) -> Place:
    disk = MemoryDisk()
    place = MemoryFiles(disk)
    place.make_folder("/some/place")
    return Place(place, "/some/place", lambda path: disk.put(path, Link()))
