"""What fails again and again is left alone, as people see it (features C5 to C8): real passes, real
agents, a real socket."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from tests.acceptance.scene import Scene
from tests.acceptance.weather import Weather
from tests.integration.commands import an_agent, rows
from tests.integration.stub_behaviours import fail
from tests.integration.stub_server import StubServer

MakeScene = Callable[..., Scene]

SAYS_LIMITED = (
    "echo $TINYSCHEDULER_TASK_ID >>$TINYSCHEDULER_BASE_PATH/work.log; "
    "[ -e $TINYSCHEDULER_BASE_PATH/paid ] && exit 0; "
    'echo \'{{"status": "failed", "rate_limited": {{"retry_after_sec": 3600}}}}\' >$TINYSCHEDULER_RESULT_FILE'
)


def settle(scene: Scene) -> None:
    """Until what was started has ended and is settled, by whoever comes to it."""
    scene.wait_for_rest()


def status(scene: Scene) -> dict[str, object]:
    told = json.loads(scene.call("status", "--json").out)
    assert isinstance(told, dict)
    return told


def test_a_server_that_has_failed_five_times_is_not_called_at_all(a_scene: MakeScene) -> None:
    """The stub counts its calls."""
    with StubServer() as stub:
        scene = a_scene(an_agent("dev-1"), MCP_ENDPOINT=stub.url, ENABLED="false")
        weather = Weather(stub, **dict.fromkeys(stub.store.tools, fail(500, b"broken", "text/plain")))
        answers = [scene.call("run", "--once") for _ in range(5)]
        called = len(stub.requests)
        silent = [scene.call(*words) for words in (("run", "--once"), ("run", "--dry-run"), ("status",))]
        called_while_open = len(stub.requests) - called
        weather.is_bad = False
        scene.past.waits_are_over()
        again = scene.call("run", "--once")

    assert [answer.code for answer in answers] == [3] * 5
    assert called_while_open == 0
    assert [answer.code for answer in silent] == [3] * 3
    assert "is not asked until" in silent[0].err
    assert (again.code, again.err) == (0, "")


def test_one_agent_of_an_account_is_limited_and_neither_starts(a_scene: MakeScene) -> None:
    scene = a_scene(
        an_agent("dev-1", script=SAYS_LIMITED) | {"account": "acme"},
        an_agent("dev-2", queue="qa", script=SAYS_LIMITED) | {"account": "acme"},
    )
    first = scene.add("one", queue="dev")
    scene.once()
    settle(scene)
    second = scene.add("two", queue="qa")
    told = scene.once_json()
    shown = status(scene)

    assert scene.held(told) == {first: "not_before", second: "account_limited"}
    assert [(row["kind"], row["name"], row["state"]) for row in rows(shown["closed"])] == [
        ("account", "account acme", "closed")
    ]
    assert "account acme" in scene.call("explain", second).out
    assert (scene.base / "work.log").read_text().split() == [first]


def test_after_the_reset_one_tries_and_the_rest_follow_when_it_went_well(a_scene: MakeScene) -> None:
    agent = an_agent("dev-1", slots=3, script=SAYS_LIMITED) | {"account": "acme"}
    scene = a_scene(agent)
    scene.add("one", queue="dev")
    scene.once()
    settle(scene)
    for title in ("two", "three"):
        scene.add(title, queue="dev")
    scene.past.waits_are_over()
    (scene.base / "paid").touch()
    told = scene.once_json()
    settle(scene)
    scene.once()
    settle(scene)

    started = [row for row in rows(told["results"]) if row["kind"] == "start" and row["result"] == "done"]
    assert len(started) == 1
    assert set(scene.statuses().values()) == {"complete"}
    assert (
        not (scene.state / "accounts.json").exists()
        or 'limits": {}' in (scene.state / "accounts.json").read_text()
    )


def test_an_agent_whose_program_is_missing_is_quarantined_after_three_starts(a_scene: MakeScene) -> None:
    scene = a_scene({**an_agent("dev-1"), "command": ["/nowhere/agent"]})
    task_id = scene.add("a task", queue="dev")
    for _ in range(3):
        scene.call("run", "--once")
        settle(scene)
        breakers = json.loads((scene.state / "breakers.json").read_text())
        if breakers["agents"]["dev-1"]["until"] is None:
            scene.past.waits_are_over()
    told = scene.once_json()
    shown = scene.call("status")

    assert scene.held(told)[task_id] in ("not_before", "agent_quarantined")
    assert shown.code == 1
    assert "agent dev-1 could not be started again and again" in shown.out
    assert "agent_quarantined" in scene.call("explain", task_id).out


def test_a_quarantine_ends_when_the_agents_entry_is_mended(a_scene: MakeScene) -> None:
    """Nobody waits a quarter of an hour for what he has just mended."""
    scene = a_scene({**an_agent("dev-1"), "command": ["/nowhere/agent"]})
    scene.add("a task", queue="dev")
    for _ in range(3):
        scene.call("run", "--once")
        settle(scene)
        if json.loads((scene.state / "breakers.json").read_text())["agents"]["dev-1"]["until"] is None:
            scene.past.waits_are_over()
    fresh = scene.add("another one", queue="dev")
    quarantined = scene.held(scene.once_json())[fresh]

    scene.control(an_agent("dev-1", script="exec sleep 60"))
    told = scene.once_json()

    assert quarantined == "agent_quarantined"
    assert scene.disk.leases() == [fresh], told
    assert "could not be started" not in scene.call("status").out


def reopened(scene: Scene, times: int) -> str:
    """A task that is done, and begun anew by somebody, so many times."""
    task_id = scene.add("a task", queue="dev")
    for _ in range(times):
        scene.once()
        settle(scene)
        scene.past.waits_are_over()
        scene.well("task", "update", task_id, "--status", "idle")
    return task_id


def test_a_loop_that_succeeds_without_doing_anything_stops_after_three(a_scene: MakeScene) -> None:
    """Somebody, or another agent, reopens the task each time."""
    scene = a_scene(an_agent("dev-1", script="exit 0"))
    task_id = reopened(scene, 3)

    told = scene.once_json()

    assert scene.held(told) == {task_id: "parked"}
    assert "3 successes without progress" in scene.comments(task_id)[-1]
    assert scene.task(task_id)["tags"] == ["parked"]


def test_a_loop_that_writes_something_each_time_goes_on(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1", script="date +%N >>progress"))
    reopened(scene, 4)

    assert len(rows(scene.once_json()["start"])) == 1


def test_tasks_of_a_queue_whose_agents_are_all_disabled_say_so(a_scene: MakeScene) -> None:
    scene = a_scene({**an_agent("dev-1"), "enabled": False})
    scene.once()
    (task_id,) = scene.seed(1)

    told = scene.once_json()

    assert scene.held(told) == {task_id: "disabled"}
    assert "enable dev-1" in scene.call("explain", task_id).out


def test_a_permanent_exit_code_parks_the_task_at_once(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1", script="exit 64"))
    scene.tables("[retry]\npermanent = [64]\n")
    task_id = scene.add("a task", queue="dev")
    scene.once()
    settle(scene)

    assert scene.held(scene.once_json()) == {task_id: "parked"}
    assert scene.task(task_id)["tags"] == ["parked"]


def test_starts_of_an_account_keep_their_pace(a_scene: MakeScene) -> None:
    """Features A8: the fifth and the sixth come half a second apart."""
    paid = an_agent("dev-1", slots=6, script="exit 0") | {"account": "acme"}
    scene = a_scene(paid, MAX_PARALLEL="12")
    scene.once()
    scene.seed(6, queue_name="dev")
    before = time.monotonic()
    told = scene.once_json()
    took_s = time.monotonic() - before

    started = [row for row in rows(told["results"]) if row["kind"] == "start" and row["result"] == "done"]
    assert len(started) == 6
    assert took_s >= 1.0
    assert json.loads((scene.state / "accounts.json").read_text())["buckets"].keys() == {"acme"}
