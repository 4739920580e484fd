"""Tasks that change on the server while agents work on them, and runs that lose their lease (A10, B7)."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable

import pytest

from tests.acceptance.scene import Scene, gated
from tests.integration.wrapping import is_alive
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]


def a_working_scene(a_scene: MakeScene, **settings: object) -> tuple[Scene, str]:
    """One agent at work on a task that was given to it, another one free."""
    scene = a_scene(gated("dev-1"), gated("dev-2"), **settings)
    task_id = scene.add("a task", queue="dev", assign="dev-1")
    scene.once()
    scene.wait_for_running(task_id)
    return scene, task_id


def agents_of(scene: Scene, task_id: str) -> list[str]:
    """Who began it, oldest first."""
    lines = scene.disk.work.read_text().splitlines() if scene.disk.work.exists() else []
    return [words[2] for words in map(str.split, lines) if words[0] == task_id]


def remove_lease(scene: Scene, task_id: str) -> None:
    (scene.state / "running" / f"task_{task_id}.json").unlink()


# --- a person changes a task that runs ---------------------------------------------------------------


def test_a_reassigned_task_ends_its_run_after_two_minutes_and_its_new_agent_goes_on(
    a_scene: MakeScene,
) -> None:
    scene, task_id = a_working_scene(a_scene)
    agent = int(str(scene.disk.lease(task_id)["agent_pid"]))
    scene.well("task", "update", task_id, "--status", "idle", "--assign", "dev-2")
    scene.once()
    told = scene.well("status")
    assert "reassigned to dev-2, set idle on the server since" in told
    assert is_alive(agent)

    scene.past.sightings_are_old()
    scene.once()

    wait_until(lambda: agents_of(scene, task_id) == ["dev-1", "dev-2"], "its new agent works on it")
    assert not is_alive(agent)
    assert scene.disk.outcomes(task_id) == ["handed_off"]
    assert scene.task(task_id)["assigned_to"] == "dev-2"


def test_a_hand_over_in_three_slow_steps_is_not_disturbed(a_scene: MakeScene) -> None:
    scene, task_id = a_working_scene(a_scene)
    for change in (("--status", "idle"), ("--queue", "qa"), ("--assign", "tester")):
        # It may say that nobody here is called tester.
        assert scene.call("task", "update", task_id, *change).code == 0
        scene.once()
    assert scene.disk.working() == [task_id]

    scene.open_gate()
    scene.wait_for_rest()

    task = scene.task(task_id)
    assert (task["status"], task["queue"], task["assigned_to"]) == ("idle", "qa", "tester")
    assert scene.disk.outcomes(task_id) == ["handed_off"]
    assert agents_of(scene, task_id) == ["dev-1"]


def test_an_archived_task_ends_its_run_in_the_next_pass(a_scene: MakeScene) -> None:
    """And the dry run before it says so."""
    scene, task_id = a_working_scene(a_scene)
    with sqlite3.connect(scene.state / "tasks.db") as store:
        store.execute("UPDATE tasks SET archived_at = '2026-01-31T12:00:00Z'")
    store.close()
    foreseen = scene.call("run", "--dry-run").out
    assert "unwanted" in foreseen

    scene.once()

    scene.wait_for_rest()
    assert scene.disk.outcomes(task_id) == ["handed_off"]


def test_a_server_over_other_data_stops_nothing_and_starts_nothing(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=2), gated("dev-2"))
    server = scene.serve()
    mine = [scene.add("a task", queue="dev", assign="dev-1") for _ in range(2)]
    scene.once()
    scene.wait_for_running(*mine)
    port = int(scene.setting("MCP_ENDPOINT").rpartition(":")[2].removesuffix("/mcp"))
    server.terminate()
    server.communicate(timeout=15)
    files = [path for path in scene.state.glob("tasks.db*") if path.name != "tasks.db.lock"]
    for path in files:
        path.rename(path.with_name(f"kept-{path.name}"))
    other = scene.serve(port=port)
    scene.add("somebody else's", queue="dev")

    answers = [scene.call("run", "--once") for _ in range(3)]

    assert [answer.code for answer in answers] == [3, 3, 3]
    assert "knows none of the 2 tasks in flight" in answers[0].err
    assert scene.disk.working() == mine
    assert scene.disk.begun().count("1") == 1
    other.terminate()
    other.communicate(timeout=15)
    for path in files:
        path.with_name(f"kept-{path.name}").replace(path)
    scene.serve(port=port)
    scene.once()
    scene.open_gate()
    scene.wait_for_rest()
    assert set(scene.statuses().values()) == {"complete"}


# --- runs without a lease ----------------------------------------------------------------------------


@pytest.mark.parametrize("lives", [False, True], ids=["dead-run", "live-run"])
def test_a_lease_that_is_deleted_by_hand_costs_one_attempt_and_not_the_task(
    a_scene: MakeScene, lives: bool
) -> None:
    scene, task_id = a_working_scene(a_scene)
    lease = scene.disk.lease(task_id)
    agent, wrapper = int(str(lease["agent_pid"])), int(str(lease["pid"]))
    if not lives:
        for pid in (wrapper, agent):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_alive(wrapper) and not is_alive(agent), "the run is dead")
    remove_lease(scene, task_id)
    wait_until(lambda: not is_alive(agent), "a wrapper without a lease ends its agent")
    wait_until(lambda: not scene.disk.tagged(), "and leaves")

    scene.call("run", "--once")
    assert scene.statuses() == {task_id: "working"}
    scene.past.sightings_are_old()
    scene.once()

    task = scene.task(task_id)
    assert (task["status"], task["assigned_to"]) == ("idle", "dev-1")
    assert scene.disk.outcomes(task_id) == ["lost"]
    assert len(scene.disk.events("lost_task_found")) == 1
    assert agents_of(scene, task_id) == ["dev-1"]


def test_a_persons_own_working_task_stays_theirs(a_scene: MakeScene) -> None:
    """Under the name of an agent, as people do who take over from one."""
    scene = a_scene(gated("dev-1"))
    task_id = scene.add("mine", queue="dev", assign="dev-1")
    scene.well("task", "update", task_id, "--status", "working")
    before = scene.task(task_id)

    for _ in range(3):
        scene.once()

    assert scene.task(task_id) == before
    assert scene.disk.begun() == []
    assert scene.held(scene.once_json()) == {task_id: "working_elsewhere"}
    assert f"tinyscheduler requeue {task_id} --reason" in scene.call("explain", task_id).out
