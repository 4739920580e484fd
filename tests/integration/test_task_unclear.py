"""Answers that are lost on the way: what ``task`` does when nobody says whether it has happened (law 4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.command_scenes import TWO_QUEUES
from tests.integration.commands import Answer, Installation, an_installation
from tests.integration.stub_behaviours import done_but_drop, done_but_fail, drop, fail
from tests.integration.stub_server import Behaviour, Handler, Message, StubServer

PLAN = "- [ ] a\n  - [x] b\n  - [ ] c\n- [ ] d\n"


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with StubServer("public") as made:
        yield made


class Caller:
    """Commands against one server."""

    def __init__(self, house: Installation, stub: StubServer) -> None:
        self.house = house
        self.stub = stub

    def call(self, *arguments: str, stdin: str = "") -> Answer:
        return self.house.call("task", *arguments, "--mcp-endpoint", self.stub.url, stdin=stdin)

    def titles(self) -> list[str]:
        listed = self.call("list", "--all", "--archived").out.splitlines()[1:]
        return sorted(line.split()[-1] for line in listed)


@pytest.fixture
def caller(base: Path, stub: StubServer) -> Caller:
    house = an_installation(base, TWO_QUEUES)
    (base / "plan.md").write_text(PLAN)
    return Caller(house, stub)


def test_task_that_was_made_all_the_same_is_named(caller: Caller) -> None:
    """Sent once, whatever comes back."""
    caller.stub.always("create_task", done_but_drop)

    answer = caller.call("add", "one", "--queue", "dev")

    assert (answer.code, answer.out) == (3, "")
    assert "task 1 of this title was made at " in answer.err
    assert caller.stub.tools.count("create_task") == 1
    assert caller.titles() == ["one"]


def test_task_that_was_not_made_is_said_not_to_be_there(caller: Caller) -> None:
    caller.stub.always("create_task", drop)

    answer = caller.call("add", "one", "--queue", "dev")

    assert answer.code == 3
    assert "there is no task of this title now; it may still arrive: look again" in answer.err
    assert caller.stub.tools.count("create_task") == 1


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (done_but_drop, "the same comment was made at "),
        (drop, "the comment is not there now; it may still arrive: look again"),
    ],
)
def test_comment_is_looked_for(caller: Caller, behaviour: Behaviour, words: str) -> None:
    caller.call("add", "one", "--queue", "dev")
    caller.stub.always("add_comment", behaviour)

    answer = caller.call("comment", "1", "hello")

    assert answer.code == 3
    assert words in answer.err
    assert caller.stub.tools.count("add_comment") == 1


def test_among_tasks_that_cannot_be_read_nobody_says_that_it_is_not_there(caller: Caller) -> None:
    """The hint was to add it again."""
    caller.call("add", "one", "--queue", "dev")
    caller.stub.store.tasks[1]["created_at"] = "yesterday"
    caller.stub.always("create_task", drop)

    answer = caller.call("add", "one", "--queue", "dev")

    assert answer.code == 3
    assert "it may have been made all the same, nobody can tell (1 left out as unreadable: " in answer.err
    assert "add it again" not in answer.err


def test_change_does_not_follow_a_comment_that_may_be_missing(caller: Caller) -> None:
    caller.call("add", "one", "--queue", "dev")
    caller.stub.always("add_comment", drop)

    answer = caller.call("update", "1", "--queue", "qa", "--comment", "please test")

    assert answer.code == 3
    assert "dev" in caller.call("list").out


@pytest.mark.parametrize(("behaviour", "code"), [(done_but_drop, 0), (drop, 3)])
def test_move_is_seen_to_have_happened_or_not(caller: Caller, behaviour: Behaviour, code: int) -> None:
    caller.call("add", "one", "--queue", "dev", "--assign", "dev-1")
    caller.stub.always("move_task", behaviour)

    answer = caller.call("move", "1", "--to", "qa-1")

    assert answer.code == code
    assert ("assigned to qa-1" in answer.out) == (code == 0)
    assert ("it is not moved now; it may still arrive: look again" in answer.err) == (code == 3)
    assert caller.stub.tools.count("move_task") == 1


def test_move_to_whoever_has_it_is_not_taken_for_done(caller: Caller) -> None:
    """Where it lies says nothing, and the comment would be lost."""
    caller.call("add", "one", "--queue", "dev", "--assign", "dev-1")
    caller.stub.always("move_task", drop)

    answer = caller.call("move", "1", "--to", "dev-1", "--comment", "please hurry")

    assert (answer.code, answer.out) == (3, "")
    assert "it may have happened all the same: look with tinyscheduler task show 1" in answer.err


def test_move_by_somebody_else_is_not_taken_for_ours(caller: Caller) -> None:
    """To the same agent, between our look and our call; what we said is not there."""
    caller.call("add", "one", "--queue", "dev", "--assign", "dev-1")

    def taken_first(handler: Handler, message: Message) -> None:
        caller.stub.store.row(1)["assigned_to"] = "qa-1"
        drop(handler, message)

    caller.stub.always("move_task", taken_first)

    answer = caller.call("move", "1", "--to", "qa-1", "--comment", "please hurry")

    assert answer.code == 3
    assert "qa-1 has it now, but the comment is not there: look with " in answer.err


def test_lines_stop_at_the_one_that_nobody_knows_of(caller: Caller) -> None:
    caller.stub.always("create_task", done_but_drop, title="two")

    answer = caller.call("add", "--lines", "--queue", "dev", stdin="one\ntwo\nthree\n")

    assert (answer.code, answer.out) == (3, "1\n")
    assert "line 2: " in answer.err
    assert "task 2 of this title was made at " in answer.err
    assert caller.titles() == ["one", "two"]


def test_import_finds_what_was_made_and_goes_on(caller: Caller) -> None:
    """Every single answer is lost."""
    caller.stub.always("create_task", done_but_drop)

    answer = caller.call("import", "plan.md", "--queue", "dev")

    assert answer.code == 0, answer
    assert "4 tasks made" in answer.out
    assert caller.titles() == ["a", "b", "c", "d"]
    assert caller.stub.tools.count("create_task") == 4


def test_import_stops_where_a_request_may_still_arrive_and_is_done_again(caller: Caller) -> None:
    caller.stub.always("create_task", drop, title="c")
    broken = caller.call("import", "plan.md", "--queue", "dev")
    caller.stub.always("create_task", done_but_drop, title="c")
    again = caller.call("import", "plan.md", "--queue", "dev")

    assert (broken.code, again.code) == (3, 0)
    assert "2 of 4 items are tasks now" in broken.err
    assert caller.titles() == ["a", "b", "c", "d"]
    assert "complete" in caller.call("list", "--all", "--text", "b").out


CHANGES = (
    (("update", "1", "--priority", "9", "--tag", "urgent"), "update_task"),
    (("update", "1", "--status", "working"), "update_task"),
    (("update", "1", "--queue", ""), "remove_task_from_queue"),
    (("update", "1", "--blocked-by", "2", "--assign", "dev-1"), "update_task"),
    (("done", "1"), "update_task"),
    (("move", "1", "--queue", "qa"), "update_task"),
    (("move", "1", "--parent", "2"), "update_task"),
    (("archive", "1"), "archive_task"),
)


@pytest.mark.parametrize(("arguments", "tool"), CHANGES, ids=lambda given: " ".join(given[:3]))
@pytest.mark.parametrize("lost", [done_but_drop, done_but_fail(502)], ids=["dropped", "bad gateway"])
def test_change_that_was_made_all_the_same_is_done_and_sent_once(
    caller: Caller, lost: Behaviour, arguments: tuple[str, ...], tool: str
) -> None:
    """Sent again it would undo what an agent that has claimed the task meanwhile has done."""
    caller.call("add", "one", "--queue", "dev")
    caller.call("add", "two", "--queue", "dev")
    caller.stub.always(tool, lost)

    answer = caller.call(*arguments)

    assert (answer.code, answer.err) == (0, ""), answer
    assert answer.out.startswith("task 1: ")
    assert caller.stub.tools.count(tool) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("update", "1", "--priority", "9", "--status", "idle"), "not as it was to be now: priority; it may"),
        (("done", "1"), "not as it was to be now: status; it may still arrive: look again"),
        (("archive", "1"), "it is not archived now; it may still arrive: look again"),
    ],
)
def test_change_that_is_not_there_is_told_and_sent_once(
    caller: Caller, arguments: tuple[str, ...], words: str
) -> None:
    caller.call("add", "one", "--queue", "dev")
    tool = "archive_task" if arguments[0] == "archive" else "update_task"
    caller.stub.always(tool, drop)

    answer = caller.call(*arguments)

    assert (answer.code, answer.out) == (3, "")
    assert words in answer.err
    assert caller.stub.tools.count(tool) == 1


def test_change_of_which_nobody_can_see_anything_may_have_happened(caller: Caller) -> None:
    caller.call("add", "one", "--queue", "dev")
    caller.stub.always("update_task", done_but_drop)
    caller.stub.always("get_task", fail(500))

    answer = caller.call("done", "1")

    assert (answer.code, answer.out) == (3, "")
    assert "it may have happened all the same: look with tinyscheduler task show 1" in answer.err


def test_first_half_of_a_change_is_not_forgotten_where_the_second_is_not_sent(caller: Caller) -> None:
    """Taken out of its queue by one call, and given to somebody by another one, which is turned away."""
    caller.call("add", "one", "--queue", "dev")
    caller.stub.always("update_task", fail(401))

    answer = caller.call("update", "1", "--queue", "", "--assign", "dev-1")

    assert answer.code == 3
    assert "not as it was to be now: agent; " in answer.err
