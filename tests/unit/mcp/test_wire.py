"""What is sent: requests and sessions, byte for byte."""

import json

import pytest

from tinyscheduler.adapters.mcp import wire
from tinyscheduler.errors import ServerRefused, ServerUnavailable


def test_accept_names_both_types_literally_and_declines_compression() -> None:
    """``*/*`` is refused with 406; a packed answer would make the size cap a lie."""
    headers = wire.request_headers(None)

    assert headers["Accept"] == "application/json, text/event-stream"
    assert headers["Content-Type"] == "application/json"
    assert headers["Accept-Encoding"] == "identity"


def test_version_and_session_are_sent_only_after_they_were_agreed() -> None:
    before = wire.request_headers(None)
    after = wire.request_headers(wire.Session("2025-06-18", "abc"))
    stateless = wire.request_headers(wire.Session("2025-06-18"))

    assert not {"MCP-Protocol-Version", "Mcp-Session-Id"} & before.keys()
    assert (after["MCP-Protocol-Version"], after["Mcp-Session-Id"]) == ("2025-06-18", "abc")
    assert "Mcp-Session-Id" not in stateless


def test_a_call_is_one_json_rpc_request() -> None:
    assert json.loads(wire.call_body(7, "get_task", {"id": 1})) == {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "tools/call",
        "params": {"name": "get_task", "arguments": {"id": 1}},
    }


def test_initialize_offers_one_version_and_says_who_we_are() -> None:
    params = json.loads(wire.initialize_body(1, "0.1.0"))["params"]

    assert params["protocolVersion"] == wire.PROTOCOL_VERSION
    assert params["clientInfo"] == {"name": "tinyscheduler", "version": "0.1.0"}


def test_the_initialized_notification_has_no_id() -> None:
    assert json.loads(wire.initialized_body()) == {
        "jsonrpc": "2.0",
        "method": "notifications/initialized",
    }


def test_exactly_the_servers_limit_may_be_sent_and_one_byte_more_may_not() -> None:
    """102,400 exactly is read; above it the server answers 500 without a reason."""
    empty = len(wire.call_body(7, "add_comment", {"content": ""}))
    fitting = "x" * (wire.REQUEST_MAX_BYTES - empty)

    assert len(wire.call_body(7, "add_comment", {"content": fitting})) == 102_400
    with pytest.raises(ServerRefused, match="102,401"):
        wire.call_body(7, "add_comment", {"content": fitting + "x"})


@pytest.mark.parametrize("letter", ["x", "ä", "\u2028", "😀", "\x00", '"', "\ud800"])
def test_a_long_text_loses_its_middle_and_says_how_much(letter: str) -> None:
    """The end stays, because the marker that makes settling idempotent may stand there."""
    text = "BEGIN" + letter * 150_000 + "[lease 0123456789abcdef]"

    cut = wire.with_text_cut("add_comment", {"task_id": 1, "content": text}, "content")
    body = wire.call_body(2**53, "add_comment", cut)

    content = str(cut["content"])
    assert 90_000 < len(body) <= wire.REQUEST_MAX_BYTES
    assert content.startswith("BEGIN")
    assert content.endswith("[lease 0123456789abcdef]")
    assert "characters cut" in content


def test_a_text_that_fits_is_left_alone() -> None:
    arguments: dict[str, wire.Argument] = {"task_id": 1, "content": "x" * 102_000}

    assert wire.with_text_cut("add_comment", arguments, "content") == arguments


def test_cutting_ends_also_when_something_else_is_too_long() -> None:
    arguments: dict[str, wire.Argument] = {"created_by": "x" * 200_000, "content": "short"}

    cut = wire.with_text_cut("add_comment", arguments, "content")

    with pytest.raises(ServerRefused):
        wire.call_body(1, "add_comment", cut)


def test_a_session_is_what_the_server_agreed_to() -> None:
    assert wire.session_of({"protocolVersion": "2025-03-26"}, "abc") == wire.Session("2025-03-26", "abc")
    assert wire.session_of({"protocolVersion": "2030-01-01"}, "") == wire.Session("2030-01-01")


@pytest.mark.parametrize("session_id", ["a b", "a\nX: y", "ä", "x" * 2000])
def test_a_session_id_that_cannot_be_a_header_is_not_sent_back(session_id: str) -> None:
    assert wire.session_of({"protocolVersion": "2025-03-26"}, session_id).id == ""


@pytest.mark.parametrize("result", [None, {}, {"protocolVersion": 5}, {"protocolVersion": "a\nb"}, []])
def test_without_an_agreed_version_there_is_no_session(result: object) -> None:
    with pytest.raises(ServerUnavailable):
        wire.session_of(result, "abc")
