"""The tables of refusals: one example for each row, as the public server words it."""

import pytest

from tinyscheduler.adapters.mcp import faults
from tinyscheduler.errors import NotAssigned, ServerRefused, ServerUnavailable, TaskNotFound

TEXTS = [
    ("Error updating task: Execute failed: database is locked", "locked", faults.NotDone),
    ("Unknown tool: get_queue_tasks", "unknown-tool", faults.UnknownTool),
    ('Error calling tool get_task: [ { "code": "invalid_type" } ]', "invalid-arguments", ServerRefused),
    ('Error calling tool x: [ { "received": ": Task not found" } ]', "invalid-arguments", ServerRefused),
    ("Task not found: 99999", "not-found", TaskNotFound),
    ("Error updating task: Task not found: 7", "not-found-inside", TaskNotFound),
    ("Task 2 is not assigned to zed (currently assigned to: bob)", "not-assigned", NotAssigned),
    (
        "Task 2 with status 'complete' cannot be transferred (only 'idle' or 'working' are allowed)",
        "complete",
        NotAssigned,
    ),
    ("Error updating task: Parent task not found: 0", "other", ServerRefused),
    ("Blocking task not found: 0", "other", ServerRefused),
    ("", "other", ServerRefused),
]


@pytest.mark.parametrize(("text", "row", "verdict"), TEXTS)
def test_an_error_text_falls_under_its_row(text: str, row: str, verdict: type[Exception]) -> None:
    assert faults.rule_for(text).name == row
    assert type(faults.tool_fault(text)) is verdict
    assert text[:40] in faults.tool_fault(text).message


def test_every_row_of_the_text_table_has_an_example() -> None:
    assert {rule.name for rule in faults.TEXT_RULES} == {row for _, row, _ in TEXTS}


def test_a_json_rpc_error_is_told_by_its_text_where_the_table_knows_it() -> None:
    assert type(faults.rpc_fault(-32602, "Unknown tool: nope")) is faults.UnknownTool
    assert type(faults.rpc_fault(-32603, "database is locked")) is faults.NotDone
    assert type(faults.rpc_fault(-32601, "Method not found")) is ServerRefused


@pytest.mark.parametrize(
    "text",
    [
        "Received request before initialization was complete",
        "Bad Request: Missing session ID",
        "Bad Request: Server not initialized",
    ],
)
def test_a_server_that_wants_a_session_is_understood(text: str) -> None:
    assert type(faults.rpc_fault(-32000, text)) is faults.SessionNeeded


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (301, ServerUnavailable), (400, ServerUnavailable), (401, ServerUnavailable),
        (403, ServerUnavailable), (404, faults.NotSpoken), (405, faults.NotSpoken),
        (406, ServerUnavailable), (413, ServerUnavailable), (415, ServerUnavailable),
        (418, ServerUnavailable), (429, faults.NotDone), (500, ServerUnavailable),
        (502, faults.Dropped), (503, faults.Dropped), (504, faults.Dropped), (599, ServerUnavailable),
    ],
)  # fmt: skip
def test_no_status_is_held_against_a_task(status: int, verdict: type[Exception]) -> None:
    """A wrong token must not make settlements be given up: no status is a ServerRefused."""
    fault = status_fault(status)

    assert type(fault) is verdict
    assert str(status) in fault.message
    assert fault.hint


def test_a_redirect_names_where_to() -> None:
    assert "https://elsewhere/mcp" in status_fault(307, location="https://elsewhere/mcp").message


def test_the_servers_own_words_are_shown() -> None:
    body = b'{"jsonrpc":"2.0","error":{"code":-32000,"message":"Unsupported protocol version"},"id":null}'

    assert "Unsupported protocol version" in status_fault(400, body=body).message
    assert "Invalid JSON body" in status_fault(400, body=b'{"error":"Invalid JSON body"}').message


def test_not_found_is_about_the_session_only_where_there_is_one() -> None:
    assert type(status_fault(404)) is faults.NotSpoken
    assert type(status_fault(404, has_session=True)) is faults.SessionNeeded
    assert type(status_fault(404, body=b'{"error":"Session not found"}')) is faults.SessionNeeded


def test_a_server_that_wants_a_session_and_gives_none_is_explained() -> None:
    fault = status_fault(400, body=b'{"error":"Missing session ID"}')

    assert type(fault) is faults.SessionNeeded
    assert "SSE" in fault.hint


def test_an_excerpt_is_one_printable_line() -> None:
    """It goes to a terminal: a title may hold sequences that repaint it."""
    assert faults.excerpt("a\x1b[31m\nb\u202ec\ud800 ") == "a [31m b c"
    assert len(faults.excerpt("x" * 10_000)) == faults.EXCERPT_MAX_CHARS


def status_fault(
    status: int, *, body: bytes = b"", location: str = "", has_session: bool = False
) -> ServerUnavailable:
    return faults.status_fault(status, location=location, body=body, has_session=has_session)
