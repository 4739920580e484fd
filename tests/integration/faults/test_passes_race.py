"""Fifty passes at one moment: never two at work, nothing starts twice, the others leave (features A5)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.disk import looks
from tests.acceptance.program import PROGRAM
from tests.acceptance.scene import Scene, scenes_in
from tests.integration.commands import an_agent

MakeScene = Callable[..., Scene]
PASSES = 50
TASKS = 12
LEAVES_S = 1.0
"""Of the processor, by a pass that finds the lock busy; by the wall clock, fifty wait for one another."""
NOTE = 'echo "$TINYSCHEDULER_TASK_ID" >>"$TINYSCHEDULER_BASE_PATH/work.log"'


@pytest.fixture
def a_scene(tmp_path: Path) -> Iterator[MakeScene]:
    yield from scenes_in(tmp_path)


def at_once(scene: Scene) -> list[tuple[int, str]]:
    """Exit code and stderr of each."""
    children = [
        subprocess.Popen(
            [*PROGRAM, "run", "--once"],
            env=scene.environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PASSES)
    ]
    said = [child.communicate(timeout=50)[1] for child in children]
    return [(child.returncode, text) for child, text in zip(children, said, strict=True)]


@pytest.mark.slow
def test_of_fifty_passes_at_once_never_two_are_at_work_and_each_task_runs_once(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1", script=NOTE, slots=TASKS), MAX_PARALLEL=TASKS)
    scene.once()
    tasks = scene.seed(TASKS)

    answers = at_once(scene)
    scene.wait_for_rest()
    scene.once()
    scene.wait_for_rest()

    assert set(answers) <= {(0, ""), (75, "")}
    # It fails where the facts of one pass stand between those of another.
    assert looks(scene.disk.journal())
    assert sorted(scene.disk.begun(), key=int) == tasks
    assert scene.statuses() == dict.fromkeys(tasks, "complete")


@pytest.mark.slow
def test_fifty_passes_that_find_the_lock_busy_leave_and_change_nothing(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    (task_id,) = scene.seed(1)
    before = scene.disk.journal()

    with scene.pass_lock():
        began_s = children_s()
        answers = at_once(scene)
        used_s = children_s() - began_s

    assert answers == [(75, "")] * PASSES
    assert scene.disk.journal() == before
    assert used_s / PASSES < LEAVES_S
    scene.once()
    scene.wait_for_rest()
    assert scene.statuses() == {task_id: "complete"}


def children_s() -> float:
    """Processor time of the children that have ended."""
    found = os.times()
    return found.children_user + found.children_system
