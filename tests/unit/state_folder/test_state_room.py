"""The state folder as a place: switches, space, workspaces, the record of a pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.state_folder.folders import (
    a_folder,
)
from tinyscheduler.errors import StateError


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


@pytest.mark.parametrize("where", ["passes", "logs"])
def test_a_record_that_cannot_be_written_is_an_error_that_says_what_to_do(root: Path, where: str) -> None:
    a_folder(root).open()
    (root / where).write_text("in the way")

    with pytest.raises(StateError) as trouble:
        record(root, 0)

    assert trouble.value.hint
