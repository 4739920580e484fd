"""``task`` with several tasks at once, and with what is said about them: as people and scripts type it."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.integration.command_scenes import TWO_QUEUES, closed_port
from tests.integration.commands import Installation, an_installation, rows
from tests.integration.test_command_output import on_a_terminal


@pytest.fixture
def house(base: Path) -> Installation:
    """With three tasks."""
    made = an_installation(base, TWO_QUEUES)
    made.well("task", "add", "--lines", "--queue", "dev", stdin="first\n\n  second\nthird\n")
    return made


def shell(house: Installation, line: str) -> subprocess.CompletedProcess[str]:
    """As typed; ``task`` is the command."""
    task = shlex.join(house.argv("task"))
    return subprocess.run(
        ["/bin/sh", "-c", f'task() {{ {task} "$@"; }}; {line}'],
        env=house.environment(),
        cwd=house.base,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def status_of(house: Installation) -> dict[str, object]:
    listed = rows(house.call("task", "list", "--all", "--archived", "--json").json()["tasks"])
    return {str(row["id"]): row["status"] for row in listed}


def test_each_line_becomes_a_task(house: Installation) -> None:
    added = house.call("task", "add", "--lines", "--queue", "dev", "--tag", "x", stdin="a `b` $HOME\nc\n")

    assert (added.code, added.out) == (0, "4\n5\n")
    assert "a `b` $HOME" in house.well("task", "list", "--tag", "x")


def test_lines_as_one_object(house: Installation) -> None:
    added = house.call("task", "add", "--lines", "--queue", "dev", "--json", stdin="a\n").json()

    assert (added["kind"], added["error"]) == ("task_add_lines", None)
    assert [row["title"] for row in rows(added["tasks"])] == ["a"]


def test_lines_that_a_full_store_does_not_take_are_told_of(base: Path) -> None:
    """What was made is printed, and what stopped it says with which line."""
    house = an_installation(base, TWO_QUEUES)
    (base / ".env").write_text("TINYSCHEDULER_MAX_QUEUE_DEPTH=2\n")

    plain = house.call("task", "add", "--lines", "--queue", "dev", stdin="a\nb\n\nc\n")
    told = house.call("task", "add", "--lines", "--queue", "dev", "--json", stdin="d\n").json()

    assert (plain.code, plain.out) == (4, "1\n2\n")
    assert "line 4: " in plain.err
    assert "2 of 3 tasks are made" in plain.err
    assert (told["exit"], told["tasks"]) == (4, [])
    assert isinstance(told["error"], dict)


def test_one_command_changes_several_tasks(house: Installation) -> None:
    done = shell(house, "task update 1 2 --priority 5 && task done $(task list --queue dev -q)")

    assert done.returncode == 0, done.stderr
    assert set(status_of(house).values()) == {"complete"}


def test_what_fails_for_one_does_not_keep_the_others(house: Installation) -> None:
    answer = house.call("task", "done", "1", "99", "3", "1")

    assert answer.code == 4
    assert [line.split(":")[0] for line in answer.out.splitlines()] == ["task 1", "task 3"]
    assert "task 99: " in answer.err
    assert status_of(house) == {"1": "complete", "2": "idle", "3": "complete"}


def test_several_tasks_as_one_object(house: Installation) -> None:
    changed = house.call("task", "update", "1", "99", "--title", "x", "--json")
    shown = house.call("task", "show", "1", "2", "99", "--json")

    assert (changed.code, changed.err, shown.code, shown.err) == (4, "", 4, "")
    assert [row["title"] for row in rows(changed.json()["tasks"])] == ["x"]
    assert [row["ref"] for row in rows(changed.json()["failed"])] == ["task-not-found"]
    assert len(rows(shown.json()["tasks"])) == 2


def test_server_that_is_away_is_waited_for_once(house: Installation) -> None:
    url = f"http://127.0.0.1:{closed_port()}/mcp"

    answer = house.call("task", "done", "1", "2", "3", "--mcp-endpoint", url)

    assert answer.code == 3
    assert answer.err.count("not tried") == 2


def test_remarks_and_links_are_shown_with_the_task(house: Installation) -> None:
    text = "`date` $HOME \"quoted\" 'single'\nsecond line\n"
    said = house.well("task", "comment", "1", "--stdin", stdin=text)
    linked = house.well("task", "link", "1", "https://example.org/pull/1", "--description", "the change")

    shown = house.well("task", "show", "1")
    assert (said, linked) == ("task 1: comment 1\n", "task 1: link 1\n")
    assert text in shown
    assert "link      https://example.org/pull/1 the change" in shown


@pytest.mark.parametrize(
    "action",
    [("comment", "99", "x"), ("link", "99", "x"), ("archive", "99"), ("move", "99", "--to", "dev-1")],
)
def test_task_that_is_not_there_is_exit_4(house: Installation, action: tuple[str, ...]) -> None:
    answer = house.call("task", *action)

    assert answer.code == 4
    assert len(answer.err.splitlines()) == 1


def test_task_is_handed_to_an_agent_and_noticed_when_it_is_somebody_elses(house: Installation) -> None:
    house.well("task", "update", "1", "--assign", "dev-1", "--status", "working")

    refused = house.call("task", "move", "1", "--to", "qa-1", "--from", "sue")
    moved = house.well("task", "move", "1", "--to", "qa-1", "--from", "dev-1", "--comment", "please test")

    assert refused.code == 4
    assert "not sue's but dev-1's" in refused.err
    assert moved == "task 1: idle, queue dev, assigned to qa-1\n"
    assert "please test" in house.well("task", "show", "1")


def test_what_is_said_with_a_deed_may_come_by_stdin(house: Installation) -> None:
    text = "`make` says $?\nand more\n"

    house.call("task", "move", "1", "--queue", "qa", "--stdin", stdin=text)
    house.call("task", "done", "2", "--stdin", stdin=text)

    assert all(text.strip() in house.well("task", "show", task_id) for task_id in "12")


def test_task_is_handed_to_a_queue_as_nobodys(house: Installation) -> None:
    house.well("task", "update", "1", "--assign", "dev-1", "--status", "working")

    assert house.well("task", "move", "1", "2", "--queue", "qa", "--comment", "over to you") == (
        "task 1: idle, queue qa, assigned to nobody\ntask 2: idle, queue qa, assigned to nobody\n"
    )


def test_task_that_nobody_has_is_given_to_somebody(house: Installation) -> None:
    assert house.well("task", "move", "1", "--to", "dev-1") == "task 1: idle, queue dev, assigned to dev-1\n"


def test_complete_task_is_not_handed_on(house: Installation) -> None:
    house.well("task", "done", "1")

    answer = house.call("task", "move", "1", "--queue", "qa")

    assert answer.code == 4
    assert "task update 1 --status idle" in answer.err


def test_task_is_hung_below_another_and_taken_out_again(house: Installation) -> None:
    house.well("task", "move", "2", "3", "--parent", "1")
    below = house.well("task", "list", "--parent", "1", "-q")
    tree = house.well("task", "list", "--tree")
    house.well("task", "move", "3", "--top")

    assert below == "2\n3\n"
    assert "· second" in tree
    assert house.well("task", "list", "--top", "-q") == "1\n3\n"
    assert house.call("task", "move", "1", "--parent", "99").code == 4


def test_more_subtasks_than_are_shown_are_told_of(house: Installation) -> None:
    house.well("task", "add", "--lines", "--parent", "1", stdin="a part\n" * 201)

    shown = house.call("task", "show", "1")

    assert (shown.code, shown.out.count("subtask ")) == (0, 200)
    way = "tinyscheduler task list --all --archived --parent 1"
    assert shown.err == f"tinyscheduler: the first 200 subtasks of more; {way} shows them\n"


def test_archived_task_is_shown_and_in_no_list(house: Installation) -> None:
    archived = house.well("task", "archive", "1", "2")
    again = house.call("task", "archive", "1")

    assert archived.splitlines()[0] == "task 1: idle, archived, queue dev, assigned to nobody"
    assert again.code == 0
    assert house.well("task", "list", "--all", "-q") == "3\n"
    assert house.well("task", "list", "--all", "--archived", "-q") == "1\n2\n3\n"
    assert "idle (archived)" in house.well("task", "show", "1")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("--unassigned",), "1 3"),
        (("--assigned", "dev-1"), "2"),
        (("--status", "complete,working"), "2"),
        (("--status", "idle", "working"), "1 2 3"),
        (("--text", "FIR"), "1"),
        (("--tag", "red", "--tag", "blue"), "3"),
        (("--blocked",), "3"),
        (("--unblocked",), "1 2"),
        (("--limit", "1", "--offset", "1"), "2"),
        (("--author", "nobody"), ""),
        (("--mine",), "2"),
    ],
)
def test_list_shows_what_is_asked_for(house: Installation, flags: tuple[str, ...], expected: str) -> None:
    house.well("task", "update", "2", "--assign", "dev-1", "--status", "working")
    house.well("task", "update", "3", "--tag", "red", "--tag", "blue", "--blocked-by", "1")

    listed = house.call("task", "list", "-q", *flags, environ={"TKO_AGENT": "dev-1"})

    assert listed.out.split() == expected.split()


def test_history_says_who_changed_what(house: Installation) -> None:
    house.well("task", "update", "1", "--title", "other")

    shown = house.well("task", "show", "1", "--history")

    assert "created by " in shown
    assert "title: first -> other" in shown


def test_bar_is_for_terminals_alone(house: Installation, tmp_path: Path) -> None:
    """It is on stderr, and gone at the end; a pipe gets ids and nothing else."""
    plan = tmp_path / "plan.md"
    plan.write_text("".join(f"- [ ] item {number}\n" for number in range(30)))

    shown = on_a_terminal(house, "task", "import", str(plan), "--queue", "dev", "-q")
    piped = house.call("task", "import", str(plan), "--queue", "dev", "--source", "again", "-q")

    assert "30/30" in shown
    assert piped.err == ""
    assert piped.out.split() == [str(number) for number in range(34, 64)]
