"""A lease in the place of what nobody can read: in one step, and with nothing lost (features B9)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import a_lease
from tinyscheduler.adapters.records import FileLeaseStore
from tinyscheduler.errors import StateError
from tinyscheduler.kit import files
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import BrokenLease

TASK = TaskId("1")
REBUILT = a_lease()
Damage = Callable[[Path], None]


class Dead(BaseException):
    """This process is no more."""


class Disk:
    """The real one, with a hook before each call: to die there, to refuse, or to let others act."""

    def __init__(self, before: Callable[[str, int], None]) -> None:
        self._before = before
        self.calls = 0

    def __getattr__(self, name: str) -> object:
        real = getattr(files, name)

        def call(*args: object, **kwargs: object) -> object:
            self.calls += 1
            self._before(name, self.calls)
            return real(*args, **kwargs)

        return call


def store(base: Path, before: Callable[[str, int], None] = lambda *_: None) -> FileLeaseStore:
    return FileLeaseStore(f"{base}/running", f"{base}/quarantine", disk=Disk(before))  # type: ignore[arg-type]


def broken(base: Path, damage: Damage) -> tuple[Path, BrokenLease]:
    path = base / "running" / "task_1.json"
    path.parent.mkdir()
    damage(path)
    found = store(base).read(TASK)
    assert isinstance(found, BrokenLease)
    return path, found


def empty(path: Path) -> None:
    path.write_bytes(b"")


def rubbish(path: Path) -> None:
    path.write_bytes(b"x" * 2_000_000)


def folder(path: Path) -> None:
    path.mkdir()
    (path / "note.txt").write_text("mine")


def link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def pipe(path: Path) -> None:
    os.mkfifo(path)


EVERY_DAMAGE = pytest.mark.parametrize("damage", [empty, rubbish, folder, link, pipe])


@EVERY_DAMAGE
def test_whatever_it_was_it_is_a_lease_again_and_the_rest_is_in_quarantine(
    tmp_path: Path, damage: Damage
) -> None:
    path, found = broken(tmp_path, damage)
    leases = store(tmp_path)
    leases.quarantine(found)

    assert leases.rebuild(found, REBUILT)

    assert leases.read(TASK) == REBUILT
    assert not path.is_symlink()
    assert len(os.listdir(tmp_path / "quarantine")) == 1
    assert os.listdir(path.parent) == ["task_1.json"]


@EVERY_DAMAGE
def test_a_file_system_that_cannot_exchange_ends_with_the_same(tmp_path: Path, damage: Damage) -> None:
    _, found = broken(tmp_path, damage)

    def refuse(name: str, _call: int) -> None:
        if name == "exchange":
            raise OSError(errno.EINVAL, "not here")

    leases = store(tmp_path, refuse)
    leases.quarantine(found)

    assert leases.rebuild(found, REBUILT)
    assert leases.read(TASK) == REBUILT
    assert len(os.listdir(tmp_path / "quarantine")) == 1


def test_only_a_folder_stands_in_the_way_of_a_writer(tmp_path: Path) -> None:
    (tmp_path / "running").mkdir()
    for task_id, damage in enumerate([empty, folder, link], start=1):
        damage(tmp_path / "running" / f"task_{task_id}.json")

    assert [store(tmp_path).is_blocked(TaskId(str(n))) for n in (1, 2, 3, 4)] == [False, True, False, False]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_lease_that_was_mended_meanwhile_stays(tmp_path: Path, can_exchange: bool) -> None:
    """By its wrapper, at its beat; it may even be finished."""
    path, found = broken(tmp_path, empty)
    mended = a_lease(state="finished")

    def mend_first(name: str, _call: int) -> None:
        if name == "exchange":
            store(tmp_path).write(mended)
            if not can_exchange:
                raise OSError(errno.EINVAL, "not here")

    assert not store(tmp_path, mend_first).rebuild(found, REBUILT)
    assert store(tmp_path).read(TASK) == mended
    assert os.listdir(path.parent) == ["task_1.json"]


def test_a_lease_that_was_removed_meanwhile_is_not_brought_back(tmp_path: Path) -> None:
    path, found = broken(tmp_path, empty)

    def remove_first(name: str, _call: int) -> None:
        if name == "exchange":
            path.unlink()

    assert not store(tmp_path, remove_first).rebuild(found, REBUILT)
    assert os.listdir(path.parent) == []


def test_a_disk_that_refuses_is_said_and_leaves_what_was_there(tmp_path: Path) -> None:
    path, found = broken(tmp_path, empty)

    def refuse(name: str, _call: int) -> None:
        if name == "exchange":
            raise OSError(errno.EIO, "broken")

    with pytest.raises(StateError):
        store(tmp_path, refuse).rebuild(found, REBUILT)

    assert path.read_bytes() == b""
    assert os.listdir(path.parent) == ["task_1.json"]


@EVERY_DAMAGE
@pytest.mark.parametrize("call", range(1, 9))
def test_a_pass_that_dies_meanwhile_leaves_one_or_the_other_and_the_next_one_ends_it(
    tmp_path: Path, damage: Damage, call: int
) -> None:
    path, found = broken(tmp_path, damage)
    store(tmp_path).quarantine(found)

    def die(_name: str, number: int) -> None:
        if number == call:
            raise Dead

    try:
        store(tmp_path, die).rebuild(found, REBUILT)
    except Dead:
        assert os.path.lexists(path), "a wrapper that looks now must not find its lease gone"
    again = store(tmp_path).read(TASK)
    if isinstance(again, BrokenLease):
        assert store(tmp_path).rebuild(again, REBUILT)

    assert store(tmp_path).read(TASK) == REBUILT
    assert store(tmp_path).scan().leases == (REBUILT,)
    assert [name for name in os.listdir(path.parent) if not name.endswith(".tmp")] == ["task_1.json"]
    if damage is folder:
        (note,) = tmp_path.rglob("note.txt")
        assert note.read_text() == "mine"
