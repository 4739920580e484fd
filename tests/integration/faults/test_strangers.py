"""What somebody else has put into the state folder, or may put there: refused or told, and nothing is written
through it (features B13)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.scene import Scene, gated, scenes_in
from tests.acceptance.speech import the_line
from tests.integration.commands import an_agent
from tests.rigs import tools

MakeScene = Callable[..., Scene]
FOLDERS = ("running", "runs", "ledger", "journal", "passes", "logs", "cache")
FILES = ("format.json", "tinyscheduler.lock")


@pytest.fixture
def a_scene(tmp_path: Path) -> Iterator[MakeScene]:
    yield from scenes_in(tmp_path)


def content(folder: Path) -> dict[str, bytes]:
    """Everything below it, files by content."""
    found = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in found}


# --- links ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*FOLDERS, *FILES])
def test_link_in_the_place_of_a_part_is_refused_and_nothing_goes_through_it(
    a_scene: MakeScene, tmp_path: Path, name: str
) -> None:
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    (task_id,) = scene.seed(1)
    place, outside = scene.state / name, tmp_path / "outside"
    outside.mkdir()
    place.rename(outside / name)
    place.symlink_to(outside / name)
    before = content(outside)

    line = the_line(scene.call("run", "--once"), 1)
    after = content(outside)
    place.unlink()
    (outside / name).rename(place)
    scene.once()
    scene.wait_for_rest()

    assert str(place) in line
    assert "symbolic link" in line
    assert after == before
    assert scene.statuses() == {task_id: "complete"}


@pytest.mark.parametrize("ending", ["owner", "stop"])
def test_link_in_the_place_of_a_file_beside_a_lease_is_taken_away(
    a_scene: MakeScene, tmp_path: Path, ending: str
) -> None:
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    (task_id,) = scene.seed(1)
    target = tmp_path / "target"
    target.write_text("somebody's")
    (scene.state / "running" / f"task_{task_id}.{ending}").symlink_to(target)

    scene.once()
    scene.wait_for_rest()

    assert target.read_text() == "somebody's"
    assert scene.statuses() == {task_id: "complete"}


def test_link_in_the_place_of_a_lease_is_not_followed(a_scene: MakeScene, tmp_path: Path) -> None:
    """The agent goes on; its wrapper puts the lease back."""
    scene = a_scene(gated("dev-1"))
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    lease, target = scene.state / "running" / f"task_{task_id}.json", tmp_path / "target"
    target.write_bytes(lease.read_bytes())
    before = target.read_bytes()
    link = tmp_path / "link"
    link.symlink_to(target)
    link.rename(lease)

    answer = scene.call("run", "--once")
    scene.open_gate()
    scene.wait_for_rest()

    assert answer.code in (0, 1)
    assert "Traceback" not in answer.err
    assert target.read_bytes() == before
    assert scene.disk.begun() == [task_id]
    assert scene.statuses() == {task_id: "complete"}


@pytest.mark.parametrize("place", ["", "/1"])
def test_link_in_the_place_of_a_run_folder_stops_this_task_alone(
    a_scene: MakeScene, tmp_path: Path, place: str
) -> None:
    scene = a_scene(an_agent("dev-1", slots=2))
    scene.once()
    first, second = scene.seed(2)
    outside = tmp_path / "outside"
    outside.mkdir()
    planted = scene.state / "runs" / f"task_{first}{place}"
    planted.parent.mkdir(exist_ok=True)
    planted.symlink_to(outside)

    answer = scene.call("run", "--once")
    scene.wait_for_rest()

    assert answer.code == 1
    assert str(scene.state / "runs" / f"task_{first}") in answer.err
    assert list(outside.iterdir()) == []
    assert scene.statuses() == {first: "idle", second: "complete"}


@pytest.mark.parametrize("name", ["order.json", "prompt.md", "output.log", "wrapper.log", "result.json"])
def test_link_in_the_place_of_a_file_of_a_run_is_taken_away(
    a_scene: MakeScene, tmp_path: Path, name: str
) -> None:
    scene = a_scene(an_agent("dev-1", script="echo hello"))
    scene.once()
    (task_id,) = scene.seed(1)
    target, folder = tmp_path / "target", scene.state / "runs" / f"task_{task_id}" / "1"
    target.write_text("somebody's")
    folder.mkdir(parents=True)
    (folder / name).symlink_to(target)

    scene.once()
    scene.wait_for_rest()

    assert target.read_text() == "somebody's"
    assert scene.statuses() == {task_id: "complete"}


@pytest.mark.parametrize(
    "pattern", ["journal/journal_*.jsonl", "passes/passes_*.jsonl", "logs/scheduler_*.log"]
)
def test_link_in_the_place_of_what_a_pass_appends_to_is_a_fault_of_this_pass(
    a_scene: MakeScene, tmp_path: Path, pattern: str
) -> None:
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    (path,) = scene.state.glob(pattern)
    target = tmp_path / "target"
    target.write_text("somebody's\n")
    path.unlink()
    path.symlink_to(target)

    answer = scene.call("run", "--once")

    assert answer.code == 1
    assert str(path.parent.name) in answer.err
    assert target.read_text() == "somebody's\n"


def test_estop_may_be_anything(a_scene: MakeScene, tmp_path: Path) -> None:
    """An emergency stop asks no questions, not even whether its file is one."""
    scene = a_scene(an_agent("dev-1"))
    (task_id,) = scene.seed(1)
    (scene.state / "ESTOP").symlink_to(tmp_path / "nowhere")

    told = scene.once_json()

    assert scene.held(told) == {task_id: "estop"}
    assert not (tmp_path / "nowhere").exists()


# --- owners and modes -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [".", "running", "ledger", "runs", "format.json"])
def test_part_that_belongs_to_another_user_is_refused(a_scene: MakeScene, name: str) -> None:
    """Also by root, whose files that user could not read afterwards."""
    tools.root()
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    (task_id,) = scene.seed(1)
    os.chown(scene.state / name, 65534, 65534)

    line = the_line(scene.call("run", "--once"), 1)
    os.chown(scene.state / name, 0, 0)
    scene.once()
    scene.wait_for_rest()

    assert "belongs to user 65534" in line
    assert "chown" in line
    assert scene.statuses() == {task_id: "complete"}


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
@pytest.mark.parametrize("name", [".", "running", "runs"])
def test_folder_that_others_may_write_is_told_with_its_remedy(
    a_scene: MakeScene, name: str, mode: int
) -> None:
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    folder = (scene.state / name).resolve()
    folder.chmod(mode)

    told = scene.call("run", "--once")
    folder.chmod(0o700)
    mended = scene.call("run", "--once")

    assert (told.code, told.out) == (0, "")
    assert f"chmod go-w {folder}" in told.err
    assert mended == (0, "", "")


def test_folder_that_others_may_only_read_is_no_matter(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    scene.state.chmod(0o755)

    scene.once()


# --- parts that are gone ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["journal", "passes", "logs", "cache", "ledger", "bin"])
def test_folder_that_somebody_removes_during_a_run_is_made_again(a_scene: MakeScene, name: str) -> None:
    scene = a_scene(gated("dev-1"))
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    shutil.rmtree(scene.state / name)

    answer = scene.call("run", "--once")
    scene.open_gate()
    scene.wait_for_rest()

    assert answer == (0, "", "")
    assert scene.statuses() == {task_id: "complete"}
    assert scene.disk.begun() == [task_id]
    assert (scene.state / name).is_dir()
