"""``run --dry-run``: exactly the plan of the next pass, and not one trace (features A3)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.acceptance.disk import Json, Tree
from tests.acceptance.program import NOBODY
from tests.acceptance.scene import Scene, gated
from tests.integration.commands import an_agent
from tests.integration.stub_server import StubServer
from tests.integration.wrapping import is_alive
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
READING_TOOLS = {"list_tasks", "get_queue_tasks", "get_task", "get_subtasks", "list_queues", "get_my_queue"}
HANDSHAKE = {"initialize", "notifications/initialized", "DELETE"}


def preview(scene: Scene, *flags: str) -> Json:
    """What a dry run says, whatever its exit code."""
    answer = scene.call("run", "--dry-run", "--json", *flags)
    told = answer.json()
    assert (told["exit"], answer.err, told["kind"]) == (answer.code, "", "dry_run")
    return told


def actions(told: Json, *sections: str) -> list[tuple[object, ...]]:
    """What is to be done, or was, without what only a real start knows."""
    rows: list[Json] = []
    for section in sections:
        found = told[section]
        assert isinstance(found, list)
        rows += found
    return [(row["kind"], row["task_id"], row["agent"], row["queue"]) for row in rows]


def untouched(scene: Scene, *flags: str) -> Json:
    """A dry run that leaves everything as it is, times included, and nothing in memory folders."""
    before, shared = scene.disk.tree(), litter()
    told = preview(scene, *flags)
    assert_same(before, scene.disk.tree())
    assert litter() <= shared
    return told


def assert_same(before: Tree, after: Tree) -> None:
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    assert changed == []


def litter() -> set[str]:
    """Private copies of databases that nobody has taken away."""
    return {name for place in ("/dev/shm", "/tmp") for name in os.listdir(place) if "tinyscheduler-" in name}


# --- the worlds: each is one in which nothing is to be tended ------------------------------------


def empty(make: MakeScene) -> Scene:
    return make(an_agent("dev-1"))


def order_matters(make: MakeScene) -> Scene:
    """Priorities, a blocker, an assigned task, two queues, caps that leave some waiting."""
    scene = make(
        an_agent("dev-1", slots=2, script="exec sleep 60"),
        an_agent("dev-2", slots=1, script="exec sleep 60"),
        an_agent("qa-1", queue="qa", slots=2, script="exec sleep 60"),
        MAX_PARALLEL=4,
        QUEUE_LIMITS="qa:1",
    )
    blocker = scene.seed(1, priority=-5)[0]
    scene.seed(3, blocked_by_task_id=int(blocker), priority=9)
    scene.seed(2, priority=1, assigned_to="dev-2")
    scene.seed(3, priority=2)
    scene.seed(3, queue_name="qa")
    scene.seed(1, queue_name="nobody's")
    scene.seed(1, assigned_to="a-person")
    return scene


def busy(make: MakeScene) -> Scene:
    """One running, one held by a delay after a failure, one parked."""
    scene = make(
        an_agent("dev-1", script="exec sleep 60", slots=2),
        an_agent("bad-1", queue="bad", script="exit 1"),
        an_agent("worse-1", queue="worse", script="exit 1"),
        RETRY_BASE_SEC=3600,
        HEARTBEAT_SEC=3600,
        MAX_ATTEMPTS=1,
    )
    scene.seed(1)
    (failing,) = scene.seed(1, queue_name="bad")
    scene.once()
    wait_until(lambda: scene.disk.outcomes(failing) == ["failed"], "it has failed")
    wait_until(
        lambda: not scene.disk.is_locked() and scene.disk.leases() == ["1"], "only the long one is left"
    )
    scene.wait_for_running("1")
    scene.seed(2)
    return scene


def legacy(make: MakeScene) -> Scene:
    """No agent-control: agents from the limits, tasks by assignee."""
    scene = make(AGENT_LIMITS="bob:1,eve:2", AGENT_COMMAND='["/bin/sh","-c","exec sleep 60"]')
    scene.seed(2, assigned_to="bob", queue_name=None)
    scene.seed(1, assigned_to="eve")
    scene.seed(1)
    return scene


def switched_off(make: MakeScene) -> Scene:
    scene = make(an_agent("dev-1"), ENABLED="false")
    scene.seed(2)
    return scene


def served(make: MakeScene) -> Scene:
    """The same over MCP."""
    scene = order_matters(make)
    scene.serve()
    return scene


WORLDS = (empty, order_matters, busy, legacy, switched_off, served)


@pytest.mark.parametrize("world", WORLDS)
def test_dry_run_names_what_the_next_pass_does(
    a_scene: MakeScene, world: Callable[[MakeScene], Scene]
) -> None:
    """And does nothing of it."""
    scene = world(a_scene)

    previewed = untouched(scene)
    again = untouched(scene)
    done = scene.once_json()

    assert actions(previewed, "tend", "start") == actions(done, "tend", "start") == actions(done, "results")
    assert actions(again, "tend", "start") == actions(previewed, "tend", "start")
    assert scene.held(previewed) == scene.held(done)
    assert previewed["exit"] == done["exit"] == 0


def test_dry_run_shows_both_plans_when_there_is_something_to_tend(a_scene: MakeScene) -> None:
    """A finished run that the server was not told of, and a killed wrapper: the pass does what the dry
    run says, and plans starts again after it."""
    scene = a_scene(gated("dev-1", slots=2))
    tasks = scene.seed(3)
    scene.once()
    scene.wait_for_running(*tasks[:2])
    scene.end_unsettled(tasks[0])
    wrapper = int(str(scene.disk.lease(tasks[1])["pid"]))
    os.kill(wrapper, signal.SIGKILL)
    wait_until(lambda: not is_alive(wrapper), "the other wrapper is dead")

    previewed = untouched(scene)
    done = scene.once_json()

    assert actions(previewed, "tend") == [("reclaim", 2, "dev-1", "dev"), ("settle", 1, "dev-1", "dev")]
    assert actions(previewed, "tend") == actions(done, "tend")
    assert actions(previewed, "start") == actions(done, "start") == [("start", 3, "dev-1", "dev")]
    assert "it may start other tasks than these" in str(previewed["notes"])


# --- not one trace -------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [("--json",), ()])
def test_dry_run_of_a_new_clone_makes_no_folder(a_scene: MakeScene, flags: tuple[str, ...]) -> None:
    scene = a_scene(an_agent("dev-1"))
    shutil.rmtree(scene.state)
    before = scene.disk.tree()

    answer = scene.call("run", "--dry-run", *flags)

    assert (answer.code, answer.err) == (0, "")
    assert_same(before, scene.disk.tree())
    assert not scene.state.exists()


def test_dry_run_by_a_setting_writes_no_more_than_one_by_a_flag(a_scene: MakeScene) -> None:
    """``DRY_RUN=true`` in ``.env``: neither a folder nor a cache."""
    scene = a_scene(an_agent("dev-1"), DRY_RUN="true")
    before = scene.disk.tree()

    answer = scene.call("run", "--once")

    assert (answer.code, answer.err) == (0, "")
    assert_same(before, scene.disk.tree())


def test_dry_run_reads_what_is_only_in_the_log_of_the_store(a_scene: MakeScene) -> None:
    """Another process has the store open, and its last words are in ``tasks.db-wal`` alone."""
    scene = a_scene(an_agent("dev-1", slots=9))
    scene.once()
    with closing(sqlite3.connect(scene.state / "tasks.db", isolation_level=None)) as other:
        other.execute("SELECT count(*) FROM tasks").fetchone()
        scene.seed(3)
        assert (scene.state / "tasks.db-wal").stat().st_size > 0
        told = untouched(scene)

    assert [row[1] for row in actions(told, "start")] == [1, 2, 3]


def test_dry_run_against_our_own_server_changes_nothing_of_it(a_scene: MakeScene) -> None:
    """The folder of the store belongs to the running server, which has it open."""
    scene = a_scene(an_agent("dev-1"))
    scene.serve()
    scene.add("a task", queue="dev")
    before = scene.disk.tree()

    told = preview(scene)

    after = scene.disk.tree()
    # The server itself notes there how far it has read.
    assert before.pop("state/tasks.db-shm")
    assert after.pop("state/tasks.db-shm")
    assert_same(before, after)

    assert actions(told, "start") == [("start", 1, "dev-1", "dev")]


def test_dry_run_only_makes_reading_calls(a_scene: MakeScene) -> None:
    """Through tending, starting and the look at parents: the server hears nothing but questions."""
    with StubServer() as stub:
        scene = a_scene(gated("dev-1", slots=3), MCP_ENDPOINT=stub.url)
        running = stub.store.add()
        scene.once()
        scene.wait_for_running("1")
        scene.end_unsettled("1")
        stub.store.add(assigned_to="dev-1")
        parent = stub.store.add()
        stub.store.add(parent_task_id=parent["id"])
        before = (json.dumps(stub.store.tasks), list(stub.store.comments))
        stub.requests.clear()
        told = untouched(scene)
        asked = set(stub.tools)
        after = (json.dumps(stub.store.tasks), list(stub.store.comments))

    assert running["status"] == "working"
    assert actions(told, "tend") == [("settle", 1, "dev-1", "dev")]
    assert len(actions(told, "start")) == 2
    assert asked - HANDSHAKE <= READING_TOOLS
    assert after == before


def test_dry_run_needs_no_right_to_write(a_scene_of_nobody: MakeScene) -> None:
    """Somebody who may only read sees the same plan."""
    scene = a_scene_of_nobody(an_agent("dev-1"))
    scene.once()
    scene.seed(1)
    for path in (scene.state, *scene.state.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    before = scene.disk.tree()

    answer = scene.call("run", "--dry-run", "--json", prefix=NOBODY)

    assert (answer.code, answer.err) == (0, "")
    assert actions(answer.json(), "start") == [("start", 1, "dev-1", "dev")]
    assert_same(before, scene.disk.tree())


def test_dry_run_does_not_mind_a_pass_at_work(a_scene: MakeScene) -> None:
    """It takes no lock, so it neither waits nor leaves."""
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    scene.seed(1)
    with scene.pass_lock():
        told = untouched(scene)

    assert actions(told, "start") == [("start", 1, "dev-1", "dev")]
