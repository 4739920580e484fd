"""Runs that a person stops from the command line (features E3)."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess

import pytest

from tests.acceptance.asking import MakeScene, a_running_scene, intents, parked
from tests.acceptance.program import PROGRAM
from tests.acceptance.scene import gated
from tests.waiting import wait_until

STUBBORN = "trap '' TERM"


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
    # Whoever reads the task learns who has stopped it and why.
    assert re.search(r"cancelled .*; stopped by \S+: wrong branch; parked", scene.comments("1")[-1])
    assert again.startswith("task 1: it does not run; its last run, on dev-1, was stopped at 20")


def test_stop_of_a_run_that_has_just_ended_says_how(a_scene: MakeScene) -> None:
    """Whoever stops it has seen it run a moment ago."""
    scene = a_running_scene(a_scene, success="exit_code")
    scene.end_unsettled("1")

    unsettled = scene.well("stop", "1")
    waited = scene.well("stop", "1", "--wait")
    settled = scene.well("stop", "1")

    assert "its run has ended by itself as succeeded, which stands, and is settled first" in unsettled
    assert waited == "task 1: its run has ended by itself as succeeded, so nothing was stopped\n"
    assert settled.startswith("task 1: it does not run; its last run, on dev-1, ended as succeeded at 20")


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
    # It may say that nobody here serves ops.
    assert scene.call("task", "update", "2", "--blocked-by", "1").code == 0
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


@pytest.mark.parametrize("flags", [(), ("--wait",)], ids=["asked", "done"])
def test_a_run_can_be_stopped_while_agent_control_is_half_written(
    a_scene: MakeScene, flags: tuple[str, ...]
) -> None:
    """The agent works on in any case; who stops it must not be sent to an editor first."""
    scene = a_scene(gated("dev-1"))
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    whole = (scene.base / "agent-control.json").read_text()
    (scene.base / "agent-control.json").write_text("[{")

    answer = scene.call("stop", task_id, *flags)
    left = scene.disk.leases()
    (scene.base / "agent-control.json").write_text(whole)
    scene.once()

    assert answer.code == 0
    assert answer.err.startswith("tinyscheduler: the settings do not hold, so the last good ones count: ")
    assert ("only --wait, or a daemon" in answer.err) is not bool(flags)
    assert (left == []) is bool(flags)
    assert (scene.disk.leases(), scene.disk.outcomes(task_id)) == ([], ["cancelled"])
