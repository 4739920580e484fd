"""The client when things go wrong: time, repeats, a server that is not there, trust, cost.

As in ``test_mcp_client`` the server is the stub; time limits are short and real.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.integration import stub_behaviours as stubs
from tests.integration.stub_server import Behaviour, Handler, Message, StubServer, answer_to
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import ConfigError, ServerUnavailable
from tinyscheduler.model.ids import AgentName, QueueName, TaskId

DEV, QA = QueueName("dev"), QueueName("qa")
BOB, SUE = AgentName("bob"), AgentName("sue")
ONE = TaskId("1")


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with StubServer() as server:
        yield server


@pytest.fixture
def client(stub: StubServer) -> Iterator[McpTaskServer]:
    server = McpTaskServer(stub.url, timeout_s=0.5)
    yield server
    server.close()


# --- time --------------------------------------------------------------------------------------


def test_a_write_that_is_answered_too_late_is_open_and_turns_out_done(
    stub: StubServer, client: McpTaskServer
) -> None:
    """``working`` was written although the call timed out."""
    stub.store.add()
    stub.script(stubs.done_but_hang)

    with pytest.raises(ServerUnavailable, match=r"did not answer within 0\.5 s") as caught:
        client.update(ONE, status="working")

    assert caught.value.maybe_applied
    assert "MCP_TIMEOUT_SEC" in caught.value.hint
    assert client.get(ONE).task.status == "working"
    assert stub.tools == ["update_task", "get_task"]


@pytest.mark.parametrize("behaviour", [stubs.hang, stubs.drip])
def test_a_call_ends_in_time_also_when_bytes_keep_trickling_in(
    stub: StubServer, client: McpTaskServer, behaviour: Behaviour
) -> None:
    """Libraries limit each read; only the sum holds the lock."""
    stub.script(behaviour)
    started = time.monotonic()

    with pytest.raises(ServerUnavailable, match="did not answer"):
        client.get(ONE)

    assert 0.4 < time.monotonic() - started < 2
    assert len(stub.requests) == 1


def test_the_budget_is_for_all_calls_together(stub: StubServer) -> None:
    client = McpTaskServer(stub.url, timeout_s=10, budget_s=0.4)
    stub.always("get_task", stubs.hang)
    started = time.monotonic()

    for _ in range(5):
        with pytest.raises(ServerUnavailable):
            client.get(ONE)
    with pytest.raises(ServerUnavailable, match=r"0\.4 s for all calls") as caught:
        client.update(ONE, status="idle")
    client.close()

    assert time.monotonic() - started < 2
    assert not caught.value.maybe_applied
    assert len(stub.requests) == 1


# --- repeats -----------------------------------------------------------------------------------


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
        stub.store.update_task({"id": 1, "assigned_to": "a-person"})
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


# --- a server that is not there ----------------------------------------------------------------


def test_a_refused_connection_is_named_with_its_address_and_is_surely_not_applied() -> None:
    port = _unused_port()
    client = McpTaskServer(f"http://127.0.0.1:{port}")

    with pytest.raises(ServerUnavailable, match=rf"refused.*127\.0\.0\.1:{port}/mcp") as caught:
        client.move(ONE, current=BOB, new=SUE, comment="")
    client.close()

    assert not caught.value.maybe_applied
    assert "MCP_ENDPOINT" in caught.value.hint


def test_a_server_that_is_down_costs_a_pass_less_than_two_seconds() -> None:
    """Two repeats for the pass, not two for each of its calls."""
    client = McpTaskServer(f"http://127.0.0.1:{_unused_port()}")
    started = time.monotonic()
    with pytest.raises(ServerUnavailable):
        client.get(ONE)
    assert time.monotonic() - started > 0.19, "a server that restarts was given no second chance"

    for _ in range(50):
        with pytest.raises(ServerUnavailable):
            client.get(ONE)
    with pytest.raises(ServerUnavailable):
        client.backlog((DEV, QA), (BOB, SUE), 10)
    client.close()

    assert time.monotonic() - started < 2


def test_a_server_that_restarts_between_two_calls_is_not_noticed(
    stub: StubServer, client: McpTaskServer
) -> None:
    """The connection kept alive is dead, and the next call must not be taken for lost with it."""
    stub.store.add(assigned_to="bob")
    client.get(ONE)
    stub.stop()
    stub.start()

    moved = client.move(ONE, current=BOB, new=SUE, comment="over")

    assert moved.assigned_to == "sue"
    assert len(stub.store.comments) == 1


def test_a_server_that_was_down_is_asked_again_by_the_same_client(
    stub: StubServer, client: McpTaskServer
) -> None:
    stub.store.add()
    stub.stop()
    with pytest.raises(ServerUnavailable, match="refused"):
        client.get(ONE)
    stub.start()

    assert client.get(ONE).task.id == "1"


def test_a_proxy_in_the_environment_is_not_used_for_this_machine(
    stub: StubServer, client: McpTaskServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Crontabs often carry one, and it could not reach our loopback."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{_unused_port()}")
    stub.store.add()

    assert client.get(ONE).task.id == "1"


def test_a_proxy_in_the_environment_is_used_for_other_machines(
    stub: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stub is the proxy: it gets the whole address as its path."""
    monkeypatch.setenv("http_proxy", stub.url.removesuffix("/mcp"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    stub.store.add()
    client = McpTaskServer("http://tasks.invalid:3000", timeout_s=5)

    assert client.get(ONE).task.id == "1"
    client.close()
    assert stub.requests[0].path == "http://tasks.invalid:3000/mcp"


def test_a_proxy_that_is_no_address_is_a_fault_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "gopher://u:hunter2@h")
    client = McpTaskServer("http://tasks.invalid:3000")

    with pytest.raises(ConfigError) as caught:
        client.get(ONE)

    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"


# --- trust -------------------------------------------------------------------------------------


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said(tmp_path: Path) -> None:
    """The token would go to whoever listens."""
    with StubServer(certificate=_certificate(tmp_path, "127.0.0.1")) as stub:
        client = McpTaskServer(stub.url, headers={"Authorization": "Bearer x"}, timeout_s=5)

        with pytest.raises(ServerUnavailable, match="cannot be trusted") as caught:
            client.move(ONE, current=BOB, new=SUE, comment="")
        client.close()

        assert stub.requests == []
        assert not caught.value.maybe_applied
        assert "MCP_CA_FILE" in caught.value.hint


def test_an_authority_of_ones_own_can_be_named(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path, "127.0.0.1")
    with StubServer(certificate=certificate) as stub:
        stub.store.add()
        client = McpTaskServer(stub.url, ca_file=certificate, timeout_s=5)

        assert client.get(ONE).task.id == "1"
        client.close()


def test_a_certificate_of_another_host_is_refused(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path, "127.0.0.2")
    with StubServer(certificate=certificate) as stub:
        client = McpTaskServer(stub.url, ca_file=certificate, timeout_s=5)

        with pytest.raises(ServerUnavailable, match="cannot be trusted"):
            client.get(ONE)
        client.close()


def test_a_server_without_tls_is_not_trusted_with_https(stub: StubServer) -> None:
    client = McpTaskServer(stub.url.replace("http:", "https:"), timeout_s=5)

    with pytest.raises(ServerUnavailable, match="does not speak TLS") as caught:
        client.get(ONE)
    client.close()
    assert "http://" in caught.value.hint


def test_a_ca_file_that_cannot_be_used_is_a_fault_of_the_settings() -> None:
    client = McpTaskServer("https://127.0.0.1:1", ca_file="/nowhere/ca.pem")

    with pytest.raises(ConfigError, match=r"/nowhere/ca\.pem"):
        client.get(ONE)


# --- cost --------------------------------------------------------------------------------------

EXPENSIVE = (
    "asyncio", "click", "httpx._main", "markdown_it", "mcp", "multiprocessing", "pydantic", "pygments",
    "rich", "sqlite3", "subprocess", "trio",
)  # fmt: skip

_ONE_PASS = f"""
import sys
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
server = McpTaskServer(sys.argv[1])
assert "httpx" not in sys.modules, "httpx is loaded before it is needed"
server.backlog(("dev",), ("bob",), 10)
server.close()
import gc
assert gc.isenabled()
print([name for name in {EXPENSIVE!r} if name in sys.modules])
"""


def test_a_call_loads_nothing_that_a_pass_cannot_afford(stub: StubServer) -> None:
    """ADR 0020: the library's command line alone costs as much as everything else."""
    done = subprocess.run(
        [sys.executable, "-c", _ONE_PASS, stub.url], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")


def _unused_port() -> int:
    """Of a socket that was bound and is closed: nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _certificate(folder: Path, address: str) -> str:
    """A PEM file with a key and a certificate that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stub")])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "stub.pem"
    path.write_bytes(pem)
    return str(path)
