"""Pauses from the command line (features E1)."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.asking import MakeScene
from tests.acceptance.scene import Scene, gated


@pytest.fixture
def scene(a_scene: MakeScene) -> Scene:
    return a_scene(gated("dev-1"), gated("qa-1", queue="qa"))


def held(scene: Scene) -> dict[str, str]:
    plan = json.loads(scene.well("run", "--dry-run", "--json"))
    return {str(entry["task_id"]): entry["reason"] for entry in plan["held"]}


def test_paused_queue_starts_nothing_until_it_is_resumed(scene: Scene) -> None:
    scene.seed(1)

    told = scene.well("pause", "--queue", "dev", "--reason", "a deployment", "--until", "2h")
    scene.once()
    explained = scene.well("explain", "1")
    shown = scene.well("status")
    before = scene.disk.leases()
    resumed = scene.well("resume", "--queue", "dev")
    scene.once()

    assert told.startswith("queue dev is paused, until ")
    assert "in 120m" in told or "in 2h00m" in told or "in 119m" in told
    assert "paused" in explained
    assert "a deployment" in explained
    assert "tinyscheduler resume --queue dev" in explained
    assert "queue dev  " in shown.partition("paused\n")[2]
    assert before == []
    assert resumed == "queue dev is paused no more\n"
    assert scene.disk.leases() == ["1"]


def test_pauses_of_everything_agents_and_tasks_are_apart(scene: Scene) -> None:
    scene.seed(2)

    scene.well("pause", "--task", "1")
    one = held(scene)
    scene.well("pause", "--agent", "dev-1")
    both = held(scene)
    scene.well("pause")
    scene.well("resume", "--task", "1", "--agent", "dev-1")
    still = held(scene)
    ended = scene.well("resume", "--all")

    assert one["1"] == "paused"
    assert one.get("2") in (None, "agent_full")
    assert both == {"1": "paused", "2": "paused"}
    assert still == {"1": "paused", "2": "paused"}
    assert ended == "everything is paused no more\n"
    assert "paused" not in held(scene).values()


def test_asking_twice_is_asking_once_and_json_says_what_is_so(scene: Scene) -> None:
    first = json.loads(scene.well("pause", "--queue", "dev", "--json"))
    second = json.loads(scene.well("pause", "--queue", "dev", "--reason", "again", "--json"))
    status = json.loads(scene.well("status", "--json"))
    ended = json.loads(scene.well("resume", "--queue", "dev", "--json"))
    nothing = scene.well("resume", "--queue", "dev")

    assert (first["kind"], first["exit"], len(first["pauses"])) == ("pause", 0, 1)
    assert second["pauses"][0]["reason"] == "again"
    assert status["pauses"] == second["pauses"]
    assert ended["pauses"] == second["pauses"]
    assert nothing == "queue dev was not paused\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--queue", "dve"], 4, "did you mean dev?"),
        (["--agent", "nobody"], 4, "there is no agent 'nobody'"),
        (["--until", "yesterday"], 2, "is no time"),
        (["--until", "2020-01-01"], 2, "is over"),
        (["--until", "0m"], 2, "is over"),
        (["--until", "99999d"], 0, ""),
        (["--task", "../x"], 4, "there is no task"),
        (["--reason", ""], 2, "the reason is empty"),
    ],
)
def test_what_cannot_be_paused_is_refused_in_one_line(
    scene: Scene, arguments: list[str], code: int, words: str
) -> None:
    answer = scene.call("pause", *arguments)

    assert (answer.code, words in answer.err) == (code, True)
    assert answer.err.count("\n") == (0 if code == 0 else 1)


def test_pause_file_that_cannot_be_read_pauses_and_is_a_problem(scene: Scene) -> None:
    scene.seed(1)
    scene.well("pause", "--queue", "dev")
    (scene.base / "state" / "pauses" / "queue_dev.json").write_text("{")

    scene.call("run", "--once")
    status = scene.call("status")
    scene.well("resume", "--all")
    scene.once()

    assert status.code == 1
    assert "a pause cannot be read, so it holds" in status.out
    assert "queue dev" in status.out
    assert scene.disk.leases() == ["1"]
