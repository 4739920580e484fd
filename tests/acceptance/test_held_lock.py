"""A pass that holds the lock is named, and one that hangs is nobody's secret (law 10)."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.acceptance.scene import Scene, gated
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]


@contextmanager
def a_pass_at_work(scene: Scene) -> Iterator[subprocess.Popen[str]]:
    """One that waits for a task server which takes the call and says nothing. Others of the scene have
    their own server again, so only this one waits."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        scene.configure(MCP_ENDPOINT=f"http://127.0.0.1:{silent.getsockname()[1]}/mcp")
        child = scene.start("run", "--once")
        try:
            wait_until(lambda: str(child.pid) in lock_text(scene), "the pass has the lock")
            scene.configure(MCP_ENDPOINT=None)
            yield child
        finally:
            child.kill()
            child.wait()


def lock_text(scene: Scene) -> str:
    path = scene.state / "tinyscheduler.lock"
    return path.read_text() if path.exists() else ""


def held_for_an_hour(scene: Scene) -> None:
    """As if it had been taken then."""
    path = scene.state / "tinyscheduler.lock"
    path.write_text(json.dumps({**json.loads(path.read_text()), "at": "2026-01-31T12:00:00Z"}))


def test_a_pass_at_work_is_named_and_is_no_problem(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    scene.once()

    with a_pass_at_work(scene) as child:
        told = json.loads(scene.well("status", "--json"))
        text = scene.well("status")

    assert (told["lock"]["pid"], told["lock"]["process"], told["lock"]["stopped"]) == (
        child.pid,
        "alive",
        False,
    )
    assert told["problems"] == []
    assert f"a pass is at work: pid {child.pid}, since" in text


def test_a_pass_that_is_stopped_is_a_problem_with_a_remedy(a_scene: MakeScene) -> None:
    """Also for cron: the passes that leave say it."""
    scene = a_scene(gated("dev-1"))
    scene.once()

    with a_pass_at_work(scene) as child:
        os.kill(child.pid, signal.SIGSTOP)
        wait_until(lambda: scene.call("status").code == 1, "it is seen")
        status, busy = scene.call("status"), scene.call("run", "--once")
        waited = scene.call("stop", "--all", "--wait", "--timeout", "1")

    assert f"PROBLEM  the pass that holds the lock (pid {child.pid}, since" in status.out
    assert f"kill -CONT {child.pid} lets it go on" in status.out
    assert (busy.code, busy.out) == (75, "")
    assert f"(pid {child.pid}, since" in busy.err
    assert "is stopped: no pass can begin" in busy.err
    assert waited.out == "nothing runs\n"


def test_who_waits_for_a_stopped_pass_is_told_what_it_waits_for(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=0))
    scene.seed(1)
    scene.once()

    with a_pass_at_work(scene) as child:
        os.kill(child.pid, signal.SIGSTOP)
        answer = scene.call("park", "1", "--reason", "later", "--wait", "--timeout", "1")

    assert answer.code == 5
    assert f"the pass that holds the lock (pid {child.pid}, since" in answer.out


def test_a_pass_that_holds_the_lock_for_longer_than_it_may_is_a_problem(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    scene.once()

    with a_pass_at_work(scene) as child:
        held_for_an_hour(scene)
        told = scene.call("status", "--json")
        busy = scene.call("run", "--once", "--json")

    problems = json.loads(told.out)["problems"]
    assert [problem["ref"] for problem in problems] == ["pass-hangs"]
    assert f"kill -KILL {child.pid} ends it" in problems[0]["hint"]
    assert busy.code == 75
    assert json.loads(busy.out)["lock"]["pid"] == child.pid


def test_a_pass_that_was_killed_holds_nothing(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    scene.once()

    with a_pass_at_work(scene):
        pass
    told = json.loads(scene.well("status", "--json"))

    assert told["lock"] is None
    scene.once()
    assert lock_text(scene) == ""
