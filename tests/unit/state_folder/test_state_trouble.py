"""State folders that are not what they should be, and the litter of dead writers (laws 6 and 8)."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.builders import a_lease
from tests.fakes.small_disk import fill
from tests.unit.state_folder.folders import (
    TASK,
    a_folder,
    a_store,
)
from tinyscheduler.adapters.state_folder.litter import ABANDONED_S
from tinyscheduler.errors import StateError
from tinyscheduler.kit import files


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"\xff", b"[]", b'{"schema": 1}', b'{"state_id": "x"}',
        b'{"schema": "1", "state_id": "x"}', b'{"schema": 1, "state_id": 7}', b" " * 20_000,
    ],
)  # fmt: skip
def test_a_garbled_format_is_an_error_that_says_what_to_do(root: Path, content: bytes) -> None:
    """Law 8: never started over, for nobody would know whose leases these are."""
    a_folder(root).open()
    a_store(root).create(a_lease())
    (root / "format.json").write_bytes(content)

    for ask in (a_folder(root).open, a_folder(root).state_id):
        with pytest.raises(StateError) as trouble:
            ask()
        assert "format.json" in trouble.value.message
        assert trouble.value.hint
    assert (root / "format.json").read_bytes() == content
    assert a_store(root).read(TASK) == a_lease()


@pytest.mark.parametrize("field", ["inode", "device", "volume"])
def test_a_damaged_place_is_no_sign_of_a_copy(root: Path, field: str) -> None:
    """Else the leases of living agents are set aside, and their tasks can be started once more."""
    a_folder(root).open()
    a_store(root).create(a_lease())
    found = json.loads((root / "format.json").read_text())
    (root / "format.json").write_text(json.dumps({**found, field: []}))

    with pytest.raises(StateError):
        a_folder(root).open()
    assert a_store(root).read(TASK) == a_lease()


def test_who_only_looks_also_says_that_the_format_is_missing(root: Path) -> None:
    """The next pass refuses, so nobody may foresee what it starts."""
    a_folder(root).open()
    a_store(root).create(a_lease())
    (root / "format.json").unlink()

    with pytest.raises(StateError, match="missing although there are leases"):
        a_folder(root).state_id()


def test_a_newer_format_is_left_to_the_newer_program(root: Path) -> None:
    a_folder(root).open()
    (root / "format.json").write_text('{"schema": 2, "state_id": "x"}')

    with pytest.raises(StateError) as trouble:
        a_folder(root).open()
    assert "2" in trouble.value.message
    assert "newer" in trouble.value.hint


def test_an_id_that_is_a_path_leads_nowhere(root: Path, tmp_path: Path) -> None:
    a_folder(root).open()
    a_store(root).create(a_lease())
    (root / "format.json").write_text('{"schema": 1, "state_id": "/../../../escaped", "inode": 1}')
    (root / "quarantine/copied-from-").mkdir(parents=True)

    with suppress(StateError):
        a_folder(root).open()

    assert sorted(os.listdir(tmp_path)) == ["state"]


@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_something_else_in_the_place_of_the_folder_is_an_error(root: Path, kind: str) -> None:
    root.write_text("") if kind == "file" else root.symlink_to("nowhere")

    with pytest.raises(StateError) as trouble:
        a_folder(root).open()

    assert str(root) in trouble.value.message
    assert trouble.value.hint


def test_a_folder_that_is_a_link_to_a_folder_is_fine(root: Path, tmp_path: Path) -> None:
    """People put state on another disk."""
    (tmp_path / "elsewhere").mkdir()
    root.symlink_to("elsewhere")

    assert a_folder(root).open() == a_folder(root).open()


def test_a_disk_without_room_is_an_error_that_says_what_to_do(disk: Path) -> None:
    fill(disk)

    with pytest.raises(StateError) as trouble:
        a_folder(disk / "state").open()

    assert trouble.value.hint


def test_a_read_only_disk_is_an_error_that_says_what_to_do(disk: Path) -> None:
    root = disk / "state"
    root.mkdir()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)

    with pytest.raises(StateError) as trouble:
        a_folder(root).open()

    assert str(root) in trouble.value.message
    assert trouble.value.hint


def dead_writer() -> tuple[int, int]:
    """A pid that somebody had, and a start time."""
    ended = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, check=True)
    return int(ended.stdout), 12345


def litter(folder: Path, pid: int, start: int, place: str | None = None) -> Path:
    where = f"-{files.own_place() if place is None else place}"
    path = folder / f".task_1.json.{pid}-{start}-7{where.rstrip('-')}.tmp"
    path.write_text("half")
    return path


@pytest.mark.parametrize("folder", ["running", "ledger"])
def test_litter_of_dead_writers_is_swept_and_work_of_living_ones_is_kept(root: Path, folder: str) -> None:
    a_folder(root).open()
    dead = litter(root / folder, *dead_writer())
    recycled = litter(root / folder, os.getpid(), files.own_start_ticks() - 1)
    living = litter(root / folder, os.getpid(), files.own_start_ticks())

    a_folder(root).open()

    assert not dead.exists()
    assert not recycled.exists()
    assert living.exists()


@pytest.mark.parametrize("place", ["0c0ffee14026531836", f"{files.own_place()}1", ""])
def test_whose_pid_means_nothing_here_may_be_about_to_rename(root: Path, place: str) -> None:
    """Of another boot or machine, of another pid namespace, of an older program: that nobody has its pid
    here says nothing (law 4). What has lain for hours is nobody's work."""
    a_folder(root).open()
    young, old = (litter(root / "running", pid, 1, place) for pid in (2**30, 2**30 + 1))
    long_ago = time.time() - 2 * ABANDONED_S
    os.utime(old, (long_ago, long_ago))

    a_folder(root).open()

    assert young.exists()
    assert not old.exists()


def test_zombie_is_a_dead_writer(root: Path) -> None:
    """Whoever should bury it may take his time (law 5)."""
    a_folder(root).open()
    with subprocess.Popen(["true"]) as writer:
        os.waitid(os.P_PID, writer.pid, os.WEXITED | os.WNOWAIT)
        fields = Path(f"/proc/{writer.pid}/stat").read_text().rpartition(")")[2].split()
        dead = litter(root / "running", writer.pid, int(fields[19]))

        a_folder(root).open()

        assert fields[0] == "Z"
        assert not dead.exists()


def test_a_folder_that_a_dead_writer_had_taken_out_is_kept_in_quarantine(root: Path) -> None:
    """It had the name of a lease, and whatever is in it may be somebody's work (features B9)."""
    a_folder(root).open()
    pid, start = dead_writer()
    taken = root / "running" / f".task_1.json.{pid}-{start}-7-{files.own_place()}.tmp"
    taken.mkdir()
    (taken / "note.txt").write_text("mine")

    a_folder(root).open()

    assert os.listdir(root / "running") == []
    (kept,) = (root / "quarantine").glob("taken-*")
    assert (kept / "note.txt").read_text() == "mine"


def test_what_is_no_litter_of_ours_is_kept(root: Path) -> None:
    a_folder(root).open()
    names = (
        "notes.txt",
        ".hidden",
        ".task_1.json.swp",
        "task_1.json.bak",
        ".x.tmp",
        ".x.1-2.tmp",
        ".x.a-b-c.tmp",
    )
    for name in names:
        (root / "running" / name).write_text("a person's")

    a_folder(root).open()

    assert sorted(os.listdir(root / "running")) == sorted(names)


@pytest.mark.parametrize("folder", [".", "passes", "intents", "pauses", "quarantine"])
def test_litter_is_swept_wherever_we_replace_files(root: Path, folder: str) -> None:
    """A pass that is killed at the wrong moment leaves one; every minute of the year is a moment."""
    a_folder(root).open()
    (root / folder).mkdir(exist_ok=True)
    dead = litter(root / folder, *dead_writer())

    a_folder(root).open()

    assert not dead.exists()
