"""A writer that was overtaken in the middle of its write harms nobody (features B10, ADR 0041)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from tests.builders import a_lease, an_outcome
from tinyscheduler.adapters.records import FileLeaseStore
from tinyscheduler.errors import StateError
from tinyscheduler.kit import files
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.lease import Lease

TASK = TaskId("1")
OLD = a_lease(beat_age_s=90)._replace(lease_id=LeaseId("old"), generation=1)
NEW = a_lease(beat_age_s=5)._replace(lease_id=LeaseId("new"), generation=2)


class StoppedAt:
    """The real disk; ``then`` happens directly before the call of this name with this number."""

    def __init__(self, call: str, then: Callable[[], object], number: int = 1) -> None:
        self._call, self._then, self._left = call, then, number

    def __getattr__(self, name: str) -> object:
        if name == self._call:
            self._left -= 1
            if self._left == 0:
                self._then()
        return getattr(files, name)


class CannotExchange:
    """A file system without RENAME_EXCHANGE."""

    def __getattr__(self, name: str) -> object:
        return self._refuse if name == "exchange" else getattr(files, name)

    def _refuse(self, one: str, other: str) -> None:
        raise OSError(errno.EINVAL, "Invalid argument", one)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store(tmp_path).create(OLD)
    return tmp_path


def store(folder: Path, disk: object = files) -> FileLeaseStore:
    return FileLeaseStore(f"{folder}/running", f"{folder}/quarantine", disk=disk)  # type: ignore[arg-type]


def on_disk(folder: Path) -> bytes:
    return (folder / "running/task_1.json").read_bytes()


def replaced_by(folder: Path, lease: Lease) -> Callable[[], None]:
    """What a pass does meanwhile that has given up the old run."""

    def replace() -> None:
        store(folder).remove(OLD)
        assert store(folder).create(lease)

    return replace


@pytest.mark.parametrize("write", ["beat", "finish"])
def test_a_new_lease_is_byte_for_byte_what_it_was(folder: Path, write: str) -> None:
    """The old wrapper was stopped between its look and its write, and woken after a new start."""
    slow = store(folder, StoppedAt("exchange", replaced_by(folder, NEW)))

    assert not getattr(slow, write)(OLD._replace(grace_s=9))

    stored = on_disk(folder)
    assert store(folder).read(TASK) == NEW
    replaced_by(folder, NEW)()
    assert on_disk(folder) == stored
    assert os.listdir(folder / "running") == ["task_1.json"]


@pytest.mark.parametrize("write", ["beat", "finish"])
def test_a_lease_that_was_removed_is_not_made_again(folder: Path, write: str) -> None:
    slow = store(folder, StoppedAt("exchange", lambda: store(folder).remove(OLD)))

    assert not getattr(slow, write)(OLD)
    assert os.listdir(folder / "running") == []


def test_what_the_pass_has_finished_stays_finished(folder: Path) -> None:
    """Also under the same lease_id: a person has released it while its wrapper could not be seen."""
    released = OLD._replace(state="finished", outcome=an_outcome("interrupted"))
    slow = store(folder, StoppedAt("exchange", lambda: store(folder).write(released)))

    assert not slow.beat(OLD)
    assert store(folder).read(TASK) == released


def test_the_new_holder_that_beats_meanwhile_keeps_its_newest_beat(folder: Path) -> None:
    """It finds the old lease in its place for a moment, and is not to take itself for overtaken."""
    later = NEW._replace(heartbeat_monotonic=NEW.heartbeat_monotonic + 15)
    kept: list[bool] = []
    back = StoppedAt("exchange", lambda: kept.append(store(folder).beat(later)), 2)
    slow = store(folder, StoppedAt("put_beside", replaced_by(folder, NEW)))
    slow._disk = _both(slow._disk, back)  # type: ignore[assignment]

    assert not slow.beat(OLD)
    assert kept == [True]
    assert store(folder).read(TASK) == later
    assert os.listdir(folder / "running") == ["task_1.json"]


def _both(first: object, second: object) -> object:
    class Both:
        def __getattr__(self, name: str) -> object:
            return getattr(first if name == "put_beside" else second, name)

    return Both()


def test_a_lease_garbled_in_that_moment_is_left_for_mending(folder: Path) -> None:
    """With a copy of it, at the next beat (law 8)."""
    path = folder / "running/task_1.json"
    slow = store(folder, StoppedAt("exchange", lambda: path.write_text("{")))

    with pytest.raises(StateError):
        slow.beat(OLD)
    assert path.read_text() == "{"
    assert os.listdir(folder / "running") == ["task_1.json"]


@pytest.mark.parametrize("write", ["beat", "finish"])
def test_without_exchange_a_look_comes_directly_before_the_rename(folder: Path, write: str) -> None:
    disk = CannotExchange()

    assert getattr(store(folder, disk), write)(OLD._replace(grace_s=9))
    found = store(folder).read(TASK)
    replaced_by(folder, NEW)()

    assert isinstance(found, Lease)
    assert found.grace_s == 9
    assert not getattr(store(folder, disk), write)(OLD)
    assert store(folder).read(TASK) == NEW
    assert os.listdir(folder / "running") == ["task_1.json"]


def test_an_overtaken_writer_and_the_holder_may_write_at_once_for_as_long_as_they_like(folder: Path) -> None:
    """Whoever of them is between which two calls: the holder loses no beat, the other wins none."""
    replaced_by(folder, NEW)()
    rounds = 150
    late: list[bool] = []
    overtaken = Thread(target=lambda: late.extend(store(folder).beat(OLD) for _ in range(rounds)))
    overtaken.start()

    beats = [NEW._replace(heartbeat_monotonic=NEW.heartbeat_monotonic + n) for n in range(rounds)]
    kept = [store(folder).beat(beat) for beat in beats]
    overtaken.join()

    assert kept == [True] * rounds
    assert late == [False] * rounds
    assert store(folder).read(TASK) == beats[-1]
    assert os.listdir(folder / "running") == ["task_1.json"]
