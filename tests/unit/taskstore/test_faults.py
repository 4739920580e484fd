"""What SQLite's errors are called: by the disk below where it knows better."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.small_disk import a_small_disk, fill
from tinyscheduler.taskstore import faults


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with a_small_disk(tmp_path) as found:
        yield found


def an_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_CANTOPEN])
def test_full_disk_is_called_so_whatever_sqlite_says(disk: Path, code: int) -> None:
    fill(disk)

    told = faults.translated(an_error(code), str(disk / "tasks.db"))

    assert "the disk is full" in told.message
    assert "free some space" in told.hint


def test_read_only_disk_is_called_so_whatever_sqlite_says(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)

    told = faults.translated(an_error(sqlite3.SQLITE_READONLY), str(disk / "tasks.db"))

    assert "the file system is read-only" in told.message
    assert "mount it writable" in told.hint


def test_disk_with_room_that_refuses_is_not_called_full(tmp_path: Path) -> None:
    told = faults.translated(an_error(sqlite3.SQLITE_IOERR), str(tmp_path / "tasks.db"))

    assert "the disk refuses" in told.message
    assert "full" not in told.message


def test_folder_that_is_gone_is_no_trouble_of_its_own(tmp_path: Path) -> None:
    told = faults.translated(an_error(sqlite3.SQLITE_CANTOPEN), str(tmp_path / "gone" / "tasks.db"))

    assert "cannot be opened" in told.message
