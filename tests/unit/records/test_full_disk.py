"""A disk without room: the pass says so, nothing is lost, a beat still gets through (features B13)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import a_lease, a_ledger, a_past_run, a_stop, an_outcome, an_owner
from tests.fakes.small_disk import a_small_disk, fill, relieve
from tinyscheduler.adapters.records import FileLeaseStore, FileLedgerStore
from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import TaskId

TASK = TaskId("1")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with a_small_disk(tmp_path) as found:
        yield found


@pytest.fixture
def store(disk: Path) -> FileLeaseStore:
    """With one lease on it, and no room for a second file."""
    made = FileLeaseStore(str(disk / "running"), str(disk / "quarantine"))
    made.create(a_lease())
    fill(disk)
    return made


def lease_file(disk: Path) -> bytes:
    return (disk / "running/task_1.json").read_bytes()


def test_a_write_says_so_and_leaves_the_old_lease_as_it_was(disk: Path, store: FileLeaseStore) -> None:
    before = lease_file(disk)

    with pytest.raises(StateError) as full:
        store.write(a_lease(state="finished", outcome=an_outcome("failed", summary="x" * 9000)))

    assert "task_1.json" in full.value.message
    assert "space" in full.value.hint
    assert lease_file(disk) == before
    assert os.listdir(disk / "running") == ["task_1.json"]


def test_what_cannot_be_made_leaves_nothing_behind(disk: Path, store: FileLeaseStore) -> None:
    attempts = [
        lambda: store.create(a_lease("2")),
        lambda: store.take(TASK, an_owner()),
        lambda: store.ask_stop(TASK, a_stop()),
    ]

    for attempt in attempts:
        with pytest.raises(StateError):
            attempt()
    assert os.listdir(disk / "running") == ["task_1.json"]


def test_a_beat_touches_the_file_when_it_cannot_be_rewritten(disk: Path, store: FileLeaseStore) -> None:
    """The agent lives, and must not be taken for dead because somebody filled the disk."""
    path = disk / "running/task_1.json"
    before = lease_file(disk)
    os.utime(path, (1_000, 1_000))

    store.beat(a_lease(beat_age_s=1))

    touched_at = store.touched_at(TASK)
    assert lease_file(disk) == before
    assert touched_at is not None
    assert touched_at.timestamp() > 1_000
    assert os.listdir(disk / "running") == ["task_1.json"]


def test_a_beat_is_whole_again_when_there_is_room(disk: Path, store: FileLeaseStore) -> None:
    store.beat(a_lease(beat_age_s=1))
    relieve(disk)

    store.beat(a_lease(beat_age_s=2))

    assert store.read(TASK) == a_lease(beat_age_s=2)


def test_a_beat_of_a_lease_that_is_gone_makes_none(disk: Path, store: FileLeaseStore) -> None:
    (disk / "running/task_1.json").unlink()
    fill(disk)

    assert not store.beat(a_lease())
    assert os.listdir(disk / "running") == []


def test_removing_needs_no_room(disk: Path, store: FileLeaseStore) -> None:
    store.remove(a_lease())

    assert os.listdir(disk / "running") == []


def test_a_ledger_stays_as_it_was(disk: Path) -> None:
    ledgers = FileLedgerStore(str(disk / "ledger"))
    ledgers.write(a_ledger(generation=1))
    fill(disk)

    with pytest.raises(StateError) as full:
        ledgers.write(
            a_ledger(generation=2, outcomes=[a_past_run(lease_id=f"lease-{n}") for n in range(200)])
        )

    assert "space" in full.value.hint
    assert ledgers.read([TASK])[TASK] == a_ledger(generation=1)
    assert os.listdir(disk / "ledger") == ["task_1.json"]
