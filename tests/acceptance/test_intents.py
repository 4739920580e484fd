"""Park, retry, release and requeue as a person types them (features E4)."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.acceptance.asking import MakeScene, a_running_scene, intents
from tests.acceptance.scene import Scene, gated
from tests.waiting import wait_until

# --- park and retry ------------------------------------------------------------------------------


def test_a_parked_task_is_left_alone_by_ten_passes_and_started_by_retry(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    scene.seed(1)
    scene.well("park", "1", "--reason", "waits for the key", "--wait")
    for _ in range(10):
        scene.once()
    begun = scene.disk.begun()
    explained = json.loads(scene.well("explain", "1", "--json"))
    told = scene.well("retry", "1")
    scene.once()
    scene.wait_for_running("1")

    assert (begun, scene.disk.begun()) == ([], ["1"])
    assert (explained["held"]["reason"], explained["held"]["value"]) == ("parked", "waits for the key")
    assert "tinyscheduler retry 1" in explained["held"]["lever"]
    assert told.startswith("task 1: retry is asked for")
    assert any("waits for the key" in text for text in scene.comments("1"))
    assert scene.task("1")["tags"] == []


def test_parking_twice_says_so(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    scene.seed(1)
    scene.well("park", "1", "--wait")

    assert scene.well("park", "1") == "task 1: it is parked\n"
    assert scene.well("retry", "1", "--wait").startswith("task 1: it may start again")


def test_retry_of_what_needs_none_says_so_and_of_what_runs_is_refused(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    scene.seed(1)
    scene.once()

    running, idle = scene.call("retry", "1"), scene.well("retry", "2")

    assert (running.code, "stop it first" in running.err) == (4, True)
    assert idle == "task 2: it is not parked and waits for no retry\n"
    assert intents(scene) == []


# --- release and requeue -------------------------------------------------------------------------


def test_release_gives_up_the_lease_of_another_machine(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    lease = scene.disk.lease("1")
    alive = scene.call("release", "1", "--reason", "because")
    os.kill(int(str(lease["pid"])), signal.SIGKILL)
    os.kill(int(str(lease["agent_pid"])), signal.SIGKILL)
    wait_until(lambda: not scene.disk.tagged(), "the run is dead")
    lease["machine_id"] = "0" * 32
    (scene.state / "running" / "task_1.json").write_text(json.dumps(lease))
    elsewhere = scene.call("run", "--once")
    stopped = scene.call("stop", "1")

    told = scene.well("release", str(lease["lease_id"]), "--reason", "it is scrapped", "--wait")

    assert (alive.code, "stop it" in alive.err) == (4, True)
    assert (elsewhere.code, "tinyscheduler release 1" in elsewhere.err) == (1, True)
    assert (stopped.code, "release" in stopped.err) == (4, True)
    assert "the task runs twice" in told
    assert scene.disk.outcomes("1") == ["interrupted"]
    event = scene.disk.events("intent_applied")[0]
    assert (event["kind"], event["reason"]) == ("release", "it is scrapped")


def test_requeue_sets_a_stray_task_idle_and_nobody_elses(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    scene.seed(1, assigned_to="dev-1")
    scene.seed(1, assigned_to="alice")
    for task_id in ("1", "2"):
        scene.well("task", "update", task_id, "--status", "working")
    held = scene.held(json.loads(scene.well("run", "--dry-run", "--json")))
    hers = scene.call("requeue", "2", "--reason", "why not")

    scene.well("requeue", "1", "--reason", "nobody is there", "--wait")
    scene.wait_for_running("1")

    assert held["1"] == "working_elsewhere"
    assert (hers.code, scene.task("2")["status"]) == (4, "working")
    assert any("nobody is there" in text for text in scene.comments("1"))


# --- slips ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["stop", "park", "retry", "release", "requeue"])
def test_ids_that_nobody_knows_are_refused_in_one_line_and_nothing_is_asked(house: Scene, kind: str) -> None:
    reason = ("--reason", "because")
    for task_id in ("99", "", "a/../b", "-", "ü", "x" * 65):
        answer = house.call(kind, task_id, *reason)

        assert (answer.code, answer.out, answer.err.count("\n")) == (4, "", 1), (task_id, answer)
    assert intents(house) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("stop",),
        ("stop", "1", "--all"),
        ("stop", "--all", "--with-dependents"),
        ("release", "1"),
        ("requeue", "1"),
        ("park", "1", "--reason", " \n"),
        ("park", "1", "--timeout", "0"),
        ("park", "1", "--timeout", "soon"),
    ],
    ids=" ".join,
)
def test_slips_of_the_pen_are_usage_errors(house: Scene, arguments: tuple[str, ...]) -> None:
    answer = house.call(*arguments)

    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1), answer
    assert intents(house) == []


def test_a_complete_task_is_neither_stopped_nor_released_nor_retried(house: Scene) -> None:
    answers = [house.call(kind, "1", "--reason", "x") for kind in ("stop", "park", "retry", "release")]

    assert [(answer.code, answer.err) for answer in answers] == [(0, "")] * 4
    assert house.call("requeue", "1", "--reason", "x").code == 4
    assert intents(house) == []


def test_garbage_among_the_intents_is_set_aside_and_told_once(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    scene.well("stop", "1")
    folder = scene.state / "intents"
    (folder / "notes.txt").write_text("hello")
    (folder / "00000000T000000.000000Z-00000000.json").write_bytes(os.urandom(3_000_000))
    (folder / "link.json").symlink_to("/etc/passwd")
    (folder / "folder.json").mkdir()
    shown = scene.call("status")

    first, second = scene.call("run", "--once"), scene.call("run", "--once")

    assert (shown.code, shown.out.count("is no intent")) == (1, 4)
    assert (first.code, first.err.count("is no intent")) == (1, 4)
    assert (second.code, second.err) == (0, "")
    assert (scene.disk.leases(), intents(scene)) == ([], [])
    assert len(list((scene.state / "quarantine").glob("intent_*"))) == 4
    assert Path("/etc/passwd").exists()


def test_an_intent_survives_a_server_that_is_away(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    server = scene.serve()
    task_id = scene.add("a task", queue="dev")
    server.terminate()
    server.communicate(timeout=15)

    asked = scene.well("park", task_id)
    late = scene.call("park", task_id, "--wait", "--timeout", "1")
    unknown = scene.call("stop", "99")
    scene.serve(port=int(scene.setting("MCP_ENDPOINT").rpartition(":")[2].removesuffix("/mcp")))
    done = scene.well("park", task_id, "--wait")

    assert "the task server has to be asked first" in asked
    assert (late.code, unknown.code) == (5, 3)
    assert done == f"task {task_id}: it is not started until retry, or until it is changed\n"
    assert scene.disk.begun() == []
