"""Stop, park, retry, release and requeue as a person types them (features E3, E4)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.scene import PROGRAM, Scene, gated
from tests.integration.wrapping import wait_until

MakeScene = Callable[..., Scene]
STUBBORN = "trap '' TERM"


def a_running_scene(a_scene: MakeScene, count: int = 1, **agent: object) -> Scene:
    """Tasks 1 to ``count``, and an agent at work on each."""
    scene = a_scene(gated("dev-1", slots=count, **agent))  # type: ignore[arg-type]
    scene.seed(count)
    scene.once()
    scene.wait_for_running(*(str(number) for number in range(1, count + 1)))
    return scene


def intents(scene: Scene) -> list[str]:
    folder = scene.state / "intents"
    return sorted(os.listdir(folder)) if folder.exists() else []


def parked(scene: Scene, task_id: str = "1") -> object:
    found = scene.disk.ledger(task_id)["parked"]
    return found and found["why"]  # type: ignore[index]


# --- stop ----------------------------------------------------------------------------------------


def test_stop_ends_an_agent_that_ignores_term_and_parks_its_task(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene, before=STUBBORN)

    told = scene.well("stop", "1", "--wait", "--reason", "wrong branch")
    left = scene.disk.tagged()
    again = scene.well("stop", "1", "--wait")

    task = scene.task("1")
    assert told == "task 1: its run was stopped\n"
    assert (left, scene.disk.leases(), intents(scene)) == ([], [], [])
    assert (task["status"], task["assigned_to"], task["tags"]) == ("idle", None, ["parked"])
    assert (scene.disk.outcomes("1"), parked(scene)) == (["cancelled"], "wrong branch")
    assert again == "task 1: it does not run\n"


def test_stop_alone_changes_nothing_until_the_next_pass(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    before = scene.disk.lease("1")["lease_id"]

    told = scene.well("stop", "1")
    twice = scene.well("stop", "1")
    shown = json.loads(scene.well("status", "--json"))
    foreseen = scene.call("run", "--dry-run").out
    running = scene.disk.lease("1")["state"], bool(scene.disk.tagged())
    files = intents(scene)
    scene.once()

    assert told == twice
    assert told.startswith("task 1: stop is asked for: its run is ended")
    assert (running, len(files)) == (("running", True), 1)
    assert [(r["kind"], r["lease_id"]) for r in shown["intents"]] == [("stop", before)]
    assert foreseen.startswith("asked      task 1        stop by ")
    assert (scene.disk.leases(), scene.disk.tagged(), intents(scene)) == ([], [], [])
    event = scene.disk.events("intent_applied")[0]
    assert (event["kind"], event["came"], event["lease_id"]) == ("stop", "applied", before)


def test_stop_with_requeue_lets_the_task_run_again(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    scene.configure(RETRY_BASE_SEC=1)

    scene.well("stop", "1", "--requeue", "--wait")
    wait_until(
        lambda: scene.call("run", "--once").code == 0 and scene.disk.working() == ["1"], "it runs again"
    )

    assert scene.disk.begun() == ["1", "1"]
    assert (scene.disk.outcomes("1"), parked(scene)) == (["cancelled"], None)


def test_stop_all_ends_everything_at_once(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene, 3)

    told = json.loads(scene.well("stop", "--all", "--wait", "--json"))
    nothing = scene.well("stop", "--all")

    assert [(r["task_id"], r["came"]) for r in told["intents"]] == [(n, "applied") for n in (1, 2, 3)]
    assert (scene.disk.leases(), scene.disk.tagged()) == ([], [])
    assert nothing == "nothing runs\n"


def test_stop_with_dependents_ends_those_that_wait_for_it_and_nobody_else(a_scene: MakeScene) -> None:
    """3 waits for 2, which does not run, and 2 for 1; 4 waits for nobody."""
    scene = a_scene(gated("dev-1", slots=3))
    scene.seed(1)
    scene.seed(1, queue_name="ops")
    scene.seed(2)
    scene.once()
    scene.wait_for_running("1", "3", "4")
    scene.well("task", "update", "2", "--blocked-by", "1")
    scene.well("task", "update", "3", "--blocked-by", "2")

    scene.well("stop", "1", "--with-dependents", "--wait")

    assert scene.disk.leases() == ["4"]


def test_a_stop_that_comes_too_late_does_not_call_the_run_cancelled(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    scene.well("stop", "1")
    scene.end_unsettled("1")

    scene.once()

    assert (scene.statuses(), scene.disk.outcomes("1")) == ({"1": "complete"}, ["succeeded"])
    assert intents(scene) == []


def test_stop_waits_for_a_pass_that_is_at_work(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    with scene.pass_lock():
        waiting = scene.start("stop", "1", "--wait")
        wait_until(lambda: bool(intents(scene)), "it has asked")
        late = scene.call("stop", "1", "--wait", "--timeout", "1")

    assert waiting.wait(30) == 0
    assert (late.code, scene.disk.leases()) == (5, [])
    assert "stop is not done yet" in late.out


def test_a_command_that_is_killed_leaves_its_intent_whole_or_none(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    for _ in range(4):
        child = subprocess.Popen(
            [*PROGRAM, "stop", "1"],
            env=scene.environment(),
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: bool(os.listdir(scene.state / "intents")) if intents(scene) else True, "begun")
        child.send_signal(signal.SIGKILL)
        child.wait()
    whole = [name for name in intents(scene) if name.endswith(".json")]

    scene.once()

    assert (scene.disk.leases() == []) == bool(whole)
    assert scene.disk.events("intent_applied") == [] or whole


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
