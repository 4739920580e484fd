"""Servers, agents, wrappers and passes that end at a bad moment (features B6 B11, C1, C4)."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import datetime

import pytest

from tests.acceptance.scene import Scene, gated
from tests.acceptance.weather import Weather
from tests.integration.commands import an_agent, rows
from tests.integration.stub_behaviours import done_but_fail, fail, hang
from tests.integration.stub_server import StubServer
from tests.integration.wrapping import is_alive
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
RESULT = '{{"status": "success", "summary": "the work is done"}}'
"""Braces of a command stand twice: single ones are placeholders."""
WRITES_RESULT = f"echo '{RESULT}' >\"$TINYSCHEDULER_RESULT_FILE\""


def kill_wrapper(scene: Scene, task_id: str) -> None:
    """As the kernel does when memory is short."""
    wrapper = int(str(scene.disk.lease(task_id)["pid"]))
    os.kill(wrapper, signal.SIGKILL)
    wait_until(lambda: not is_alive(wrapper), "the wrapper is dead")


def comments_about_the_end(scene: Scene, task_id: str) -> list[str]:
    return [text for text in scene.comments(task_id) if "[end of lease " in text]


# --- the server is away when an agent ends -------------------------------------------------------


def test_result_waits_in_its_lease_until_the_server_is_back(a_scene: MakeScene) -> None:
    """Features B6: the lease stays ``finished``, the pass ends with 3, the next one settles once."""
    scene = a_scene(gated("dev-1"))
    server = scene.serve()
    task_id = scene.add("a task", queue="dev")
    scene.once()
    scene.wait_for_running(task_id)
    server.terminate()
    server.communicate(timeout=15)
    scene.open_gate()
    wait_until(lambda: not scene.disk.tagged(), "the agent has ended")
    wait_until(lambda: scene.disk.passes() >= 2, "and the pass that its wrapper became")

    codes = [scene.call("run", "--once").code for _ in range(2)]
    waiting = scene.disk.lease(task_id)["state"]
    scene.serve(port=int(endpoint(scene).rpartition(":")[2].removesuffix("/mcp")))
    scene.once()
    scene.once()

    assert (codes, waiting) == ([3, 3], "finished")
    assert scene.disk.leases() == []
    assert scene.statuses() == {task_id: "complete"}
    assert len(comments_about_the_end(scene, task_id)) == 1
    assert scene.disk.begun() == [task_id]


def endpoint(scene: Scene) -> str:
    lines = (scene.base / ".env").read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if "MCP_ENDPOINT" in line)


def test_ten_bad_gateways_and_then_one_result(a_scene: MakeScene) -> None:
    """Features B11: whatever is asked is answered by a proxy that has lost its server."""
    with StubServer() as stub:
        scene = a_scene(gated("dev-1"), MCP_ENDPOINT=stub.url)
        stub.store.add()
        scene.once()
        scene.wait_for_running("1")
        weather = Weather(
            stub, **dict.fromkeys(stub.store.tools, fail(502, b"<html>Bad Gateway", "text/html"))
        )
        scene.open_gate()
        wait_until(lambda: scene.disk.passes() >= 2 and not scene.disk.tagged(), "the agent has ended")
        answers = [scene.call("run", "--once") for _ in range(9)]
        waiting = scene.disk.lease("1")["state"]
        weather.is_bad = False
        scene.past.waits_are_over()
        scene.once()
        scene.once()
        row, comments = stub.store.tasks[1], [str(c["content"]) for c in stub.store.comments]

    assert {answer.code for answer in answers} == {3}
    assert all("502" in answer.err for answer in answers)
    assert waiting == "finished"
    assert row["status"] == "complete"
    assert len([text for text in comments if "[end of lease " in text]) == 1
    assert scene.disk.begun() == ["1"]


@pytest.mark.parametrize(("after", "status"), [("exit 0", "complete"), ("exit 7", "idle")])
def test_answers_that_get_lost_make_nothing_twice(a_scene: MakeScene, after: str, status: str) -> None:
    """Every write is carried out and answered with 502: neither done nor undone, so asked for again."""
    with StubServer() as stub:
        scene = a_scene(gated("dev-1", after=after), MCP_ENDPOINT=stub.url)
        stub.store.add()
        scene.once()
        scene.wait_for_running("1")
        lost = done_but_fail(502)
        weather = Weather(stub, update_task=lost, move_task=lost, add_comment=lost)
        scene.open_gate()
        wait_until(lambda: scene.disk.passes() >= 2 and not scene.disk.tagged(), "the agent has ended")
        for _ in range(4):
            scene.call("run", "--once")
        weather.is_bad = False
        scene.call("run", "--once")
        row, comments = stub.store.tasks[1], [str(c["content"]) for c in stub.store.comments]

    assert (row["status"], scene.disk.leases()) == (status, [])
    assert len([text for text in comments if "[end of lease " in text]) == 1
    assert len(scene.disk.outcomes("1")) == 1


def test_lost_answer_to_a_claim_starts_nothing_and_loses_nothing(a_scene: MakeScene) -> None:
    """Law 4: a claim is won, lost or unknown. The task is given back and started once."""
    with StubServer() as stub:
        scene = a_scene(gated("dev-1"), MCP_ENDPOINT=stub.url)
        stub.store.add()
        weather = Weather(stub, update_task=done_but_fail(502))
        unclear = scene.call("run", "--once")
        begun_meanwhile = scene.disk.begun()
        state = scene.disk.lease("1")["state"]
        weather.is_bad = False
        scene.once()
        still_held = scene.disk.leases()
        scene.past.claims_are_old("1")
        scene.open_gate()
        scene.once()
        scene.wait_for_rest()
        status = stub.store.tasks[1]["status"]

    assert (unclear.code, begun_meanwhile, state) == (3, [], "claiming")
    assert (still_held, status) == (["1"], "complete")
    assert scene.disk.begun() == ["1"]


# --- agents and wrappers that die ----------------------------------------------------------------


def test_wrapper_killed_right_after_the_result_file_costs_nothing(a_scene: MakeScene) -> None:
    """Features B11: the work is not done again."""
    scene = a_scene(gated("dev-1", before=WRITES_RESULT, success="result"))
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    result = scene.state / "runs" / f"task_{task_id}" / "1" / "result.json"
    wait_until(lambda: result.exists() and result.read_text(), "the result is written")

    kill_wrapper(scene, task_id)
    scene.once()

    assert scene.statuses() == {task_id: "complete"}
    assert scene.disk.outcomes(task_id) == ["succeeded"]
    assert "the work is done" in comments_about_the_end(scene, task_id)[0]
    assert scene.disk.tagged() == []
    scene.wait_for_rest()
    assert scene.disk.begun() == [task_id]


def test_killed_agent_costs_an_attempt_and_a_delay(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"), RETRY_BASE_SEC=3600)
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    os.kill(int(str(scene.disk.lease(task_id)["agent_pid"])), signal.SIGKILL)
    scene.wait_for_rest()

    told = scene.once_json()

    assert scene.disk.outcomes(task_id) == ["killed"]
    assert (scene.task(task_id)["status"], scene.task(task_id)["assigned_to"]) == ("idle", None)
    assert scene.held(told) == {task_id: "not_before"}
    assert "signal 9" in comments_about_the_end(scene, task_id)[0]


def test_killed_wrapper_takes_its_whole_tree_along_before_the_task_goes_back(a_scene: MakeScene) -> None:
    """Law 1: also a grandchild in a session of its own, whose parent is gone, and an agent that ignores
    TERM."""
    script = "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 300 & wait' & sleep 300 & wait"
    scene = a_scene(an_agent("dev-1", script=f"({script})"), RETRY_BASE_SEC=3600)
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    wait_until(lambda: len(scene.disk.tagged()) >= 5, "the whole tree is there")

    kill_wrapper(scene, task_id)
    orphans = scene.disk.tagged()
    scene.once()

    assert len(orphans) >= 4
    assert scene.disk.tagged() == []
    assert scene.disk.leases() == []
    assert scene.disk.outcomes(task_id) == ["lost"]
    assert scene.task(task_id)["status"] == "idle"
    names = [fact["event"] for fact in scene.disk.journal() if fact.get("task_id") == int(task_id)]
    assert names.index("tree_gone") < names.index("task_requeued")


def test_delay_before_the_second_attempt_is_the_ladders(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"), RETRY_BASE_SEC=100)
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    kill_wrapper(scene, task_id)

    told = scene.once_json()

    ledger = scene.disk.ledger(task_id)
    ended = datetime.fromisoformat(str(rows(ledger["outcomes"])[0]["at"]))
    delay_s = (datetime.fromisoformat(str(ledger["not_before"])) - ended).total_seconds()
    assert 100 <= delay_s <= 110
    assert scene.held(told) == {task_id: "not_before"}
    assert scene.disk.begun() == [task_id]


def test_third_lost_wrapper_parks_the_task_until_somebody_changes_it(a_scene: MakeScene) -> None:
    """Features C4: five passes start nothing; a new description does."""
    scene = a_scene(gated("dev-1"), RETRY_BASE_SEC=0)
    (task_id,) = scene.seed(1)
    for attempt in (1, 2, 3):
        scene.once()
        scene.wait_for_running(task_id)
        assert scene.disk.lease(task_id)["attempt"] == attempt
        kill_wrapper(scene, task_id)
    told = [scene.once_json() for _ in range(5)]
    parked = scene.task(task_id)
    begun = len(scene.disk.begun())
    explained = scene.well("explain", task_id)

    scene.well("task", "update", task_id, "--description", "try it differently")
    scene.open_gate()
    scene.once()
    scene.wait_for_rest()

    assert scene.disk.outcomes(task_id)[-1:] == ["succeeded"]
    assert begun == 3
    assert [scene.held(each) for each in told[1:]] == [{task_id: "parked"}] * 4
    assert (parked["status"], parked["assigned_to"]) == ("idle", None)
    assert len([text for text in scene.comments(task_id) if "parked" in text]) == 1
    assert "parked" in explained
    assert "description" in explained, "the lever"
    assert scene.task(task_id)["status"] == "complete"


def test_pass_that_is_killed_at_work_is_no_obstacle(a_scene: MakeScene) -> None:
    """The lock goes with the process, and what it had begun is gone on with."""
    with StubServer() as stub:
        scene = a_scene(gated("dev-1"), MCP_ENDPOINT=stub.url)
        stub.store.add()
        weather = Weather(stub, **dict.fromkeys(stub.store.tools, hang))
        stuck = scene.start("run", "--once")
        wait_until(lambda: set(stub.tools) & set(stub.store.tools), "the pass is at work")
        stuck.kill()
        stuck.communicate()
        weather.is_bad = False
        scene.once()
        scene.wait_for_running("1")

    assert stuck.returncode == -signal.SIGKILL
    assert scene.disk.begun() == ["1"]
