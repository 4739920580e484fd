"""``run --daemon``: a pass every interval, and how it ends (features A2, plain form)."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.scene import Scene, gated
from tests.acceptance.weather import Weather
from tests.integration.commands import an_agent
from tests.integration.stub_behaviours import hang
from tests.integration.stub_server import StubServer
from tests.integration.wrapping import is_alive
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
LONG = "exec sleep 60"


def a_daemon(scene: Scene, *flags: str) -> subprocess.Popen[str]:
    """Ready: its first pass has ended."""
    before = scene.disk.passes()
    daemon = scene.start("run", "--daemon", *flags)
    wait_until(lambda: scene.disk.passes() > before, "the first pass of the daemon")
    return daemon


def next_pass(scene: Scene) -> None:
    """Until a pass that begins from now on has ended."""
    begun = len(scene.disk.events("pass_began"))
    wait_until(lambda: len(scene.disk.events("pass_ended")) > begun, "another pass")


def ended(daemon: subprocess.Popen[str], *numbers: signal.Signals) -> tuple[int, str, str]:
    """Exit code, stdout and stderr after these signals."""
    for number in numbers:
        daemon.send_signal(number)
    out, err = daemon.communicate(timeout=20)
    return daemon.returncode, out, err


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# --- passes --------------------------------------------------------------------------------------


def test_there_is_a_pass_every_interval_and_not_a_word(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1"), LOOP_INTERVAL_SEC=1)
    began = time.monotonic()
    daemon = a_daemon(scene)
    wait_until(lambda: scene.disk.passes() >= 4, "four passes")
    took_s = time.monotonic() - began
    told = ended(daemon, signal.SIGTERM)

    assert took_s > 3 * 1, "three intervals are between four passes"
    assert told == (0, "", "")


def test_tasks_are_started_at_the_next_pass_and_refilled_without_one(a_scene: MakeScene) -> None:
    """The interval is an hour: only the first pass is the daemon's, wrappers become the others."""
    scene = a_scene(gated("dev-1"), LOOP_INTERVAL_SEC=3600)
    tasks = scene.seed(4)
    daemon = a_daemon(scene)
    scene.open_gate()
    scene.wait_for_rest()

    assert scene.disk.begun() == tasks
    assert set(scene.statuses().values()) == {"complete"}
    assert ended(daemon, signal.SIGTERM) == (0, "", "")


def test_the_lock_is_free_between_passes(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1"), LOOP_INTERVAL_SEC=3600)
    daemon = a_daemon(scene)
    wait_until(lambda: not scene.disk.is_locked(), "the lock is let go")
    scene.once()

    assert ended(daemon, signal.SIGTERM)[0] == 0


def test_a_lock_that_somebody_else_holds_ends_no_daemon(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1"), LOOP_INTERVAL_SEC=1)
    daemon = a_daemon(scene)
    poke = scene.state / "poke"
    with scene.pass_lock():
        poke.unlink(missing_ok=True)
        wait_until(poke.exists, "the daemon found the lock busy")
    next_pass(scene)

    assert ended(daemon, signal.SIGTERM) == (0, "", "")


def test_ended_wrappers_are_reaped(a_scene: MakeScene) -> None:
    """The daemon is their parent; zombies would fill the process table over the weeks."""
    scene = a_scene(gated("dev-1", slots=5), LOOP_INTERVAL_SEC=1)
    scene.seed(5)
    daemon = a_daemon(scene)
    scene.wait_for_running("1", "2", "3", "4", "5")
    started = children_of(daemon.pid)
    scene.open_gate()
    wait_until(lambda: children_of(daemon.pid) == [], "nobody is left to be reaped")

    assert len(started) == 5
    assert ended(daemon, signal.SIGTERM)[0] == 0


# --- settings ------------------------------------------------------------------------------------


def test_a_changed_agent_control_is_used_at_the_next_pass(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1", script=LONG), LOOP_INTERVAL_SEC=1)
    scene.seed(3)
    daemon = a_daemon(scene)
    before = scene.disk.leases()
    scene.control(an_agent("dev-1", script=LONG), an_agent("dev-2", slots=2, script=LONG))
    wait_until(lambda: len(scene.disk.leases()) == 3, "the new agent takes the other two")

    assert before == ["1"]
    assert {scene.disk.lease(n)["agent_name"] for n in ("2", "3")} == {"dev-2"}
    assert ended(daemon, signal.SIGTERM) == (0, "", "")


def test_broken_settings_leave_the_last_good_ones_in_force_and_are_said(a_scene: MakeScene) -> None:
    """Until they are mended. The exit code is not touched (features A2)."""
    scene = a_scene(gated("dev-1"), LOOP_INTERVAL_SEC=1)
    daemon = a_daemon(scene)
    (scene.base / "agent-control.json").write_text('[{"agentName": "dev-1"')
    next_pass(scene)
    shown = scene.call("status")
    scene.seed(1)
    scene.wait_for_running("1")
    scene.open_gate()
    wait_until(lambda: scene.disk.statuses_by_store()["1"] == "complete", "done by the agents of before")
    scene.control(an_agent("new-1", queue="new"))
    scene.seed(1, queue_name="new")
    wait_until(lambda: scene.disk.statuses_by_store()["2"] == "complete", "the mended file is used")
    code, out, err = ended(daemon, signal.SIGTERM)

    assert (code, out) == (0, "")
    lines = err.splitlines()
    assert lines
    assert all("agent-control.json" in line and "last good" in line for line in lines), err
    assert len(lines) < scene.disk.passes(), "silent again once it is mended"
    assert shown.code == 2
    assert "agent-control.json" in shown.out.splitlines()[0], "first of all"
    assert "worked on with the last good ones" in shown.out
    assert "dev-1" in shown.out
    rejected = scene.disk.events("settings_rejected")
    assert rejected
    assert "agent-control.json" in str(rejected[0]["reason"])


def test_a_daemon_does_not_begin_with_broken_settings(a_scene: MakeScene) -> None:
    """There are no last good ones yet."""
    scene = a_scene(an_agent("dev-1"))
    (scene.base / "agent-control.json").write_text("{")

    assert scene.call("run", "--daemon").code == 2


def test_a_server_that_is_away_is_said_at_each_pass_and_ends_nothing(a_scene: MakeScene) -> None:
    with StubServer() as stub:
        scene = a_scene(an_agent("dev-1"), MCP_ENDPOINT=stub.url, LOOP_INTERVAL_SEC=1)
        daemon = a_daemon(scene)
        stub.stop()
        next_pass(scene)
        next_pass(scene)
        stub.start()
        stub.store.add()
        wait_until(lambda: stub.store.tasks[1]["status"] == "complete", "the task is done")
        code, out, err = ended(daemon, signal.SIGTERM)

    assert (code, out) == (0, "")
    assert len(err.splitlines()) >= 1
    assert "Traceback" not in err
    assert stub.url in err


# --- its end -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_first_signal_between_passes_ends_it_at_once_and_leaves_agents_alive(
    a_scene: MakeScene, number: signal.Signals
) -> None:
    scene = a_scene(an_agent("dev-1", script=LONG, slots=2), LOOP_INTERVAL_SEC=3600)
    scene.seed(2)
    daemon = a_daemon(scene)
    scene.wait_for_running("1", "2")
    began = time.monotonic()
    told = ended(daemon, number)

    assert told == (0, "", "")
    assert time.monotonic() - began < 3
    for task_id in ("1", "2"):
        lease = scene.disk.lease(task_id)
        assert is_alive(int(str(lease["pid"])))
        assert is_alive(int(str(lease["agent_pid"])))


def test_first_signal_in_a_pass_lets_it_finish(a_scene: MakeScene) -> None:
    """What it had begun is done, its record is written, and then it leaves with 0."""
    with StubServer() as stub:
        scene = a_scene(an_agent("dev-1", script=LONG), MCP_ENDPOINT=stub.url, LOOP_INTERVAL_SEC=1)
        daemon = a_daemon(scene)
        stub.store.add()
        weather = Weather(stub, update_task=hang)
        wait_until(lambda: "update_task" in stub.tools, "it claims")
        daemon.send_signal(signal.SIGTERM)
        wait_until(lambda: has_noticed(daemon.pid), "the signal has arrived")
        is_going_on = daemon.poll() is None
        weather.is_bad = False
        stub.released.set()
        told = ended(daemon)

    assert is_going_on
    assert told[0] == 0
    assert scene.disk.journal()[-1]["event"] == "pass_ended"


def has_noticed(pid: int) -> bool:
    """No signal waits to be delivered."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pending = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd", "ShdPnd"))]
    return pending == [0, 0]


def has_ended_by(daemon: subprocess.Popen[str], number: signal.Signals) -> bool:
    """Asked once more."""
    daemon.send_signal(number)
    return daemon.poll() is not None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_second_signal_in_a_slow_pass_ends_it_at_once(a_scene: MakeScene, number: signal.Signals) -> None:
    """With 130, without a word; and whatever it had begun goes on with the next pass."""
    with StubServer() as stub:
        scene = a_scene(gated("dev-1"), MCP_ENDPOINT=stub.url, LOOP_INTERVAL_SEC=1)
        daemon = a_daemon(scene)
        weather = Weather(stub, **dict.fromkeys(stub.store.tools, hang))
        stub.store.add()
        stub.requests.clear()
        wait_until(lambda: stub.requests, "it waits for the server")
        began = time.monotonic()
        daemon.send_signal(number)
        wait_until(lambda: has_noticed(daemon.pid), "the first has arrived")
        is_going_on = daemon.poll() is None
        # Python sees two of one kind as one, when the second comes before it has looked at the first.
        wait_until(lambda: has_ended_by(daemon, number), "a second one ends it")
        told = ended(daemon)
        took_s = time.monotonic() - began
        weather.is_bad = False
        scene.once()
        scene.wait_for_running("1")

    assert is_going_on
    assert told == (130, "", "")
    assert took_s < 5
    assert os.path.exists(scene.state / "passes" / "last.json")


def test_a_daemon_that_is_killed_leaves_agents_that_go_on(a_scene: MakeScene) -> None:
    """Their ends are passes, so the work goes on even without anybody who starts one."""
    scene = a_scene(gated("dev-1"), LOOP_INTERVAL_SEC=3600)
    tasks = scene.seed(2)
    daemon = a_daemon(scene)
    scene.wait_for_running(tasks[0])
    daemon.kill()
    daemon.communicate()
    scene.open_gate()
    scene.wait_for_rest()

    assert scene.disk.begun() == tasks
    assert set(scene.statuses().values()) == {"complete"}
