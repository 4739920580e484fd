"""The embedded task store is lost or replaced while agents work on its tasks (law 4)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.scene import Scene, gated
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
WORDS = "the task store is not that of 1 run in flight: it was lost or replaced"


def put_aside(scene: Scene, aside: Path) -> None:
    aside.mkdir()
    for path in scene.state.glob("tasks.db*"):
        path.rename(aside / path.name)


def put_back(scene: Scene, aside: Path) -> None:
    for path in scene.state.glob("tasks.db*"):
        path.unlink()
    for path in aside.iterdir():
        path.rename(scene.state / path.name)


@pytest.mark.parametrize("instead", ["nothing", "an empty file", "another store"])
def test_a_store_that_is_not_the_runs_is_unknown_until_theirs_is_back(
    a_scene: MakeScene, tmp_path: Path, instead: str
) -> None:
    scene, aside = a_scene(gated("dev-1", slots=2)), tmp_path / "aside"
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    put_aside(scene, aside)
    if instead == "an empty file":
        (scene.state / "tasks.db").touch(mode=0o600)
    if instead == "another store":
        scene.add("of another time", queue="dev")

    looks = [scene.call(*words) for words in (("status",), ("run", "--dry-run"), ("explain", task_id))]
    passes = [scene.call("run", "--once") for _ in range(2)]
    begun = scene.disk.begun()
    put_back(scene, aside)
    scene.open_gate()
    scene.wait_for_rest()

    assert [answer.code for answer in (*looks, *passes)] == [3] * 5
    assert all(WORDS in answer.out + answer.err for answer in (*looks, *passes))
    assert begun == [task_id]
    assert scene.statuses() == {task_id: "complete"}


def test_a_pipe_in_the_stores_place_is_not_taken_for_an_empty_store(
    a_scene: MakeScene, tmp_path: Path
) -> None:
    scene, aside = a_scene(gated("dev-1")), tmp_path / "aside"
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    put_aside(scene, aside)
    os.mkfifo(scene.state / "tasks.db")

    answer = scene.call("status")
    put_back(scene, aside)
    scene.open_gate()
    scene.wait_for_rest()

    assert answer.code == 3


def a_running_scene_with_a_copy(a_scene: MakeScene, copy: Path) -> tuple[Scene, str, str]:
    """One task that is done, a copy of the store as it was then, and one that is being done."""
    scene = a_scene(gated("dev-1"))
    (done,) = scene.seed(1)
    scene.open_gate(done)
    scene.once()
    scene.wait_for_rest()
    copy.mkdir()
    scene.well("task", "backup", str(copy / "tasks.db"))
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    return scene, done, task_id


@pytest.mark.parametrize("is_given_again", [False, True])
def test_an_older_copy_of_the_store_ends_no_run_that_it_cannot_know(
    a_scene: MakeScene, tmp_path: Path, is_given_again: bool
) -> None:
    """It knows everything that has run before, so the one task looks as if somebody had deleted it."""
    copy, aside = tmp_path / "copy", tmp_path / "aside"
    scene, done, task_id = a_running_scene_with_a_copy(a_scene, copy)
    put_aside(scene, aside)
    put_back(scene, copy)
    # A task is known by its number and the second in which it was made.
    second = int(time.time())
    wait_until(lambda: int(time.time()) > second, "the next second")
    if is_given_again:
        scene.add("made since", queue="dev")

    passes = [scene.call("run", "--once") for _ in range(2)]
    status = scene.call("status")
    put_back(scene, aside)
    scene.open_gate()
    scene.wait_for_rest()

    words = (
        f"the task server has not made task {task_id} yet, which is in flight: its data is of an older copy"
    )
    assert [answer.code for answer in (*passes, status)] == [3] * 3
    assert all(words in answer.out + answer.err for answer in (*passes, status))
    assert scene.statuses() == {done: "complete", task_id: "complete"}
    assert scene.disk.outcomes(task_id) == ["succeeded"]


def test_who_goes_on_with_the_older_copy_stops_the_run(a_scene: MakeScene, tmp_path: Path) -> None:
    """The way out that the fault names."""
    copy = tmp_path / "copy"
    scene, done, task_id = a_running_scene_with_a_copy(a_scene, copy)
    put_aside(scene, tmp_path / "aside")
    put_back(scene, copy)
    assert scene.call("run", "--once").code == 3

    scene.well("stop", task_id, "--wait")
    after = scene.call("run", "--once")

    assert (after.code, after.err) == (0, "")
    assert scene.disk.leases() == []
    assert scene.statuses() == {done: "complete"}
