"""What tasks say they need, from outside: tags and front matter, passes and agents (features D10 to D13)."""

from __future__ import annotations

import json

from tests.acceptance.asking import MakeScene
from tests.acceptance.disk import Json
from tests.acceptance.scene import Scene, gated
from tests.integration.commands import rows
from tests.waiting import wait_until


def explained(scene: Scene, task_id: str) -> Json:
    """What ``explain`` says holds it."""
    held = json.loads(scene.well("explain", task_id, "--json"))["held"]
    assert isinstance(held, dict), held
    return held


def running(scene: Scene) -> set[str]:
    return set(scene.disk.working())


# --- dependencies --------------------------------------------------------------------------------


def test_three_tasks_that_wait_for_each_other_are_named_with_their_way_round(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=9))
    ring = [scene.add("in a ring", queue="dev") for _ in range(3)]
    for task, after in zip(ring, ("2", "3", "1"), strict=True):
        scene.well("task", "update", task, "--tag", f"after:{after}")
    scene.add("behind it", queue="dev", tag="after:2")

    told = scene.once_json()

    assert scene.held(told) == {"1": "cycle", "2": "cycle", "3": "cycle", "4": "blocked"}
    assert {row["value"] for row in rows(told["held"]) if row["reason"] == "cycle"} == {"1 -> 2 -> 3 -> 1"}
    assert "ring: 1 -> 2 -> 3 -> 1" in scene.well("graph")
    assert running(scene) == set()


def test_a_task_starts_when_what_it_waits_for_is_complete_wherever_that_is(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=9))
    scene.call("task", "add", "somebody's", "--queue", "elsewhere", "--assign", "sue")
    scene.add("ours", queue="dev", description="after: 1\n\nGo on.")
    before = scene.once_json()
    scene.well("task", "done", "1")
    scene.once()
    scene.wait_for_running("2")

    assert scene.held(before)["2"] == "blocked"
    (waiting,) = [row for row in rows(before["held"]) if row["task_id"] == 2]
    assert "task 1, which is idle" in str(waiting["value"])


def test_a_parked_prerequisite_is_named_with_the_command_that_releases_it(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=9))
    scene.add("first", queue="dev")
    scene.add("second", queue="dev", tag="after:1")
    scene.well("park", "1", "--reason", "waits for the key", "--wait")
    held = explained(scene, "2")
    scene.well("retry", "1", "--wait")

    assert held["reason"] == "dependency_failed"
    assert held["value"] == "waits for task 1, which is parked: waits for the key"
    assert held["lever"] == "tinyscheduler retry 1"
    assert explained(scene, "2")["reason"] == "blocked"


# --- paths, goals, agents ------------------------------------------------------------------------


def test_two_tasks_that_write_the_same_path_never_run_together(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=9))
    scene.add("first", queue="dev", tag="write:src/a")
    scene.add("second", queue="dev", description="---\nwrite: [docs, src/a/b.py]\n---\nGo on.")
    scene.add("third", queue="dev", tag="read:src/*")
    scene.add("free", queue="dev", tag="write:src/b")
    told = scene.once_json()
    scene.wait_for_running("1", "4")
    # What it holds is in its lease: a text that is changed meanwhile gives nothing free.
    scene.well("task", "update", "1", "--description", "nothing of a path any more", "--tag", "")
    changed = scene.once_json()
    held = explained(scene, "2")
    scene.open_gate("1")
    wait_until(lambda: "2" in running(scene), "the second one runs")

    assert scene.held(told) == {"2": "path_held", "3": "path_held"}
    assert scene.held(changed)["2"] == "path_held"
    assert held["value"] == "it is to write src/a/b.py, and task 1 on dev-1 writes src/a"
    assert scene.disk.lease("2")["paths"] == {"read": [], "write": ["docs", "src/a/b.py"]}
    assert "3" not in running(scene)


def test_of_one_goal_one_task_runs_and_agents_have_what_is_asked_for(a_scene: MakeScene) -> None:
    scene = a_scene(
        gated("dev-1", slots=9, capabilities=["x86"], scope=["web"]),
        gated("dev-2", slots=9, capabilities=["x86", "gpu"], scope=["web/shop"]),
    )
    scene.add("one of a goal", queue="dev", tag="goal:ship")
    scene.add("another of it", queue="dev", tag="goal:ship")
    scene.add("needs a card", queue="dev", tag="cap:gpu")
    scene.add("needs what nobody has", queue="dev", tag="cap:fpga")
    scene.add("of the blog", queue="dev", tag="scope:web/blog")
    scene.add("of another house", queue="dev", tag="scope:api")
    told = scene.once_json()
    scene.wait_for_running("1", "3", "5")

    assert scene.held(told) == {"2": "goal_held", "4": "no_capability", "6": "out_of_scope"}
    assert scene.disk.lease("3")["agent_name"] == "dev-2"
    assert scene.disk.lease("5")["agent_name"] == "dev-1"
    assert "fpga" in str(explained(scene, "4")["value"])


# --- parts of the machine ------------------------------------------------------------------------


def test_runs_never_take_more_together_than_there_is(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=9, resources={"cpu": 1, "memory_mb": 100}))
    scene.tables("[resources]\ncpu = 3\nmemory_mb = 1000\n")
    scene.add("takes two", queue="dev", description="resources: {cpu: 2}", priority=9)
    scene.add("takes two as well", queue="dev", description="resources: {cpu: 2}", priority=5)
    scene.add("takes what the agent takes", queue="dev")
    scene.add("has no room", queue="dev")
    scene.add("never fits", queue="dev", description="resources: {gpu: 1}")
    told = scene.once_json()
    scene.wait_for_running("1", "3")

    assert scene.held(told) == {"2": "resources", "4": "resources", "5": "resources"}
    assert running(scene) == {"1", "3"}
    assert scene.disk.lease("1")["resources"] == {"cpu": 2.0, "memory_mb": 100, "gpu": 0}
    assert "there is cpu 3, memory 1000 MB in all" in str(explained(scene, "5")["value"])
    assert "gpu = 1" in str(explained(scene, "5")["lever"])


# --- what means nothing --------------------------------------------------------------------------


def test_what_means_nothing_holds_the_task_with_line_value_and_remedy(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=9))
    slip = "---\ngoal: ship\nwrite: ../../etc\n---\nGo on."
    added = scene.call("task", "add", "slipped", "--queue", "dev", "--description", slip)
    told = scene.once_json()
    held = explained(scene, "1")
    scene.well("task", "update", "1", "--description", "---\ngoal: ship\nwrite: etc\n---\nGo on.")
    scene.once()
    scene.wait_for_running("1")

    assert (added.code, added.out) == (0, "1\n")
    assert "task 1 is held until this is mended: write in line 3 of its description" in added.err
    assert scene.held(told) == {"1": "bad_task"}
    assert held["value"] == "write in line 3 of its description: ../../etc"
    assert ".." in str(held["lever"])


# --- approval ------------------------------------------------------------------------------------


def test_a_task_waits_for_its_approval_and_again_when_it_is_changed(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=9))
    scene.add("remove the old files", queue="dev", tag="needs-approval")
    scene.once()
    first = explained(scene, "1")
    asked = scene.well("approve", "1", "--reason", "read it")
    scene.well("task", "update", "1", "--description", "and the new ones")
    refused = scene.once_json()
    scene.well("approve", "1", "--reason", "read it again", "--wait")
    scene.wait_for_running("1")

    assert (first["reason"], first["lever"]) == ("needs_approval", "tinyscheduler approve 1")
    assert asked.startswith("task 1: approve is asked for: it may start as soon as nothing else holds it")
    assert scene.held(refused) == {"1": "needs_approval"}
    assert "was changed since" in str(refused["notes"])
    (_refused, approval) = rows(scene.disk.ledger("1")["approvals"])
    assert approval["reason"] == "read it again"
    assert [fact["reason"] for fact in scene.disk.events("task_approved")] == ["read it again"]


# --- the picture ---------------------------------------------------------------------------------


def test_the_graph_is_drawn_in_each_form(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=9))
    scene.add("first", queue="dev")
    scene.add("second", queue="dev", tag="after:1")
    scene.add("alone", queue="dev")
    told = json.loads(scene.well("graph", "--json"))
    unknown = scene.call("graph", "99")

    assert scene.well("graph") == "2 second [blocked]\n  after 1 first [starts]\n"
    assert "3 alone [starts]" in scene.well("graph", "--all")
    assert scene.well("graph", "1").endswith(
        "who waits for 1:\n1 first [starts]\n  then 2 second [blocked]\n"
    )
    assert '"2" -> "1";' in scene.well("graph", "--format", "dot")
    assert "t1 --> t0" in scene.well("graph", "--format", "mermaid")
    assert told["edges"] == [{"task_id": 2, "waits_for": 1, "fulfilled": False}]
    assert unknown.code == 4
    assert "explain 99" in unknown.err
