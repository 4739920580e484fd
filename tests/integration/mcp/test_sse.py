"""Servers that speak the transport of 2024: found by looking, spoken to behind the same port."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration import stub_behaviours as stubs
from tests.integration.mcp.known import BOB, DEV, ONE, SUE, TOKEN
from tests.integration.stub_http import answer_to, event
from tests.integration.stub_server import Behaviour, Handler, Message, StubServer
from tinyscheduler.adapters.mcp.manners import Memory
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import ServerUnavailable, TaskNotFound, TaskUnreadable
from tinyscheduler.model.ids import TaskId

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with StubServer("sse") as server:
        yield server


@pytest.fixture
def client(stub: StubServer) -> Iterator[McpTaskServer]:
    with closing(McpTaskServer(stub.url, headers=HEADERS, timeout_s=15)) as server:
        yield server


def remembering(stub: StubServer, memory: Memory) -> McpTaskServer:
    return McpTaskServer(stub.url, headers=HEADERS, timeout_s=15, memory=memory)


def test_every_operation_works(stub: StubServer, client: McpTaskServer) -> None:
    stub.store.add(queue_name="dev", title="a\u2028b\u2029c\u0085d")

    backlog = client.backlog((DEV,), (BOB,), 100)
    claimed = client.update(ONE, assigned_to="bob", status="working")
    client.comment(ONE, "started", "bob")
    moved = client.move(ONE, current=BOB, new=SUE, comment="please test")
    shown = client.get(ONE)

    assert [task.title for task in backlog.tasks] == ["a\u2028b\u2029c\u0085d"]
    assert (claimed.assigned_to, claimed.previous_assigned_to) == ("bob", None)
    assert (moved.assigned_to, moved.status) == ("sue", "idle")
    assert [comment.text for comment in shown.comments] == ["started", "please test"]
    with pytest.raises(TaskNotFound):
        client.get(TaskId("99"))


def test_it_is_found_by_looking_and_then_one_stream_and_one_connection_serve_all_calls(
    stub: StubServer, client: McpTaskServer
) -> None:
    """What was refused was not carried out, so nothing of it is asked twice of the store."""
    stub.store.add()

    for _ in range(3):
        client.get(ONE)
    client.close()

    assert stub.tools == [
        "get_task", "initialize", "GET",
        "initialize", "notifications/initialized", "get_task", "get_task", "get_task",
    ]  # fmt: skip
    assert len({seen.connection for seen in stub.requests[3:]}) == 1
    assert {seen.headers["authorization"] for seen in stub.requests} == {f"Bearer {TOKEN}"}


def test_what_was_found_is_remembered_and_saves_the_look(stub: StubServer, memory: Memory) -> None:
    stub.store.add()
    with closing(remembering(stub, memory)) as first:
        first.get(ONE)
    stub.requests.clear()

    with closing(remembering(stub, memory)) as second:
        second.get(ONE)

    assert stub.tools == ["GET", "initialize", "notifications/initialized", "get_task"]


def test_a_dry_look_uses_the_memory_and_writes_none(stub: StubServer, memory: Memory) -> None:
    stub.store.add()

    with closing(remembering(stub, memory._replace(is_read_only=True))) as client:
        client.get(ONE)

    assert not Path(memory.path).parent.exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": 1, "servers": 7}', "\x00\xff", '{"schema": 2}'])
def test_a_memory_that_says_nothing_is_looked_past(stub: StubServer, memory: Memory, text: str) -> None:
    stub.store.add()
    Path(memory.path).parent.mkdir()
    Path(memory.path).write_text(text)

    with closing(remembering(stub, memory)) as client:
        assert client.get(ONE).task.id == "1"


def test_a_server_that_has_learnt_the_newer_transport_is_noticed(stub: StubServer, memory: Memory) -> None:
    """Its GET opens a stream on which nothing is ever said."""
    stub.store.add()
    with closing(remembering(stub, memory)) as before:
        before.get(ONE)
    stub.become("public")

    with closing(remembering(stub, memory)) as after:
        moved = after.update(ONE, assigned_to="bob")
    stub.requests.clear()
    with closing(remembering(stub, memory)) as later:
        later.get(ONE)

    assert moved.previous_assigned_to is None
    assert stub.tools == ["get_task"]


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503])
def test_a_stream_that_is_refused_for_another_reason_is_no_reason_to_post(
    stub: StubServer, memory: Memory, status: int
) -> None:
    """A proxy while the server restarts; a token that has run out."""
    stub.store.add(assigned_to="bob")
    with closing(remembering(stub, memory)) as before:
        before.get(ONE)
    stub.requests.clear()
    stub.sse.status = status

    with (
        closing(remembering(stub, memory)) as after,
        pytest.raises(ServerUnavailable, match=str(status)) as caught,
    ):
        after.move(ONE, current=BOB, new=SUE, comment="over")

    assert set(stub.tools) == {"GET"}
    assert not caught.value.maybe_applied


def test_a_redirect_of_the_stream_or_of_a_post_is_not_followed(stub: StubServer, memory: Memory) -> None:
    stub.store.add()
    with StubServer() as elsewhere, closing(remembering(stub, memory)) as client:
        client.get(ONE)
        stub.script(stubs.redirect(elsewhere.url))
        with pytest.raises(ServerUnavailable, match="redirect"):
            client.get(ONE)
        stub.sse.status = 307
        with pytest.raises(ServerUnavailable, match="307"):
            client.get(ONE)

        assert elsewhere.requests == []


def test_a_server_that_was_put_back_to_the_older_transport_is_noticed(
    stub: StubServer, memory: Memory
) -> None:
    stub.become("public")
    stub.store.add()
    with closing(remembering(stub, memory)) as before:
        before.get(ONE)
    stub.become("sse")

    with closing(remembering(stub, memory)) as after:
        assert after.get(ONE).task.id == "1"


def test_a_restart_between_two_calls_is_not_noticed(stub: StubServer, client: McpTaskServer) -> None:
    """The session ended with its stream; the call that finds out was not carried out."""
    stub.store.add(assigned_to="bob")
    client.get(ONE)
    stub.stop()
    stub.start()

    assert client.move(ONE, current=BOB, new=SUE, comment="over").assigned_to == "sue"
    assert len(stub.store.comments) == 1


def done_but_cut(handler: Handler, message: Message) -> None:
    """Carried out; the stream ends before it says so."""
    answer_to(handler, message)
    handler.server.stub.sse.cut_streams()
    handler.reply(202, b"Accepted", "text/plain")


def test_a_question_whose_stream_ends_is_asked_again(stub: StubServer, client: McpTaskServer) -> None:
    stub.store.add()
    client.get(ONE)
    stub.script(done_but_cut)

    assert client.get(ONE).task.id == "1"


def test_a_move_whose_stream_ends_is_not_sent_again(stub: StubServer, client: McpTaskServer) -> None:
    stub.store.add(assigned_to="bob")
    client.get(ONE)
    stub.script(done_but_cut)

    with pytest.raises(ServerUnavailable, match="ended the stream") as caught:
        client.move(ONE, current=BOB, new=SUE, comment="over")

    assert caught.value.maybe_applied
    assert [said["content"] for said in stub.store.comments] == ["over"]


def never_answered(handler: Handler, message: Message) -> None:
    """Taken, carried out, and nothing said on the stream."""
    answer_to(handler, message)
    handler.reply(202, b"Accepted", "text/plain")


def only_pings(handler: Handler, message: Message) -> None:
    """Every single wait is short, the whole has no end."""
    never_answered(handler, message)
    stub = handler.server.stub
    while not stub.released.wait(0.05) and stub.sse.streams:
        stub.sse.say(b":\n")


@pytest.mark.parametrize("behaviour", [never_answered, only_pings])
def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_any_other(
    stub: StubServer, behaviour: Behaviour
) -> None:
    stub.store.add()
    with closing(McpTaskServer(stub.url, timeout_s=1.5)) as client:
        client.get(ONE)
        stub.script(behaviour)
        started = time.monotonic()

        with pytest.raises(ServerUnavailable, match="did not answer") as caught:
            client.update(ONE, status="working")

        assert 1.4 < time.monotonic() - started < 15
        assert caught.value.maybe_applied
        assert client.get(ONE).task.status == "working"


def test_what_else_comes_on_the_stream_is_passed_over(stub: StubServer, client: McpTaskServer) -> None:
    """Pings, notifications, answers to others; whole, in parts, and behind the answer."""
    stub.store.add()
    client.get(ONE)
    note = event({"jsonrpc": "2.0", "method": "notifications/message", "params": {}})
    stub.sse.say(b": ping\r\n\r\n" + note + event({"jsonrpc": "2.0", "id": 9999, "result": 7}) + note[:20])
    stub.sse.say(note[20:])

    assert client.get(ONE).task.id == "1"
    assert client.get(ONE).task.id == "1"


def test_an_address_on_another_server_is_not_used(stub: StubServer, client: McpTaskServer) -> None:
    """The token would go there."""
    with StubServer() as elsewhere:
        stub.sse.address = elsewhere.url + "?sessionId={session}"

        with pytest.raises(ServerUnavailable):
            client.get(ONE)

        assert elsewhere.requests == []


def test_an_answer_above_the_cap_is_not_read_to_its_end(stub: StubServer) -> None:
    with closing(McpTaskServer(stub.url, timeout_s=20)) as client:
        stub.store.add(description="x" * (17 * 2**20))

        with pytest.raises(TaskUnreadable, match="16 MiB"):
            client.get(ONE)


def test_a_server_that_is_no_task_server_at_all_says_what_it_said_first(stub: StubServer) -> None:
    stub.become("public")
    stub.always("get_task", stubs.fail(404, b'{"error":"Not found"}'))
    stub.sse.is_mute = True

    with closing(McpTaskServer(stub.url, timeout_s=0.5)) as client:
        for _ in range(2):
            with pytest.raises(ServerUnavailable, match="404") as caught:
                client.get(ONE)
        assert not caught.value.maybe_applied
    assert stub.tools == ["get_task", "GET", "get_task"], "one look a pass"


def test_an_error_shows_no_secret(stub: StubServer, client: McpTaskServer) -> None:
    stub.store.add()
    client.get(ONE)
    stub.script(stubs.fail(401, f'{{"error": "bad token {TOKEN}"}}'.encode()))

    with pytest.raises(ServerUnavailable, match=r"bad token \*\*\*") as caught:
        client.get(ONE)

    assert TOKEN not in f"{caught.value} {caught.value.hint}"
