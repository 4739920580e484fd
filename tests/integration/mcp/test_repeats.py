"""What is asked again, and what is not because it could happen twice."""

from __future__ import annotations

import pytest

from tests.integration import stub_behaviours as stubs
from tests.integration.mcp.known import BOB, ONE, SUE
from tests.integration.stub_http import answer_to
from tests.integration.stub_server import Behaviour, Handler, Message, StubServer
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import ServerUnavailable


@pytest.mark.parametrize(
    "behaviour",
    [stubs.drop, stubs.cut, stubs.fail(502), stubs.fail(503), stubs.locked],
    ids=["dropped", "cut", "502", "503", "locked"],
)
def test_a_question_is_repeated(stub: StubServer, client: McpTaskServer, behaviour: Behaviour) -> None:
    stub.store.add()
    stub.script(behaviour, behaviour)

    assert client.get(ONE).task.id == "1"
    assert len(stub.requests) == 3


def test_an_update_is_repeated_and_still_shows_whom_it_replaced(
    stub: StubServer, client: McpTaskServer
) -> None:
    stub.store.add(assigned_to="pool")
    stub.script(stubs.done_but_drop)

    task = client.update(ONE, assigned_to="bob")

    assert (task.assigned_to, task.previous_assigned_to) == ("bob", "pool")
    assert len(stub.requests) == 2


def test_a_repeat_that_meets_a_hand_in_between_shows_it(stub: StubServer, client: McpTaskServer) -> None:
    """Assigned by the first try, taken by a person, overwritten by the second: the person is named."""
    stub.store.add()

    def meddle(handler: Handler, request: Message) -> None:
        answer_to(handler, request)
        stub.store.change(1, {"assigned_to": "a-person"})
        stubs.drop(handler, request)

    stub.script(meddle)

    assert client.update(ONE, assigned_to="bob").previous_assigned_to == "a-person"


@pytest.mark.parametrize(
    "behaviour",
    [stubs.done_but_drop, stubs.done_but_fail(502), stubs.cut],
    ids=["dropped", "502", "cut"],
)
def test_moves_and_comments_are_never_sent_twice_once_they_may_have_arrived(
    stub: StubServer, client: McpTaskServer, behaviour: Behaviour
) -> None:
    stub.store.add(assigned_to="bob")
    stub.script(behaviour, behaviour)

    with pytest.raises(ServerUnavailable) as moved:
        client.move(ONE, current=BOB, new=SUE, comment="over")
    with pytest.raises(ServerUnavailable) as said:
        client.comment(ONE, "hello", "bob")

    assert (moved.value.maybe_applied, said.value.maybe_applied) == (True, True)
    assert [comment["content"] for comment in stub.store.comments] == ["over", "hello"]


def test_a_locked_database_lets_even_a_move_be_repeated(stub: StubServer, client: McpTaskServer) -> None:
    stub.store.add(assigned_to="bob")
    stub.script(stubs.locked, stubs.locked)

    assert client.move(ONE, current=BOB, new=SUE, comment="over").assigned_to == "sue"
    assert len(stub.store.comments) == 1


def test_a_database_that_stays_locked_did_nothing(stub: StubServer, client: McpTaskServer) -> None:
    stub.script(stubs.locked, stubs.locked, stubs.locked)

    with pytest.raises(ServerUnavailable, match="locked") as caught:
        client.comment(ONE, "hello", "bob")

    assert not caught.value.maybe_applied
    assert len(stub.requests) == 3


def test_a_try_that_may_have_worked_is_not_forgotten_by_later_ones_that_did_not(
    stub: StubServer, client: McpTaskServer
) -> None:
    stub.store.add()
    stub.script(stubs.done_but_drop, stubs.locked, stubs.locked)

    with pytest.raises(ServerUnavailable) as caught:
        client.update(ONE, status="working")

    assert caught.value.maybe_applied


def test_a_gateway_that_stays_bad_is_asked_three_times_and_named(
    stub: StubServer, client: McpTaskServer
) -> None:
    stub.script(*[stubs.fail(502, b"<html>", "text/html")] * 3)

    with pytest.raises(ServerUnavailable, match="502"):
        client.get(ONE)

    assert len(stub.requests) == 3
