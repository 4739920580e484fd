"""``state/schedules.json``: written whole, read back, and never believed where it says nothing."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tinyscheduler.adapters.records.schedules import FILE_BYTES_MAX, FileSchedules
from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.schedule import Begun, Fired, Memories, Remembered

NOW = datetime(2026, 11, 21, 9, 0, 0, 123456, tzinfo=UTC)
FULL = Remembered(
    "every 60 s",
    NOW,
    next_at=NOW + timedelta(minutes=1),
    begun=Begun(NOW, NOW),
    last=Fired(NOW, TaskId("7"), NOW),
    unsure_until=NOW + timedelta(days=1),
)


@pytest.fixture
def store(tmp_path: Path) -> FileSchedules:
    return FileSchedules(str(tmp_path / "schedules.json"), str(tmp_path / "quarantine"))


def test_what_is_written_is_read(store: FileSchedules) -> None:
    memories = Memories({"full": FULL, "bare": Remembered("cron @daily UTC", NOW)})

    store.write(memories)

    assert store.read() == memories


def test_no_file_remembers_nothing(store: FileSchedules) -> None:
    assert store.read() == Memories()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"\0\0\0", b"[]", b"\xff", b'{"schema": 2, "schedules": {}}', b'{"schema": 1}',
        b'{"schema": 1, "schedules": {"a": 1}}', b'{"schema": 1, "schedules": {"a": {"rule": "x"}}}',
        b'{"schema": 1, "schedules": {"a": {"rule": "x", "decided_until": "today"}}}',
        b" " * (FILE_BYTES_MAX + 1),
    ],
)  # fmt: skip
def test_what_says_nothing_is_trouble_and_can_be_set_aside(
    store: FileSchedules, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "schedules.json"
    path.write_bytes(data)

    found, place = store.read(), store.set_aside()

    assert found.schedules == {}
    assert str(path) in found.trouble
    assert place is not None
    assert Path(place).read_bytes() == data
    assert store.read() == Memories()


def test_a_link_is_not_followed(store: FileSchedules, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text('{"schema": 1, "schedules": {}}')
    os.symlink(tmp_path / "elsewhere", tmp_path / "schedules.json")

    assert "symbolic link" in store.read().trouble


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="No such file"):
        FileSchedules(str(tmp_path / "no" / "schedules.json"), str(tmp_path)).write(Memories())
