"""Run every test of this folder over every disk: the real one, and the one in memory that loses power."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.fakes.memory_disk import MemoryDisk
from tests.fakes.memory_files import MemoryFiles
from tinyscheduler.adapters.records.waiting import FileCursors, FileWaits
from tinyscheduler.kit import files
from tinyscheduler.kit.disk import Files
from tinyscheduler.ports import CursorStore, WaitStore


class Place(NamedTuple):
    """Where passes remember; each store is one as a new process would have it."""

    disk: Files
    folder: str

    def waits(self) -> WaitStore:
        return FileWaits(f"{self.folder}/waiting.json", f"{self.folder}/quarantine", disk=self.disk)

    def cursors(self) -> CursorStore:
        return FileCursors(f"{self.folder}/cursors.json", f"{self.folder}/quarantine", disk=self.disk)

    def put(self, name: str, text: str) -> None:
        """Somebody writes into the folder."""
        self.disk.replace(f"{self.folder}/{name}", text.encode())


DISKS: dict[str, Callable[[], Files]] = {"files": lambda: files, "memory": lambda: MemoryFiles(MemoryDisk())}


@pytest.fixture(params=list(DISKS))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    disk, folder = DISKS[request.param](), f"{tmp_path}/state"
    disk.make_folder(folder)
    return Place(disk, folder)
