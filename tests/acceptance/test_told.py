"""What a person is told: of parked tasks, of requests with nothing to do, of slips on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.acceptance.scene import Scene, gated

MakeScene = Callable[..., Scene]


def status_cells(scene: Scene) -> list[str]:
    """Of ``task list``: what stands between id and queue, line by line."""
    lines = scene.well("task", "list").splitlines()
    at = slice(lines[0].index("STATUS"), lines[0].index("QUEUE"))
    return [line[at].strip() for line in lines[1:]]


def parked_of(scene: Scene, task_id: str) -> object:
    listed = json.loads(scene.well("task", "list", "--json"))["tasks"]
    shown = json.loads(scene.well("task", "show", task_id, "--json"))["task"]["parked"]
    assert [shown] == [task["parked"] for task in listed if str(task["id"]) == task_id]
    return shown and shown["why"]


def test_a_parked_task_is_marked_where_tasks_are_listed_until_it_is_released(a_scene: MakeScene) -> None:
    """By the ledger, not by the tag: that is what holds it, and people give and take tags."""
    scene = a_scene(gated("dev-1", slots=0))
    scene.seed(3)
    scene.well("task", "update", "3", "--tag", "parked")
    scene.well("park", "1", "--reason", "not now", "--wait")
    scene.well("park", "2", "--reason", "nor this", "--wait")

    assert status_cells(scene) == ["idle parked", "idle parked", "idle"]
    assert (parked_of(scene, "1"), parked_of(scene, "3")) == ("not now", None)
    assert "not now (tinyscheduler retry 1 releases it)" in scene.well("task", "show", "1")

    scene.well("retry", "1", "--wait")
    scene.well("task", "update", "2", "--title", "another one")
    assert status_cells(scene) == ["idle", "idle", "idle"]
    assert parked_of(scene, "2") is None


@pytest.mark.parametrize("flags", [(), ("--wait",)], ids=["asked", "waited"])
def test_a_request_with_nothing_to_do_says_what_is_so(a_scene: MakeScene, flags: tuple[str, ...]) -> None:
    scene = a_scene(gated("dev-1", slots=0))
    scene.seed(2)
    scene.well("park", "2", "--reason", "not now", "--wait")

    def said(*words: str) -> str:
        return scene.well(*words, *flags)

    assert said("retry", "1") == "task 1: it is not parked and waits for no retry\n"
    assert said("stop", "2") == "task 2: it does not run\n"
    assert said("stop", "--all") == "nothing runs\n"
    assert said("park", "2", "--reason", "really") == "task 2: it is parked\n"
    assert said("release", "2", "--reason", "gone") == "task 2: there is no such lease any more\n"
    assert said("requeue", "1", "--reason", "nobody works") == "task 1: it is idle\n"


def test_a_limit_for_an_agent_that_is_not_there_is_said_to_whoever_typed_it(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=0))
    slip = "--agent-limit: there is no agent dev-2 in agent-control"

    once = scene.call("run", "--once", "--agent-limit", "dev-2=2")
    preview = scene.call("run", "--dry-run", "--agent-limit", "dev-2=2")
    told = scene.once_json("--agent-limit", "dev-2=2")

    assert (once.code, once.out) == (0, "")
    assert once.err.startswith(f"tinyscheduler: {slip}")
    assert preview.err.startswith(f"tinyscheduler: {slip}")
    assert [str(note)[: len(slip)] for note in told["notes"]] == [slip]  # type: ignore[attr-defined]


def test_a_limit_of_a_setting_for_an_agent_that_is_not_there_is_told_by_status(a_scene: MakeScene) -> None:
    """A pass is silent about files: cron would mail it each minute."""
    scene = a_scene(gated("dev-1", slots=0), AGENT_LIMITS="dev-2:2")

    scene.once()

    assert "AGENT_LIMITS: there is no agent dev-2 in agent-control" in scene.well("status")
