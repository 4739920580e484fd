"""Stops that meet a world that has moved on: a lease that was removed by hand, a task that was set idle."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from tests.acceptance.asking import a_running_scene, intents, parked
from tests.acceptance.scene import Scene

MakeScene = Callable[..., Scene]


def test_a_stop_whose_lease_is_removed_before_the_pass_ends_the_run_and_parks_the_task(
    a_scene: MakeScene,
) -> None:
    scene = a_running_scene(a_scene)
    scene.well("stop", "1", "--reason", "wrong branch")
    # Its wrapper would see at its next beat that the lease is gone, and end the agent itself.
    os.kill(int(str(scene.disk.lease("1")["pid"])), signal.SIGKILL)
    for ending in ("json", "owner"):
        (scene.state / "running" / f"task_1.{ending}").unlink()

    first = scene.call("run", "--once")
    seen = scene.call("status")
    scene.past.sightings_are_old()
    scene.call("run", "--once")

    assert (first.code, first.out) == (1, "")
    assert "task 1: processes " in first.err
    assert " worked on it without a lease and were ended" in first.err
    assert "PROBLEM  the last pass ended with exit code 1: task 1: processes " in seen.out
    assert (scene.disk.tagged(), parked(scene), intents(scene)) == ([], "wrong branch", [])
    assert (scene.task("1")["status"], scene.task("1")["tags"]) == ("idle", ["parked"])
    scene.once()
    assert len(scene.disk.begun()) == 1


def test_a_stop_of_a_task_that_was_set_idle_is_seen_by_who_looks_at_the_server(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    scene.well("task", "update", "1", "--status", "idle")

    told = scene.well("stop", "1", "--reason", "wrong branch", "--wait")

    task = scene.task("1")
    assert told == "task 1: its run was stopped, and it is parked\n"
    assert (task["status"], task["assigned_to"], task["tags"]) == ("idle", None, ["parked"])
    assert len([text for text in scene.comments("1") if text.startswith("parked by ")]) == 1
    assert parked(scene) == "wrong branch"
    scene.once()
    assert len(scene.disk.begun()) == 1
