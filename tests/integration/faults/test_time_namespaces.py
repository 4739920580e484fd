"""Passes and wrappers in different time namespaces: one boot id, clocks and starts that are hours apart."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.scene import Scene, gated, scenes_in
from tests.integration.wrapping import is_alive
from tests.rigs.tools import other_time
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
DAY_S = 86_400
AHEAD_AND_BEHIND = pytest.mark.parametrize("seconds", [DAY_S, -60], ids=["ahead", "behind"])
"""Behind: more than a heartbeat may be late, and less than a machine has run that tests itself."""


@pytest.fixture
def a_scene(tmp_path: Path) -> Iterator[MakeScene]:
    yield from scenes_in(tmp_path)


def pids(scene: Scene, task_id: str) -> tuple[int, int]:
    lease = scene.disk.lease(task_id)
    return int(str(lease["pid"])), int(str(lease["agent_pid"]))


@AHEAD_AND_BEHIND
def test_pass_in_another_time_namespace_keeps_a_run(a_scene: MakeScene, seconds: int) -> None:
    """It is neither silent, nor late, nor somebody else."""
    scene, there = a_scene(gated("dev-1")), other_time(seconds)
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    before = pids(scene, task_id)

    answers = [scene.call("run", "--once", prefix=prefix) for prefix in (there, (), there)]
    after, alive = pids(scene, task_id), [is_alive(pid) for pid in before]
    scene.open_gate()
    scene.wait_for_rest()

    assert answers == [(0, "", "")] * 3
    assert (after, alive) == (before, [True, True])
    assert scene.disk.begun() == [task_id]
    assert scene.statuses() == {task_id: "complete"}


@AHEAD_AND_BEHIND
def test_run_of_another_time_namespace_is_kept_while_it_lives(a_scene: MakeScene, seconds: int) -> None:
    scene = a_scene(gated("dev-1"), RETRY_BASE_SEC=0)
    (task_id,) = scene.seed(1)
    assert scene.call("run", "--once", prefix=other_time(seconds)) == (0, "", "")
    scene.wait_for_running(task_id)
    wrapper, agent = pids(scene, task_id)

    kept = scene.call("run", "--once")
    alive = [is_alive(pid) for pid in (wrapper, agent)]
    os.kill(wrapper, signal.SIGKILL)
    wait_until(lambda: not is_alive(wrapper), "the wrapper is dead")
    reclaimed = scene.call("run", "--once")
    gone = not is_alive(agent)
    scene.open_gate()
    wait_until(lambda: scene.call("run", "--once").code == 0 and not scene.disk.leases(), "no lease")
    scene.wait_for_rest()

    assert (kept, alive) == ((0, "", ""), [True, True])
    assert reclaimed.code == 0
    assert gone
    assert scene.disk.outcomes(task_id) == ["lost", "succeeded"]
