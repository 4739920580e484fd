"""``serve`` for others than this machine, and clients that are slow, many or gone."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.contract.task_server.serving import START_TIMEOUT_S, Serving, serving
from tests.integration.mcp_http import call, client_of, request, told
from tests.integration.test_serve_refused import ended
from tests.waiting import wait_until
from tinyscheduler.taskserver import patience

TOKEN = "a-token-of-some-length"


def token_file(folder: Path, text: str = TOKEN + "\n", mode: int = 0o600) -> str:
    path = folder / "token"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """On all addresses of this machine, of which only loopback is used here."""
    folder = tmp_path_factory.mktemp("guarded")
    arguments = ("--host", "0.0.0.0", "--token-file", token_file(folder), "--allow-host", "tasks.example")
    with serving(folder, *arguments) as running:
        port = running.endpoint.rpartition(":")[2]
        yield running._replace(endpoint=f"http://127.0.0.1:{port}")


def test_who_shows_the_token_comes_in_and_nobody_else(guarded: Serving) -> None:
    with client_of(guarded.endpoint, Authorization=f"Bearer {TOKEN}") as known:
        assert told(known, "list_queues")["count"] == 0
        assert known.get("/health").status_code == 200
    with client_of(guarded.endpoint) as unknown:
        for answer in (unknown.get("/health"), unknown.post("/mcp", content=b"{}"), unknown.get("/x")):
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_by_any_address_and_by_the_names_given(guarded: Serving) -> None:
    with client_of(guarded.endpoint, Authorization=f"Bearer {TOKEN}") as known:
        hosts = ("192.0.2.1:3000", "tasks.example", "evil.example")
        found = [known.get("/health", headers={"Host": host}).status_code for host in hosts]

    assert found == [200, 200, 421]


def test_the_official_client_shows_a_token(guarded: Serving) -> None:
    import httpx2
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def talk() -> int:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as http,
            streamable_http_client(guarded.endpoint, http_client=http) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            return len((await session.list_tools()).tools)

    assert asyncio.run(asyncio.wait_for(talk(), 50)) > 30


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        (None, 0o600, "it cannot be read: no such file or directory"),
        (TOKEN, 0o640, "others can read it"),
        (TOKEN, 0o604, "others can read it"),
        ("short", 0o600, "does not hold one token"),
        ("", 0o600, "does not hold one token"),
        (f"{TOKEN}\n{TOKEN}", 0o600, "does not hold one token"),
        ("x" * 5000, 0o600, "--token-file"),
        ("tökentökentökentöken", 0o600, "does not hold one token"),
    ],
)
def test_a_token_that_is_no_secret_is_refused(tmp_path: Path, text: str | None, mode: int, why: str) -> None:
    path = str(tmp_path / "none") if text is None else token_file(tmp_path, text, mode)

    found = ended(tmp_path, "--port", "0", "--token-file", path)

    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (2, "", 1)
    assert why in found.stderr
    assert ("chmod 600" in found.stderr) != ("secrets.token_urlsafe" in found.stderr), "one cure"
    assert TOKEN not in found.stderr


def test_with_a_token_a_name_is_still_no_address(tmp_path: Path) -> None:
    found = ended(tmp_path, "--host", "example.com", "--token-file", token_file(tmp_path))

    assert found.returncode == 2
    assert "this is no IP address" in found.stderr


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("slow")) as running:
        yield running


def connected(server: Serving) -> socket.socket:
    port = int(server.endpoint.rpartition(":")[2].partition("/")[0])
    return socket.create_connection(("127.0.0.1", port), timeout=30)


HEAD = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"


BEGINNINGS = {
    "nothing": (b"", b""),
    "a word": (b"POST /mcp HT", b""),
    "half a head": (HEAD, b""),
    "half a body": (HEAD + b"\r\n{", b"HTTP/1.1 408 "),
    "letter by letter": (b"GET /health HTTP/1.1\r\nX: ", b""),
}


@pytest.mark.slow
def test_who_does_not_go_on_asking_is_sent_away(server: Serving) -> None:
    """Letter by letter too: each letter would begin a new wait if the wait were for letters."""
    with ExitStack() as stack:
        slow = {name: stack.enter_context(connected(server)) for name in BEGINNINGS}
        for name, connection in slow.items():
            connection.sendall(BEGINNINGS[name][0])
        gone = threading.Event()
        dripping = threading.Thread(target=drip, args=(slow["letter by letter"], gone))
        dripping.start()
        began = time.monotonic()
        said = {name: connection.recv(13) for name, connection in slow.items()}
        took_s = time.monotonic() - began
        gone.set()
        dripping.join()

    assert said == {name: answer for name, (_, answer) in BEGINNINGS.items()}
    assert took_s < 2.5 * patience.HEAD_WAIT_S


def drip(connection: socket.socket, gone: threading.Event) -> None:
    while not gone.wait(0.5):
        try:
            connection.sendall(b"X")
        except OSError:
            return


def test_slow_clients_hold_nobody_up(server: Serving) -> None:
    """A hundred that have said half of what they want."""
    halves = [connected(server) for _ in range(100)]
    try:
        for half in halves:
            half.sendall(HEAD + b"\r\n{")
        with client_of(server.endpoint) as client:
            began = time.monotonic()
            told(client, "create_task", title="quick", created_by="me")
            took_s = time.monotonic() - began
    finally:
        for half in halves:
            half.close()

    assert took_s < 5


def test_who_reads_nothing_holds_nobody_up(server: Serving) -> None:
    """Its answer of a megabyte stays where it is, and the others go on."""
    with client_of(server.endpoint) as client:
        made = told(client, "create_task", title="long", created_by="me", description="x" * 900_000)
        asked = json.dumps(request("get_task", {"id": made["id"]})).encode()
        head = HEAD.replace(b"100", str(len(asked)).encode())
        head += b"Accept: application/json, text/event-stream\r\n\r\n"
        with connected(server) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.sendall(head + asked)
            deaf.recv(10)

            assert told(client, "list_queues")["count"] == 0


def test_long_answers_do_not_fill_the_memory(tmp_path: Path) -> None:
    """Forty of a list of 8 MB; the short answers of others are not touched by it."""
    with ExitStack() as stack:
        server = stack.enter_context(serving(tmp_path))
        client = stack.enter_context(client_of(server.endpoint))
        for number in range(9):
            told(client, "create_task", title=f"long {number}", created_by="me", description="x" * 900_000)
        before = rss_mb(server.process.pid)
        asked = json.dumps(request("list_tasks", {})).encode()
        head = HEAD.replace(b"100", str(len(asked)).encode())
        head += b"Accept: application/json, text/event-stream\r\n\r\n"
        deaf = [stack.enter_context(connected(server)) for _ in range(40)]
        for one in deaf:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.sendall(head + asked)
        said = [one.recv(13) for one in deaf]

        assert {*said} == {b"HTTP/1.1 200 ", b"HTTP/1.1 503 "}
        assert 4 <= said.count(b"HTTP/1.1 200 ") <= 8
        assert told(client, "list_queues")["count"] == 0
        assert rss_mb(server.process.pid) - before < 200
        for one in deaf:
            one.close()
        wait_until(lambda: told_or_none(client, "list_tasks") is not None, "room for a long answer again")

        batch = [{**request("list_tasks", {}), "id": number} for number in range(6)]
        events = client.post("/mcp", json=batch).text.split("\r\n\r\n")
    results = [json.loads(event.partition("data: ")[2])["result"] for event in events if event]
    assert [result["isError"] for result in results] == [False] * 3 + [True] * 3
    error = results[-1]["structuredContent"]["error"]
    assert (error["code"], error["retry"], error["maybe_applied"]) == ("task-server-unavailable", True, False)


def rss_mb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def told_or_none(client: httpx.Client, tool: str) -> object | None:
    answer = client.post("/mcp", json=request(tool, {}))
    return answer if answer.status_code == 200 else None


def test_too_many_connections_are_told_so_and_the_server_lives(server: Serving) -> None:
    from tinyscheduler.taskserver.listen import CONNECTIONS_MAX

    crowd: list[socket.socket] = []
    try:
        crowd.extend(connected(server) for _ in range(CONNECTIONS_MAX + 5))
        crowd[-1].sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        said = crowd[-1].recv(12)
    finally:
        for one in crowd:
            one.close()

    assert said == b"HTTP/1.1 503"
    with client_of(server.endpoint) as client:
        wait_until(lambda: client.get("/health").status_code == 200, "the server lets somebody in again")


def test_a_log_line_cannot_be_forged(tmp_path: Path) -> None:
    """By nothing that a client says: not by a header, a name, a title."""
    forged = "x\nerror tinyscheduler: all tasks deleted\r\x1b[2K"
    with serving(tmp_path) as running:
        with client_of(running.endpoint) as client:
            client.get("/health", headers={"Host": "evil.example error tinyscheduler: all tasks deleted"})
            for tool in ("create_task", forged):
                call(client, tool, title=forged, created_by=forged, **{forged: forged})
            client.post("/mcp", json={"jsonrpc": "2.0", "id": forged, "method": forged, "params": {}})
            client.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/" + forged})
        with connected(running) as rude:
            rude.sendall(b"NONSENSE\x00\nerror tinyscheduler: all tasks deleted\r\n\r\n")
            rude.recv(100)
        running.process.terminate()
        _, complained = running.process.communicate(timeout=START_TIMEOUT_S)

    assert "deleted" not in complained
    assert "\x1b" not in complained
