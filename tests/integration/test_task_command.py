"""``task`` and its commands as their users, people and agents, have them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.contract.task_server.serving import serving
from tests.integration.command_scenes import TWO_QUEUES, closed_port
from tests.integration.commands import Answer, an_agent, an_installation
from tests.waiting import wait_until


def test_task_is_added_listed_shown_and_completed(base: Path) -> None:
    house = an_installation(base, TWO_QUEUES)
    house.well("run", "--once")  # compiles the settings, so that the calls below are quick

    first = house.well(
        "task", "add", "Review  the\nparser", "--queue", "dev", "--priority", "5", "--tag", "x"
    )
    second = house.well("task", "add", "then this", "--queue", "dev", "--stdin", stdin='`$HOME`\n"quoted"\n')
    listed = house.well("task", "list", "--queue", "dev")
    done = house.well("task", "done", "1", "--comment", "merged")

    assert (first, second) == ("1\n", "2\n")
    assert [line.split()[0] for line in listed.splitlines()] == ["ID", "1", "2"]
    assert done == "task 1: complete, queue dev, assigned to nobody\n"
    assert '`$HOME`\n"quoted"' in house.well("task", "show", "2")
    assert "merged" in house.well("task", "show", "1")
    assert "Review the parser" not in house.well("task", "list")
    assert "Review the parser" in house.well("task", "list", "--all")
    assert "Review the parser" in house.well("task", "list", "--status", "complete")


def test_settings_may_stand_on_both_sides_of_the_action(base: Path, tmp_path: Path) -> None:
    """The harness puts --base-path before the command; the last one given counts."""
    house, elsewhere = an_installation(base, TWO_QUEUES), an_installation(tmp_path / "else", TWO_QUEUES)
    house.well("task", "add", "one", "--queue", "dev")

    assert elsewhere.well("task", "list") == ""
    assert "one" in elsewhere.well("task", "list", "--base-path", str(base))
    assert "one" in elsewhere.well("task", "--base-path", str(base), "list")


def test_bytes_on_stdin_that_are_no_text_are_refused(base: Path) -> None:
    house = an_installation(base, TWO_QUEUES)

    done = subprocess.run(
        house.argv("task", "add", "t", "--stdin"),
        env=house.environment(PYTHONUTF8="1"),
        input=b"\xff\xfe",
        capture_output=True,
        timeout=20,
        check=False,
    )

    assert done.returncode == 2
    assert b"not UTF-8" in done.stderr


@pytest.mark.parametrize("action", [("show", "99"), ("update", "99", "--title", "x"), ("done", "99")])
def test_task_that_is_not_there_is_exit_4(base: Path, action: tuple[str, ...]) -> None:
    answer = an_installation(base, TWO_QUEUES).call("task", *action)

    assert answer.code == 4
    assert len(answer.err.splitlines()) == 1


def test_server_that_refuses_is_exit_4_and_one_that_is_away_3(base: Path) -> None:
    house = an_installation(base, TWO_QUEUES)

    refused = house.call("task", "add", "t", "--blocked-by", "99")
    away = house.call("task", "list", "--mcp-endpoint", f"http://127.0.0.1:{closed_port()}/mcp")

    assert (refused.code, away.code) == (4, 3)
    assert len(refused.err.splitlines()) == len(away.err.splitlines()) == 1


def test_author_is_the_agent_inside_an_agent_and_else_the_user(base: Path) -> None:
    house = an_installation(base, TWO_QUEUES)

    mine = house.call("task", "add", "t", "--json")
    agents = house.call("task", "add", "t", "--json", environ={"TKO_AGENT": "dev-1"})

    assert author(mine) not in ("", "dev-1")
    assert author(agents) == "dev-1"


def author(answer: Answer) -> object:
    task = answer.json()["task"]
    assert isinstance(task, dict)
    return task["created_by"]


HANDOVER = (
    '$TINYSCHEDULER_TASK_CMD update "$TINYSCHEDULER_TASK_ID" --status idle --queue qa --assign "" '
    '--comment "please test"'
)


MOVE = '$TINYSCHEDULER_TASK_CMD move "$TINYSCHEDULER_TASK_ID" --queue qa --comment "please test"'


@pytest.mark.parametrize(("where", "script"), [("embedded", HANDOVER), ("http", HANDOVER), ("http", MOVE)])
def test_agent_hands_its_task_to_another_queue(base: Path, tmp_path: Path, where: str, script: str) -> None:
    """From inside its environment, also when the pass was told its server by a flag."""
    house = an_installation(base, [an_agent("dev-1", script=script)])
    (tmp_path / "server").mkdir()
    with serving(tmp_path / "server") as server:
        flags = ("--mcp-endpoint", server.endpoint) if where == "http" else ()
        house.well("task", "add", "build it", "--queue", "dev", *flags)
        house.well("run", "--once", *flags)
        wait_until(lambda: house.leases() == [])
        shown = house.call("task", "show", "1", "--json", *flags).json()

    task, comments = shown["task"], shown["comments"]
    assert isinstance(task, dict)
    assert isinstance(comments, list)
    assert (task["status"], task["queue"], task["assigned_to"]) == ("idle", "qa", None)
    assert ("dev-1", "please test") in {(comment["author"], comment["text"]) for comment in comments}


def test_no_prerequisite_of_a_new_task_is_lost(base: Path) -> None:
    """A server knows one blocker of a task; the last of several was kept, and nobody was told."""
    house = an_installation(base, TWO_QUEUES)
    first, second, third = (
        house.call("task", "add", f"t{n}", "--queue", "dev").out.strip() for n in range(3)
    )

    added = house.call(
        "task", "add", "last", "--queue", "dev", "--tag", "red",
        "--blocked-by", first, "--blocked-by", second, "--blocked-by", third, "--json",
    )  # fmt: skip

    task = added.json()["task"]
    assert isinstance(task, dict)
    assert str(task["blocked_by"]) == first
    assert task["tags"] == ["red", f"after:{second}", f"after:{third}"]


def test_two_tasks_that_wait_for_each_other_are_told_of_at_once(base: Path) -> None:
    house = an_installation(base, TWO_QUEUES)
    house.well("task", "add", "one", "--queue", "dev")
    house.well("task", "add", "two", "--queue", "dev", "--blocked-by", "1")

    ring = house.call("task", "update", "1", "--tag", "after:2")
    house.well("task", "done", "2")
    over = house.call("task", "update", "1", "--tag", "after:2")

    told = (
        "tinyscheduler: note: task 1 waits for task 2, which waits for it: neither ever starts;"
        " tinyscheduler task update 1 --untag after:2"
    )
    assert ring.err.startswith(told)
    assert (ring.code, over.err) == (0, "")


def test_a_task_that_waits_for_one_that_does_not_exist_is_told_of_at_once(base: Path) -> None:
    house = an_installation(base, TWO_QUEUES)

    by_tag = house.call("task", "add", "t", "--queue", "dev", "--tag", "after:zz")
    by_option = house.call("task", "add", "t", "--queue", "dev", "--blocked-by", "99")

    assert by_tag.code == 0
    assert "waits for task zz, which does not exist" in by_tag.err
    assert by_option.code == 4
    assert "--blocked-by" in by_option.err
    assert "tinyscheduler task list --all" in by_option.err


def test_tags_come_and_go_one_by_one(base: Path) -> None:
    """What hangs on the others stays: an approval, a blocker, the mark of an import."""
    house = an_installation(base, TWO_QUEUES)
    house.call("task", "add", "t", "--queue", "dev", "--tag", "needs-approval", "--tag", "after:1")

    def tags_after(*arguments: str) -> object:
        task = house.call("task", "update", "1", *arguments, "--json").json()["task"]
        assert isinstance(task, dict)
        return task["tags"]

    assert tags_after("--tag", "urgent", "--priority", "3") == ["needs-approval", "after:1", "urgent"]
    assert tags_after("--untag", "needs-approval", "--untag", "absent") == ["after:1", "urgent"]
    assert tags_after("--tag", "x", "--untag", "x") == ["after:1", "urgent"]
    assert tags_after("--tag", "") == []


@pytest.mark.parametrize(
    "words",
    [
        ("add", "part", "--parent", "1", "--blocked-by", "1"),
        ("add", "part", "--parent", "1", "--tag", "after:1"),
        ("update", "2", "--parent", "1"),
        ("move", "2", "--parent", "1"),
    ],
)
def test_who_makes_a_task_wait_for_its_own_parent_is_told_at_once(base: Path, words: Sequence[str]) -> None:
    """Each would say "wait" of the other for ever."""
    house = an_installation(base, TWO_QUEUES)
    house.call("task", "add", "whole", "--queue", "dev")
    house.call("task", "add", "waits", "--queue", "dev", "--blocked-by", "1")

    told = house.call("task", *words)

    assert told.code == 0
    assert "waits for its parent, task 1, which waits for its subtasks" in told.err
    ring = next(line for line in house.call("graph").out.splitlines() if line.startswith("ring"))
    assert ring.startswith("ring: 1 -> ")


def test_the_backlog_of_a_queue_that_nobody_serves_says_so(base: Path) -> None:
    """``nothing waits`` is also what a slip of the pen would be answered."""
    house = an_installation(base, TWO_QUEUES)
    house.call("task", "add", "t", "--queue", "devv")

    unserved, served = house.call("backlog", "--queue", "devv"), house.call("backlog", "--queue", "dev")

    assert (unserved.code, served.code, served.err) == (0, 0, "")
    assert "queue devv, which no agent serves" in unserved.out


def test_options_that_are_given_twice_add_up_or_are_refused(base: Path) -> None:
    """The last one won, without a word."""
    house = an_installation(base, TWO_QUEUES)
    for title in ("one", "two", "three"):
        house.well("task", "add", title, "--queue", "dev")
    house.well("task", "done", "1")
    house.well("task", "update", "2", "--status", "working")

    both = house.well("task", "list", "-q", "--status", "complete", "--status", "working")
    two_queues = house.call("task", "list", "--queue", "dev", "--queue", "qa")

    assert sorted(both.split()) == ["1", "2"]
    assert (two_queues.code, two_queues.out) == (2, "")
    assert "--queue names one queue" in two_queues.err
