"""Why a task does not run, whatever it is and wherever it stands (features H2, and ``backlog`` of H3)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.acceptance.disk import Json
from tests.acceptance.scene import Scene, gated
from tests.integration.commands import an_agent, rows
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
NOWHERE = "http://127.0.0.1:9/mcp"
"""Port 9 is discard: nobody listens there."""


def why(scene: Scene, task_id: str, code: int = 0, *flags: str) -> Json:
    """``explain --json``, and that the form for people gives the same verdict."""
    answer, shown = scene.call("explain", task_id, "--json", *flags), scene.call("explain", task_id, *flags)
    assert (answer.code, shown.code) == (code, code), (answer, shown)
    told = answer.json()
    held = told["held"]
    if isinstance(held, dict):
        assert f"held as {held['reason']}: {held['value']}" in shown.out or told["standing"] != "held"
    return told


def reason_and_lever(told: Json) -> tuple[str, str]:
    held = told["held"]
    assert isinstance(held, dict), told
    return str(held["reason"]), str(held["lever"])


def test_a_full_queue_says_since_when_by_when_and_how_to_raise_it(a_scene: MakeScene) -> None:
    """The sentence of the feature: value, limit, since, by when at the latest, lever."""
    scene = a_scene(gated("dev-1", slots=3), QUEUE_LIMITS="dev:1,qa:7", MAX_RUNTIME_SEC=600)
    first, second = scene.add("first", queue="dev"), scene.add("second", queue="dev")
    scene.once()
    scene.wait_for_running(first)
    scene.once()

    held = why(scene, second)["held"]

    assert isinstance(held, dict)
    assert (held["reason"], held["value"], held["limit"]) == ("queue_cap", "queue dev 1/1", "1")
    assert held["since"] is not None
    assert held["ends_by"] is not None
    assert "TINYSCHEDULER_QUEUE_LIMITS=dev:2,qa:7" in held["lever"]
    shown = scene.well("explain", second)
    assert "held as queue_cap: queue dev 1/1, since " in shown
    assert "at the latest" in shown


def test_the_lever_that_is_named_starts_the_task(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=3), QUEUE_LIMITS="dev:1")
    first, second = scene.add("first", queue="dev"), scene.add("second", queue="dev")
    scene.once()
    scene.wait_for_running(first)
    _, lever = reason_and_lever(why(scene, second))
    value = lever.partition("TINYSCHEDULER_QUEUE_LIMITS=")[2]

    scene.configure(QUEUE_LIMITS=value)
    scene.once()

    assert scene.disk.leases() == [first, second]


def test_running_done_and_settling_tasks_say_so(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    task_id = scene.add("a task", queue="dev")
    scene.once()
    scene.wait_for_running(task_id)

    running = why(scene, task_id)
    scene.end_unsettled(task_id)
    settling = why(scene, task_id)
    scene.call("run", "--once")
    wait_until(lambda: scene.disk.leases() == [], "it is settled")

    assert (running["standing"], reason_and_lever(running)[0]) == ("running", "leased")
    assert (settling["standing"], reason_and_lever(settling)[0]) == ("settling", "settling")
    assert why(scene, task_id)["standing"] == "complete"
    assert why(scene, task_id)["held"] is None


def test_a_run_that_was_given_to_somebody_else_is_still_a_run(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    task_id = scene.add("a task", queue="dev")
    scene.once()
    scene.wait_for_running(task_id)
    scene.call("task", "update", task_id, "--assign", "sue")

    told = why(scene, task_id)

    assert told["standing"] == "running"
    reason, lever = reason_and_lever(told)
    assert reason == "leased"
    assert "agent-control" not in lever


def test_a_parked_task_names_the_command_that_releases_it(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1"))
    task_id = scene.add("a task", queue="dev")
    waits = scene.add("waits for it", queue="dev", blocked_by=task_id)
    scene.call("park", task_id, "--reason", "not now")
    scene.once()

    assert reason_and_lever(why(scene, task_id))[0] == "parked"
    assert f"tinyscheduler retry {task_id}" in reason_and_lever(why(scene, task_id))[1]
    reason, lever = reason_and_lever(why(scene, waits))
    assert reason == "dependency_failed"
    assert f"tinyscheduler retry {task_id}" in lever


@pytest.mark.parametrize(
    ("flags", "reason"),
    [({"queue": "ops"}, "no_agent"), ({"queue": "dev", "assign": "sue"}, "not_ours"), ({}, "no_agent")],
    ids=["a queue nobody serves", "somebody else's", "no queue at all"],
)
def test_tasks_that_no_pass_fetches_are_explained(
    a_scene: MakeScene, flags: dict[str, str], reason: str
) -> None:
    scene = a_scene(an_agent("dev-1"))
    words = [word for name, value in flags.items() for word in (f"--{name}", value)]
    task_id = scene.call("task", "add", "a task", *words).out.strip()
    scene.once()

    assert reason_and_lever(why(scene, task_id))[0] == reason


def test_what_is_known_here_is_told_when_the_server_is_down(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1"))
    task_id = scene.add("a task", queue="dev")
    scene.call("park", task_id, "--reason", "not now")
    scene.once()

    told = why(scene, task_id, 3, "--mcp-endpoint", NOWHERE)

    assert reason_and_lever(told) == ("server_unknown", "make the task server answer again")
    assert told["standing"] == "held"
    ledger = told["ledger"]
    assert isinstance(ledger, dict)
    assert ledger["parked"] is not None


def test_a_task_that_the_server_has_forgotten_is_told_from_what_is_left(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1", script="echo done"))
    task_id = scene.add("a task", queue="dev")
    scene.once()
    wait_until(lambda: scene.statuses() == {task_id: "complete"}, "it is complete")
    scene.wait_for_rest()
    for suffix in ("", "-wal", "-shm"):
        (scene.state / f"tasks.db{suffix}").unlink(missing_ok=True)

    told = why(scene, task_id, 4)

    assert told["task"] is None
    assert told["ledger"] is not None


def test_explain_of_a_new_clone_makes_no_folder(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1"))
    before = scene.disk.tree()

    answers = [scene.call("explain", "1"), scene.call("backlog"), scene.call("backlog", "--json")]

    assert [answer.code for answer in answers] == [4, 0, 0]
    assert answers[1].out == "nothing waits\n"
    assert scene.disk.tree() == before


def test_backlog_is_the_order_in_which_tasks_then_start(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    running = scene.add("first", queue="dev")
    scene.once()
    scene.wait_for_running(running)
    low, high = scene.add("low", queue="dev", priority=1), scene.add("high", queue="dev", priority=4)
    blocked = scene.add("blocked", queue="dev", priority=20, blocked_by=low)

    told = json.loads(scene.well("backlog", "--json"))
    shown = scene.well("backlog")
    of_reason = json.loads(scene.well("backlog", "--json", "--reason", "blocked"))

    # The low one comes first: it blocks another.
    assert [str(row["task_id"]) for row in rows(told["waiting"])] == [low, high, blocked]
    assert [str(row["task_id"]) for row in rows(told["running"])] == [running]
    assert told["sums"] == {"agent_full": 2, "blocked": 1}
    assert [str(row["task_id"]) for row in rows(of_reason["waiting"])] == [blocked]
    assert "1 task in flight" in shown
    assert "3 tasks waiting" in shown


def test_backlog_of_an_unknown_server_is_not_empty(a_scene: MakeScene) -> None:
    """Law 4."""
    scene = a_scene(an_agent("dev-1"))

    answer = scene.call("backlog", "--json", "--mcp-endpoint", NOWHERE)

    assert answer.code == 3
    assert answer.json()["waiting"] is None


def test_a_word_that_is_no_reason_is_an_error_with_the_words_there_are(a_scene: MakeScene) -> None:
    answer = a_scene(an_agent("dev-1")).call("backlog", "--reason", "agent_ful")

    assert answer.code == 2
    assert "agent_full" in answer.err


def test_tasks_of_an_agent_that_was_taken_out_are_still_told_of(a_scene: MakeScene) -> None:
    """Nobody waits in silence (features C8): its queue has no agent any more, and three commands say so."""
    scene = a_scene(an_agent("dev-1", slots=0), an_agent("qa-1", queue="qa"))
    task_id = scene.add("a task", queue="dev")
    scene.once()

    scene.control(an_agent("qa-1", queue="qa"))
    scene.once()

    assert reason_and_lever(why(scene, task_id))[0] == "no_agent"
    assert scene.held(json.loads(scene.well("run", "--dry-run", "--json"))) == {task_id: "no_agent"}
    assert [row["reason"] for row in rows(json.loads(scene.call("status", "--json").out)["held"])] == [
        "no_agent"
    ]
    assert "no enabled agent serves queue dev" in scene.well("backlog")


def test_what_a_task_waits_for_is_asked_for_also_where_no_pass_fetches_it(a_scene: MakeScene) -> None:
    """Its queue is nobody's, and what it comes after is done: only the first of these holds it."""
    scene = a_scene(an_agent("dev-1", script="echo done"))
    first = scene.add("first", queue="dev")
    scene.once()
    wait_until(lambda: scene.statuses() == {first: "complete"}, "it is complete")
    words = ("task", "add", "second", "--queue", "ops", "--tag", f"after:{first}")
    second = scene.call(*words).out.strip()

    assert reason_and_lever(why(scene, second))[0] == "no_agent"


def test_a_hand_over_to_a_mistyped_queue_does_not_vanish(a_scene: MakeScene) -> None:
    """No pass looks there, so whoever looks at anything has to be told."""
    scene = a_scene(gated("dev-1"), gated("rev-1", queue="review"))
    scene.seed(2, queue_name="revew")
    scene.seed(1, queue_name="triage")
    slip = "2 idle tasks in queue revew, which no agent serves (did you mean review?"

    status, dry = scene.call("status"), scene.call("run", "--dry-run")
    backlog = json.loads(scene.well("backlog", "--json"))
    plain = scene.well("backlog", "--queue", "revew")

    assert status.code == 0
    assert slip in status.out
    assert "1 idle task in a queue that no agent serves: triage 1" in status.out
    assert slip in dry.err
    assert (dry.code, dry.out) == (0, "nothing to do\n")
    assert slip in plain
    assert "triage" not in plain
    assert [(one["queue"], one["tasks"], one["did_you_mean"]) for one in backlog["unserved"]] == [
        ("revew", 2, "review"),
        ("triage", 1, None),
    ]
    assert scene.call("explain", "1").out.count("no enabled agent serves queue revew") >= 1


def test_a_task_is_not_passed_over_in_silence_where_there_is_no_agent_at_all(a_scene: MakeScene) -> None:
    """The first thing a new user meets."""
    scene = a_scene()
    scene.seed(1)

    dry = scene.call("run", "--dry-run")

    assert (dry.code, dry.out) == (0, "nothing to do\n")
    assert "1 idle task in a queue that no agent serves: dev 1" in dry.err
