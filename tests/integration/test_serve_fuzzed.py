"""Whatever a client sends to a server process: an answer, never a 500, a traceback, or a word on stderr."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.task_server.serving import START_TIMEOUT_S, command, environment, serving
from tests.integration.mcp_http import call, client_of
from tests.strategies.tool_calls import bodies

FUZZ = settings(
    max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True
)
HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "accept": ("application/json, text/event-stream", "*/*", "application/json", "text/html;q=x", ""),
    "content-type": ("application/json", "application/json; charset=utf-8", "text/plain", ";", ""),
    "mcp-protocol-version": ("2025-06-18", "2025-03-26", "2099-01-01", "x"),
    "mcp-session-id": ("x", "0" * 300),
    "last-event-id": ("1",),
    "content-encoding": ("gzip",),
}
USUAL: Final = {"accept": HEADERS["accept"][0], "content-type": HEADERS["content-type"][0]}


def headers() -> st.SearchStrategy[dict[str, str]]:
    """Mostly the usual ones: others are refused before anything is read."""
    odd = st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(values) for name, values in HEADERS.items()}
    )
    usual: st.SearchStrategy[dict[str, str]] = st.just({})
    is_odd = st.sampled_from([False] * 4 + [True])
    return is_odd.flatmap(lambda wanted: odd if wanted else usual).map(lambda drawn: {**USUAL, **drawn})


@pytest.mark.timeout(240)
def test_over_http_nothing_is_an_error_of_the_server(tmp_path: Path) -> None:
    with serving(tmp_path) as running, client_of(running.endpoint) as client:
        call(client, "create_task", title="one", created_by="me", queue_name="dev", assigned_to="bob")

        @FUZZ
        @given(st.sampled_from(["POST"] * 9 + ["DELETE", "PUT"]), headers(), bodies())
        def play(method: str, given_headers: dict[str, str], body: bytes) -> None:
            answer: httpx.Response = client.request(method, "/mcp", headers=given_headers, content=body)

            assert answer.status_code < 500
            assert b"Traceback" not in answer.content
            assert b'"code":-32603' not in answer.content
            assert b'"code":"internal"' not in answer.content

        play()
        call(client, "list_tasks")
        running.process.terminate()
        _, complained = running.process.communicate(timeout=START_TIMEOUT_S)

    assert (running.process.returncode, complained) == (0, "")


@pytest.mark.timeout(240)
def test_over_stdio_every_line_leaves_the_session_as_it_was(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("--stdio"),
        env=environment(tmp_path),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    writing, reading = process.stdin, process.stdout
    assert writing is not None
    assert reading is not None
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    begin = [
        {"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
    ]
    writing.writelines(json.dumps(message).encode() + b"\n" for message in begin)
    asked = 0

    @FUZZ
    @given(bodies())
    def play(body: bytes) -> None:
        nonlocal asked
        asked += 1
        ping = {"jsonrpc": "2.0", "id": f"still there {asked}", "method": "ping"}
        writing.write(body.replace(b"\n", b" ") + b"\n" + json.dumps(ping).encode() + b"\n")
        writing.flush()

        for line in reading:
            assert b"Traceback" not in line
            assert b'"code":"internal"' not in line
            if json.loads(line).get("id") == ping["id"]:
                return
        raise AssertionError("it has ended")

    play()
    _, complained = process.communicate(timeout=START_TIMEOUT_S)

    assert (process.returncode, complained) == (0, b"")
