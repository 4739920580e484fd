"""The state folder: its identity, and how a copy is told from the original (design 5)."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from tests.builders import a_lease, a_stop, an_owner
from tests.fakes.small_disk import a_small_disk
from tests.unit.state_folder.folders import (
    TASK,
    a_folder,
    a_store,
)
from tinyscheduler.adapters.records import FileLeaseStore
from tinyscheduler.errors import StateError


def copy(root: Path, to: Path) -> Path:
    """As ``cp -a`` does."""
    shutil.copytree(root, to, symlinks=True)
    return to


def test_the_first_pass_makes_the_folder_and_signs_it(root: Path) -> None:
    state_id = a_folder(root).open()

    signed = json.loads((root / "format.json").read_text())
    assert signed["schema"] == 1
    assert signed["state_id"] == state_id
    assert len(state_id) == 16
    assert sorted(os.listdir(root)) == ["format.json", "ledger", "running", "runs"]


def test_everything_it_makes_is_for_its_owner_only(root: Path) -> None:
    old = os.umask(0)
    try:
        a_folder(root).open()
        a_folder(root).record_pass({"ended_at": "2026-01-31T12:00:00Z"}, log_line="x")
    finally:
        os.umask(old)

    below = [root, *root.rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in below if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in below if path.is_file()} == {0o600}


def test_opening_again_keeps_the_id_and_writes_nothing(root: Path) -> None:
    state_id = a_folder(root).open()
    before = (root / "format.json").stat()

    assert a_folder(root).open() == state_id
    assert a_folder(root).state_id() == state_id
    after = (root / "format.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert a_folder(root).notices() == ()


def test_asking_for_the_id_creates_nothing(root: Path) -> None:
    """``status`` and the dry run ask, and they write nothing at all (features A3)."""
    assert a_folder(root).state_id() == ""
    assert not root.exists()


def test_two_folders_have_two_ids(tmp_path: Path) -> None:
    assert a_folder(tmp_path / "one").open() != a_folder(tmp_path / "two").open()


def test_a_folder_that_was_moved_is_the_same_folder(root: Path, tmp_path: Path) -> None:
    state_id = a_folder(root).open()
    a_store(root).create(a_lease())
    root.rename(tmp_path / "moved")

    moved = a_folder(tmp_path / "moved")

    assert moved.open() == state_id
    assert moved.notices() == ()
    assert a_store(tmp_path / "moved").read(TASK) == a_lease()


def test_a_folder_that_lost_a_folder_gets_it_again(root: Path) -> None:
    a_folder(root).open()
    (root / "running").rmdir()

    a_folder(root).open()

    assert (root / "running").is_dir()


def test_a_copy_gets_an_id_of_its_own(root: Path, tmp_path: Path) -> None:
    """Two copies must never take each other's agents for orphans."""
    original = a_folder(root).open()
    there = copy(root, tmp_path / "copy")

    assert a_folder(there).state_id() == ""
    fresh = a_folder(there).open()

    assert fresh != original
    assert a_folder(there).open() == fresh
    assert a_folder(root).open() == original


def test_leases_that_came_with_a_copy_are_set_aside_and_somebody_is_told(root: Path, tmp_path: Path) -> None:
    """Their processes belong to the original."""
    original = a_folder(root).open()
    store = a_store(root)
    store.create(a_lease())
    store.take(TASK, an_owner())
    store.ask_stop(TASK, a_stop())
    there = copy(root, tmp_path / "copy")

    folder = a_folder(there)
    folder.open()

    assert os.listdir(there / "running") == []
    aside = there / f"quarantine/copied-from-{original}"
    assert sorted(os.listdir(aside)) == ["task_1.json", "task_1.owner", "task_1.stop"]
    (notice,) = folder.notices()
    assert str(aside) in notice
    assert store.read(TASK) == a_lease()
    again = a_folder(there)
    again.open()
    assert again.notices() == ()


def test_a_copy_that_was_interrupted_while_it_set_leases_aside_goes_on(root: Path, tmp_path: Path) -> None:
    original = a_folder(root).open()
    a_store(root).create(a_lease("1"))
    a_store(root).create(a_lease("2"))
    there = copy(root, tmp_path / "copy")
    aside = there / f"quarantine/copied-from-{original}"
    aside.mkdir(parents=True)
    (there / "running/task_1.json").rename(aside / "task_1.json")

    fresh = a_folder(there).open()

    assert fresh != original
    assert sorted(os.listdir(aside)) == ["task_1.json", "task_2.json"]


def test_a_copy_does_not_take_the_leases_of_the_original_away(tmp_path: Path) -> None:
    """RUNNING_DIR may be an absolute path in a copied ``.env``: then both folders see one set of
    leases, and those in it are of living agents."""
    shared = tmp_path / "shared-running"
    a_folder(tmp_path / "one", running=shared).open()
    store = FileLeaseStore(str(shared), str(tmp_path / "one/quarantine"))
    store.create(a_lease())
    there = copy(tmp_path / "one", tmp_path / "two")

    with suppress(StateError):
        a_folder(there, running=shared).open()

    assert store.read(TASK) == a_lease()


def test_a_copy_on_another_disk_is_a_copy(tmp_path: Path) -> None:
    """A volume of its own for the state is usual in containers."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with a_small_disk(tmp_path / "one") as one, a_small_disk(tmp_path / "two") as two:
        original = a_folder(one).open()
        shutil.copytree(one, two, dirs_exist_ok=True)
        if os.stat(one).st_ino != os.stat(two).st_ino:
            pytest.skip("this kernel numbers the tops of file systems apart")

        assert a_folder(two).open() != original


def test_a_folder_that_git_has_made_is_closed_at_the_first_pass(root: Path) -> None:
    """And what its owner makes of it later stays."""
    root.mkdir(mode=0o755)
    root.chmod(0o755)
    a_folder(root).open()
    assert root.stat().st_mode & 0o777 == 0o700

    root.chmod(0o750)
    a_folder(root).open()
    assert root.stat().st_mode & 0o777 == 0o750
