"""Answers that are none: each is one clear error, and nothing is taken for an empty queue."""

from __future__ import annotations

import json
import time
from contextlib import closing

import pytest

from tests.integration import stub_behaviours as stubs
from tests.integration.mcp.known import BOB, DEV, ONE, QA, SUE, TOKEN
from tests.integration.stub_http import event
from tests.integration.stub_server import StubServer
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import (
    ServerUnavailable,
    TaskUnreadable,
)

HTML = b"<!doctype html><title>Log in</title>"

USELESS = {
    "html": stubs.say(HTML, "text/html"),
    "wrong content type": stubs.say(b"{}", "text/plain"),
    "empty": stubs.say(b""),
    "another language": stubs.say(b"\x00\x01\x02"),
    "packed": stubs.say(b"x", Content_Encoding="gzip"),
    "cut inside JSON": stubs.cut_but_framed,
    "a list instead of an object": stubs.say(
        event({"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "[]"}]}})
    ),
    "nested too deeply": stubs.say(b"data: " + b"[" * 100_000 + b"\n\n"),
    "500": stubs.fail(500, b'{"error":"Internal server error"}'),
    "202": stubs.fail(202, b""),
    "50 MB": stubs.huge(50),
}


@pytest.mark.parametrize("kind", USELESS)
def test_a_useless_answer_to_a_write_leaves_open_whether_it_happened(
    stub: StubServer, client: McpTaskServer, kind: str
) -> None:
    """It reached somebody; law 4: neither done nor undone."""
    stub.store.add(assigned_to="bob")
    stub.script(USELESS[kind])

    with pytest.raises(ServerUnavailable) as caught:
        client.move(ONE, current=BOB, new=SUE, comment="")

    assert caught.value.maybe_applied
    assert len(stub.requests) == 1


@pytest.mark.parametrize("kind", [kind for kind in USELESS if kind != "50 MB"])
def test_a_useless_answer_to_a_question_changed_nothing(
    stub: StubServer, client: McpTaskServer, kind: str
) -> None:
    stub.script(USELESS[kind])

    with pytest.raises(ServerUnavailable) as caught:
        client.get(ONE)

    assert not caught.value.maybe_applied


def test_an_answer_that_is_packed_is_called_so(stub: StubServer, client: McpTaskServer) -> None:
    """By its head alone: a small one may be a bomb."""
    stub.script(USELESS["packed"])

    with pytest.raises(ServerUnavailable, match=r"answers compressed \(gzip\), unasked"):
        client.get(ONE)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 413, 415])
def test_a_refused_request_was_not_carried_out(stub: StubServer, client: McpTaskServer, status: int) -> None:
    stub.script(stubs.fail(status))

    with pytest.raises(ServerUnavailable, match=str(status)) as caught:
        client.move(ONE, current=BOB, new=SUE, comment="")

    assert not caught.value.maybe_applied
    assert caught.value.hint


def test_an_answer_above_the_cap_is_not_read_to_its_end(stub: StubServer) -> None:
    """By a client with patience: a busy machine takes a while for 16 MiB."""
    stub.script(stubs.huge(50))

    client = McpTaskServer(stub.url, timeout_s=20)
    with closing(client), pytest.raises(TaskUnreadable, match="16 MiB"):
        client.get(ONE)


def test_a_redirect_is_named_and_not_followed(stub: StubServer, client: McpTaskServer) -> None:
    with StubServer() as elsewhere:
        stub.script(stubs.redirect(f"{elsewhere.url}?token=abc"))

        with pytest.raises(ServerUnavailable, match="redirect") as caught:
            client.get(ONE)

        assert elsewhere.url in caught.value.message
        assert "abc" not in caught.value.message
        assert elsewhere.requests == []


def test_one_queue_that_fails_is_a_gap(stub: StubServer, client: McpTaskServer) -> None:
    for _ in range(501):
        stub.store.add()
    stub.always("get_queue_tasks", stubs.fail(500), queue_name="qa")

    found = client.backlog((DEV, QA), (BOB,), 10_000)

    assert len(found.tasks) == 501
    assert [(gap.queue, gap.agent) for gap in found.gaps] == [(QA, None)]
    assert "500" in found.gaps[0].why


def test_one_unreadable_task_is_a_gap_and_the_others_are_there(
    stub: StubServer, client: McpTaskServer
) -> None:
    stub.store.add()
    stub.store.raw_rows.append({"id": 7, "queue_name": "dev", "status": "idle"})

    found = client.backlog((DEV,), (), 10)

    assert [task.id for task in found.tasks] == ["1"]
    assert found.gaps[0].queue == DEV


def test_a_stream_that_stays_open_after_the_answer_holds_nobody(stub: StubServer) -> None:
    patient = McpTaskServer(stub.url, timeout_s=15)
    stub.script(stubs.keep_open)
    stub.store.add()
    started = time.monotonic()

    shown = patient.get(ONE)
    patient.close()

    assert shown.task.id == "1"
    assert time.monotonic() - started < 5


def test_no_error_shows_what_was_sent_as_a_header(stub: StubServer, client: McpTaskServer) -> None:
    """Also when the server quotes it."""
    stub.script(stubs.fail(401, json.dumps({"error": f"bad token {TOKEN}"}).encode()))

    with pytest.raises(ServerUnavailable, match="401") as caught:
        client.get(ONE)

    assert TOKEN not in f"{caught.value} {caught.value.message} {caught.value.hint}"
    assert "bad token ***" in caught.value.message
