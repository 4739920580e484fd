"""``explain`` as its users have it: processes and files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.command_scenes import TWO_QUEUES, closed_port, ended, held, waiting_for
from tests.integration.commands import an_agent, an_installation


def test_explain_gives_the_reason_of_the_dry_run_for_every_task(base: Path) -> None:
    house = an_installation(base, [*TWO_QUEUES, an_agent("off-1", enabled=False), an_agent("none", slots=0)])
    house.well("run", "--once")  # compiles the settings, so that the calls below are quick
    add = ("task", "add")
    house.well(*add, "starts", "--queue", "dev", "--priority", "9")
    house.well(*add, "full", "--queue", "dev")
    house.well(*add, "blocked", "--queue", "qa", "--blocked-by", "1")
    house.well(*add, "parent", "--queue", "qa")
    house.well(*add, "child", "--queue", "qa", "--parent", "4")
    house.well(*add, "disabled", "--assign", "off-1")
    house.well(*add, "no slots", "--assign", "none")
    plan = house.call("run", "--dry-run", "--json").json()

    assert isinstance(plan["held"], list)
    assert isinstance(plan["start"], list)
    for expected in plan["held"]:
        assert expected == held(house, str(expected["task_id"]))
    for expected in plan["start"]:
        told = house.call("explain", str(expected["task_id"]), "--json").json()
        assert told["start"] == {"agent": expected["agent"], "reason": expected["reason"]}
    assert len(plan["held"]) + len(plan["start"]) == 7


def test_explain_works_for_tasks_that_no_pass_looks_at(base: Path) -> None:
    house = an_installation(base, TWO_QUEUES)
    house.well("run", "--once")  # compiles the settings, so that the calls below are quick
    house.well("task", "add", "foreign queue", "--queue", "ops")
    house.well("task", "add", "a person's", "--queue", "dev", "--assign", "zed")
    house.well("task", "add", "working", "--queue", "dev")
    house.well("task", "update", "3", "--status", "working")
    house.well("task", "add", "done", "--queue", "dev")
    house.well("task", "done", "4")

    assert held(house, "1")["value"] == "no enabled agent serves queue ops"
    assert held(house, "2")["reason"] == "not_ours"
    assert held(house, "3")["reason"] == "working_elsewhere"
    assert "complete since" in house.well("explain", "4")


def test_explain_of_a_run_names_lease_agent_and_log(base: Path, tmp_path: Path) -> None:
    house = an_installation(base, [an_agent("dev-1", script=waiting_for(tmp_path / "gate"))])
    house.well("task", "add", "wait", "--queue", "dev")
    house.well("run", "--once")
    with ended(house, tmp_path / "gate"):
        told = house.call("explain", "1", "--json").json()
        text = house.well("explain", "1")

    assert told["standing"] == "running"
    assert told["log"] == f"{base}/state/runs/task_1/1/output.log"
    assert f"lease {house_lease_id(told)}" in text
    assert "on dev-1, attempt 1" in text


def house_lease_id(told: dict[str, object]) -> str:
    lease = told["lease"]
    assert isinstance(lease, dict)
    return str(lease["lease_id"])


@pytest.mark.parametrize("task_id", ["99", "a/../b", "-", "x" * 65])
def test_task_that_nobody_knows_is_exit_4_with_one_line(base: Path, task_id: str) -> None:
    answer = an_installation(base, TWO_QUEUES).call("explain", "--", task_id)

    assert (answer.code, answer.out) == (4, "")
    assert len(answer.err.splitlines()) == 1


def test_explain_with_an_unknown_server_is_exit_3(base: Path) -> None:
    house = an_installation(base, TWO_QUEUES)

    answer = house.call("explain", "1", "--mcp-endpoint", f"http://127.0.0.1:{closed_port()}/mcp")

    assert answer.code == 3
    assert "unknown" in answer.out


def test_error_for_a_program_is_one_object(base: Path) -> None:
    answer = an_installation(base, TWO_QUEUES).call("explain", "99", "--json")

    error = json.loads(answer.err)["error"]
    assert error["ref"] == "refused"
    assert "99" in error["message"]


def test_a_lever_says_how_the_store_of_this_call_is_reached(base: Path) -> None:
    """As it stands, its number means a task of the default store."""
    house = an_installation(base, [an_agent("dev-1")])
    house.well("task", "add", "first", "--queue", "dev")
    house.well("task", "add", "second", "--queue", "dev", "--blocked-by", "1")

    begins = f"commands for this store begin with: tinyscheduler --base-path {base}"
    for words in (("explain", "2"), ("backlog",), ("status",), ("run", "--dry-run")):
        assert begins in house.call(*words).err, words
    assert begins in house.call("task", "add", "third", "--queue", "other").err
    assert begins not in house.call("explain", "2", "--json").err
