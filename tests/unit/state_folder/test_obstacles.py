"""What would keep a pass from writing is told to those who only look."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fakes.small_disk import INODES, fill
from tests.unit.state_folder.folders import a_folder
from tinyscheduler.adapters.state_folder.strangers import OWN_FOLDERS


def obstacles(root: Path, *files: Path) -> tuple[str, ...]:
    return tuple(what for what, _hint in a_folder(root).obstacles([str(path) for path in files]))


def test_a_folder_that_can_be_written_has_none(root: Path) -> None:
    assert obstacles(root) == ()
    a_folder(root).open()
    assert obstacles(root, root / "format.json", root / "not-there") == ()


def test_a_full_disk_is_one(disk: Path) -> None:
    root = disk / "state"
    a_folder(root).open()
    fill(disk)

    found = obstacles(root)

    assert found
    assert all("no space left" in obstacle for obstacle in found)


def test_a_disk_without_room_for_a_name_is_one(disk: Path) -> None:
    root = disk / "state"
    a_folder(root).open()
    for number in range(INODES):
        try:
            (disk / f"file-{number}").touch()
        except OSError:
            break

    assert any("df -i" in obstacle for obstacle in obstacles(root))


def test_a_read_only_disk_is_one(disk: Path) -> None:
    root = disk / "state"
    a_folder(root).open()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)

    assert any(str(root) in obstacle for obstacle in obstacles(root, root / "format.json"))


def test_a_link_in_the_place_of_a_folder_of_ours_is_one(root: Path, tmp_path: Path) -> None:
    """Every pass refuses it whole, and somebody has moved the logs to a larger disk in good faith."""
    a_folder(root).open()
    (tmp_path / "elsewhere").mkdir()
    (root / "passes").symlink_to(tmp_path / "elsewhere")

    (found,) = obstacles(root)

    assert found == f"{root}/passes is a symbolic link; nothing is written through it"


@pytest.mark.parametrize("name", OWN_FOLDERS)
def test_a_file_in_the_place_of_a_folder_is_one_with_its_remedy(root: Path, name: str) -> None:
    a_folder(root).open()
    shutil.rmtree(root / name, ignore_errors=True)
    (root / name).write_text("no folder")

    ((what, hint),) = a_folder(root).obstacles([])

    assert what == f"{root}/{name} is no folder"
    assert hint.startswith(f"put the folder {root}/{name} back; if it is gone, move away what stands there")


def test_a_folder_in_the_place_of_a_file_is_one(root: Path) -> None:
    a_folder(root).open()
    (root / "tinyscheduler.lock").mkdir()

    (found,) = obstacles(root, root / "tinyscheduler.lock")

    assert found == f"{root}/tinyscheduler.lock is a folder, and has to be a file"
