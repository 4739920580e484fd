"""Folders that may not be written, are none, or are copies: one clear line and nothing lost (issue 2)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.program import NOBODY
from tests.acceptance.scene import Scene, gated
from tests.acceptance.speech import the_line
from tests.integration.commands import an_agent
from tests.integration.wrapping import is_alive

MakeScene = Callable[..., Scene]


@pytest.mark.parametrize("place", [".", "running", "ledger", "runs"])
def test_folder_that_may_not_be_written_is_one_line_and_nothing_is_lost(
    a_scene_of_nobody: MakeScene, place: str
) -> None:
    """The state folder or a part of it belongs to another user."""
    if not NOBODY:
        pytest.skip("only root can give files away")
    scene = a_scene_of_nobody(an_agent("dev-1"))
    scene.once()
    (task_id,) = scene.seed(1)
    theirs = scene.state / place
    for path in (scene.base, *scene.base.rglob("*")):
        os.chown(path, 65534, 65534)
    for path in (theirs, *(theirs.rglob("*") if place == "." else ())):
        os.chown(path, 0, 0)
        path.chmod(0o755 if path.is_dir() else 0o644)

    line = the_line(scene.call("run", "--once", prefix=NOBODY), 1)
    # This is the day on which somebody has mended it.
    for path in (scene.base, *scene.base.rglob("*")):
        os.chown(path, 0, 0)
    scene.call("run", "--once")
    scene.wait_for_rest()

    assert str(scene.state) in line
    assert "Permission denied" in line
    assert scene.statuses() == {task_id: "complete"}


@pytest.mark.parametrize("command", [("status",), ("run", "--dry-run")])
def test_who_may_not_look_is_told_whose_folder_it_is_and_nothing_else(
    a_scene_of_nobody: MakeScene, command: tuple[str, ...]
) -> None:
    """Nine problems for one cause, and advice to remove what belongs to somebody else."""
    if not NOBODY:
        pytest.skip("only root can be another user")
    scene = a_scene_of_nobody(an_agent("dev-1"))
    scene.once()
    scene.state.chmod(0o700)
    os.chown(scene.state, 0, 0)

    answer = scene.call(*command, prefix=NOBODY)

    (line,) = answer.err.splitlines()
    assert answer.code == 1
    assert f"{scene.state} belongs to user 0, and user 65534 may not look into it" in line
    assert "sudo -u '#0' tinyscheduler" in line


def test_state_that_is_a_file_is_one_line(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1"))
    shutil.rmtree(scene.state)
    scene.state.write_text("no folder")

    line = the_line(scene.call("run", "--once"), 1)

    assert str(scene.state) in line


@pytest.mark.parametrize(
    ("text", "words"), [("{", "cannot be read"), ('{"schema": 9, "state_id": "x"}', "has format 9")]
)
def test_state_folder_that_nobody_understands_is_left_alone(
    a_scene: MakeScene, text: str, words: str
) -> None:
    """A newer program's, or one whose identity is garbled: whose are the leases?"""
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    (task_id,) = scene.seed(1)
    path = scene.state / "format.json"
    good = path.read_bytes()
    path.write_text(text)

    line = the_line(scene.call("run", "--once"), 1)
    left = scene.disk.statuses_by_store()
    assert path.read_text() == text
    path.write_bytes(good)
    scene.once()
    scene.wait_for_rest()

    assert words in line
    assert left == {task_id: "idle"}
    assert scene.statuses() == {task_id: "complete"}


def test_copied_state_folder_gets_an_identity_and_touches_no_agent(
    a_scene: MakeScene, tmp_path: Path
) -> None:
    """While an agent of the original runs: its passes and those of the copy take turns."""
    scene = a_scene(gated("dev-1"))
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    shutil.copytree(scene.base, tmp_path / "copy")
    copy = a_scene(name="copy")
    lease = scene.disk.lease(task_id)
    first, second = copy.call("run", "--once"), copy.call("run", "--once")
    scene.once()
    alive = [is_alive(int(str(lease[name]))) for name in ("pid", "agent_pid")]
    scene.open_gate()
    scene.wait_for_rest()

    assert (first.code, second.code, second.err) == (0, 0, "")
    assert "this state folder is a copy" in first.err
    assert "its agents are not touched" in first.err
    assert alive == [True, True]
    assert scene.statuses() == {task_id: "complete"}
    assert scene.disk.begun() == [task_id]
    identities = [(each.state / "format.json").read_text() for each in (scene, copy)]
    assert identities[0] != identities[1]
    assert copy.disk.leases() == []
