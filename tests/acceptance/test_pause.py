"""Pauses from the command line (features E1)."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.asking import MakeScene, a_running_scene
from tests.acceptance.scene import Scene, gated
from tests.integration.commands import rows


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
    assert resumed == "the pause of queue dev is over\n"
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
    assert ended == "the pause of everything is over\n"
    assert "paused" not in held(scene).values()


def test_whoever_resumes_under_an_estop_is_told_that_it_holds(scene: Scene) -> None:
    scene.well("pause")
    (scene.state / "ESTOP").touch()

    told = scene.well("resume").splitlines()

    assert told[0] == "the pause of everything is over"
    assert told[1].endswith("tinyscheduler estop --clear")


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
    assert nothing == "there was no pause of queue dev\n"


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


def test_what_cannot_be_ended_is_said_and_keeps_no_other_pause(scene: Scene) -> None:
    scene.seed(1)
    scene.well("pause", "--task", "1", "--queue", "qa")
    (scene.state / "pauses" / "agent_dev-1.json").mkdir()

    answer = scene.call("resume", "--all")

    assert answer.code == 1
    assert "agent_dev-1.json" in answer.err
    assert answer.out.splitlines()[:2] == ["the pause of queue qa is over", "the pause of task 1 is over"]
    assert [pause["name"] for pause in rows(json.loads(scene.call("status", "--json").out)["pauses"])] == [
        "dev-1"
    ]


def test_pause_that_is_over_is_none_and_only_its_own_resume_takes_its_file(scene: Scene) -> None:
    """Somebody may be pausing the same anew while another resumes something else."""
    scene.well("pause", "--queue", "qa")
    path = scene.state / "pauses" / "queue_qa.json"
    over = json.loads(path.read_text())
    path.write_text(json.dumps({**over, "at": "2026-01-01T00:00:00Z", "until": "2026-01-01T01:00:00Z"}))

    other = scene.well("resume", "--queue", "dev")
    still = path.exists()
    own = scene.well("resume", "--queue", "qa")

    assert other == "there was no pause of queue dev\n"
    assert still
    assert own == "there was no pause of queue qa\n"
    assert not path.exists()


def test_pauses_work_while_agent_control_is_half_written(scene: Scene) -> None:
    """A daemon works on with the last good settings, so somebody must be able to keep it from starting."""
    scene.seed(1)
    scene.once()
    (scene.base / "agent-control.json").write_text("[{")

    paused = scene.call("pause", "--queue", "dev")
    mistyped = scene.call("pause", "--queue", "dve")
    resumed = scene.call("resume", "--all")

    assert (paused.code, mistyped.code, resumed.code) == (0, 4, 0)
    assert "the settings do not hold, so the last good ones count" in paused.err
    assert resumed.out == "the pause of queue dev is over\n"


def test_pause_of_tasks_that_nobody_knows_is_refused_whole(scene: Scene) -> None:
    """It would hold nothing, and whoever asked would believe that it does."""
    scene.seed(1)

    one = scene.call("pause", "--task", "1", "--task", "99", "--queue", "qa")
    two = scene.call("pause", "--task", "98", "--task", "99")

    assert (one.code, two.code) == (4, 4)
    assert "there is no task 99, so nothing is paused (tinyscheduler task list --all" in one.err
    assert "there is no tasks 98, 99" not in two.err
    assert "there are no tasks 98, 99, so nothing is paused" in two.err
    assert not (scene.state / "pauses").exists()


def test_pause_of_a_task_that_nobody_can_be_asked_about_holds_and_says_so(scene: Scene) -> None:
    """A dead server is a reason to pause, and none not to."""
    scene.configure(MCP_ENDPOINT="http://127.0.0.1:9/mcp")

    answer = scene.call("pause", "--task", "99")

    assert (answer.code, answer.out) == (0, "task 99 is paused, until resume; what runs goes on\n")
    assert "whether there is a task 99 cannot be told, so it is paused unseen: " in answer.err
    assert answer.err.count("\n") == 1


def test_pause_of_a_task_that_has_run_here_asks_no_server(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    scene.configure(MCP_ENDPOINT="http://127.0.0.1:9/mcp")

    assert scene.well("pause", "--task", "1").startswith("task 1 is paused")


def test_queue_is_paused_also_where_no_file_names_one(a_scene: MakeScene) -> None:
    """Legacy mode: agents come from the limits, and their tasks lie in whatever queue."""
    scene = a_scene(AGENT_LIMITS="bob:1", AGENT_COMMAND='["/bin/true"]')
    scene.seed(1, assigned_to="bob")
    scene.seed(1, assigned_to="bob", queue_name="qa")

    scene.well("pause", "--queue", "dev")

    assert held(scene) == {"1": "paused"}
