"""The state folder: its identity, its room, its switches (design 5)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.builders import a_lease, a_stop, an_owner
from tests.fakes.small_disk import a_small_disk, fill
from tinyscheduler.adapters.records import FileLeaseStore
from tinyscheduler.adapters.state_folder import DAYS_KEPT, FileStateFolder
from tinyscheduler.errors import StateError
from tinyscheduler.kit import files
from tinyscheduler.model.ids import TaskId

TASK = TaskId("1")


def a_folder(root: Path, *, running: Path | None = None) -> FileStateFolder:
    """As a new process would see it."""
    leases = running or root / "running"
    return FileStateFolder(
        str(root),
        running=str(leases),
        format_file=str(root / "format.json"),
        estop_file=str(root / "ESTOP"),
        logs=str(root / "logs"),
        folders=(str(leases), str(root / "runs"), str(root / "ledger")),
    )


def a_store(root: Path) -> FileLeaseStore:
    return FileLeaseStore(str(root / "running"), str(root / "quarantine"))


def copy(root: Path, to: Path) -> Path:
    """As ``cp -a`` does."""
    shutil.copytree(root, to, symlinks=True)
    return to


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Not there yet."""
    return tmp_path / "state"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with a_small_disk(tmp_path) as found:
        yield found


# --- opening ------------------------------------------------------------------------------------------


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


# --- copies -------------------------------------------------------------------------------------------


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


# --- what is not ours ---------------------------------------------------------------------------------


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


# --- litter -------------------------------------------------------------------------------------------


def dead_writer() -> tuple[int, int]:
    """A pid that somebody had, and a start time."""
    ended = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, check=True)
    return int(ended.stdout), 12345


def litter(folder: Path, pid: int, start: int) -> Path:
    path = folder / f".task_1.json.{pid}-{start}-7.tmp"
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


@pytest.mark.parametrize("folder", [".", "passes"])
def test_litter_is_swept_wherever_we_replace_files(root: Path, folder: str) -> None:
    """A pass that is killed at the wrong moment leaves one; every minute of the year is a moment."""
    a_folder(root).open()
    (root / folder).mkdir(exist_ok=True)
    dead = litter(root / folder, *dead_writer())

    a_folder(root).open()

    assert not dead.exists()


# --- switches and room --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dangling link"])
def test_estop_is_whatever_has_the_name(root: Path, kind: str) -> None:
    """An emergency stop asks no questions."""
    folder = a_folder(root)
    folder.open()
    assert not folder.is_estopped()
    path = root / "ESTOP"
    if kind == "file":
        path.touch()
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("format.json" if kind == "link" else "nowhere")

    assert folder.is_estopped()
    path.rmdir() if kind == "folder" else path.unlink()
    assert not folder.is_estopped()


def test_free_space_is_known_where_there_is_a_folder(root: Path, disk: Path) -> None:
    assert a_folder(root).free_mb() is None
    a_folder(root).open()

    assert (a_folder(root).free_mb() or 0) > 0
    assert a_folder(disk).free_mb() == 0


def test_a_workspace_is_made_once_and_left_alone_then(root: Path, tmp_path: Path) -> None:
    folder = a_folder(root)
    (tmp_path / "there").mkdir(mode=0o755)

    folder.make_workspace(str(tmp_path / "there"))
    folder.make_workspace(str(tmp_path / "a/b"))

    assert (tmp_path / "there").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "a/b").is_dir()


@pytest.mark.parametrize("path", ["file", "file/below"])
def test_a_workspace_that_cannot_be_made_is_an_error_that_says_what_to_do(
    root: Path, tmp_path: Path, path: str
) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StateError) as trouble:
        a_folder(root).make_workspace(str(tmp_path / path))

    assert trouble.value.hint


# --- the record of a pass -----------------------------------------------------------------------------


def record(root: Path, day: int, text: str = "x") -> None:
    a_folder(root).record_pass(
        {"ended_at": f"2026-{1 + day // 28:02}-{1 + day % 28:02}T12:00:00.000Z", "text": text},
        log_line=f"pass_ended {text}",
    )


def test_a_pass_is_recorded_as_the_last_one_and_as_one_of_its_day(root: Path) -> None:
    a_folder(root).open()
    record(root, 0, "first")
    record(root, 0, "second")

    assert json.loads((root / "passes/last.json").read_text())["text"] == "second"
    lines = (root / "passes/passes_20260101.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["first", "second"]
    assert (root / "logs/scheduler_20260101.log").read_text() == "pass_ended first\npass_ended second\n"


def test_thirty_days_are_kept(root: Path) -> None:
    a_folder(root).open()
    for day in range(DAYS_KEPT + 10):
        record(root, day)

    records = [name for name in os.listdir(root / "passes") if name.startswith("passes_")]
    assert len(records) == DAYS_KEPT
    assert len(os.listdir(root / "logs")) == DAYS_KEPT
    assert "passes_20260101.jsonl" not in records


def test_files_of_a_person_in_the_log_folder_are_kept(root: Path) -> None:
    a_folder(root).open()
    (root / "logs").mkdir()
    (root / "logs/notes.txt").write_text("mine")
    for day in range(DAYS_KEPT + 10):
        record(root, day)

    assert (root / "logs/notes.txt").exists()


@pytest.mark.parametrize("where", ["passes", "logs"])
def test_a_record_that_cannot_be_written_is_an_error_that_says_what_to_do(root: Path, where: str) -> None:
    a_folder(root).open()
    (root / where).write_text("in the way")

    with pytest.raises(StateError) as trouble:
        record(root, 0)

    assert trouble.value.hint
