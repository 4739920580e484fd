"""``serve --stdio``: one client that starts its server itself, as most coding agents do."""

import asyncio
import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.contract.task_server.serving import START_TIMEOUT_S, command, environment
from tinyscheduler.taskserver.exchange import BODY_MAX_BYTES
from tinyscheduler.taskserver.tools import TOOLS
from tinyscheduler.taskstore.rows import TaskFilter
from tinyscheduler.taskstore.store import Store


def started(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("--stdio"),
        env=environment(folder),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_official_client_talks_to_it(tmp_path: Path) -> None:
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    argv = command("--stdio")
    parameters = StdioServerParameters(
        command=argv[0], args=argv[1:], env=environment(tmp_path), cwd=tmp_path
    )

    async def talk() -> tuple[set[str], str, str, bool, str]:
        async with (
            stdio_client(parameters) as (reading, writing),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = await session.list_tools()
            made = await session.call_tool("create_task", {"title": "by\u2028stdio", "created_by": "me"})
            lost = await session.call_tool("get_task", {"id": 99})
            read = await session.read_resource("task://1")
            return (
                {tool.name for tool in tools.tools},
                made.content[0].text,  # type: ignore[union-attr]
                lost.content[0].text,  # type: ignore[union-attr]
                bool(lost.is_error),
                read.contents[0].text,  # type: ignore[union-attr]
            )

    tools, made, lost, is_error, read = asyncio.run(asyncio.wait_for(talk(), 50))

    assert tools == set(TOOLS)
    assert json.loads(made)["title"] == "by\u2028stdio"
    assert (lost, is_error) == ("Task not found: 99", True)
    assert json.loads(read)["id"] == 1
    store = Store(str(tmp_path / "state" / "tasks.db"))
    assert store.task(1).title == "by\u2028stdio"
    store.close()


CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "create_task", "arguments": {"title": "t", "created_by": "me"}},
}
HELLO = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def greet(process: subprocess.Popen[str]) -> None:
    """As every client begins."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{json.dumps(HELLO)}\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == 0
    process.stdin.write(f"{json.dumps(READY)}\n{json.dumps(CALL)}\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["result"]["isError"] is False


def test_it_ends_well_with_its_stdin(tmp_path: Path) -> None:
    process = started(tmp_path)
    greet(process)

    said, complained = process.communicate(timeout=START_TIMEOUT_S)

    assert (process.returncode, said, complained) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well_by_a_signal_while_it_waits(tmp_path: Path, number: signal.Signals) -> None:
    process = started(tmp_path)
    greet(process)

    process.send_signal(number)
    process.wait(timeout=START_TIMEOUT_S)
    said, complained = process.communicate(timeout=START_TIMEOUT_S)

    assert (process.returncode, said, complained) == (0, "", "")


def test_a_line_without_end_is_refused_once_and_the_session_goes_on(tmp_path: Path) -> None:
    """A client gone mad would fill the memory; what comes behind the line is somebody's work."""
    process = started(tmp_path)
    greet(process)
    assert process.stdin is not None
    assert process.stdout is not None
    call = {**CALL, "params": {"name": "list_queues", "arguments": {"x": "y" * 64_000_000}}}

    process.stdin.write(f"{json.dumps(call)}\n{json.dumps({**CALL, 'id': 2})}\n")
    process.stdin.flush()
    refused, done = json.loads(process.stdout.readline()), json.loads(process.stdout.readline())
    memory = Path(f"/proc/{process.pid}/status").read_text().split("VmHWM:")[1].split()[0]
    said, complained = process.communicate(timeout=START_TIMEOUT_S)

    assert (refused["id"], refused["error"]["code"]) == (None, -32600)
    assert refused["error"]["message"] == "Invalid Request: a line may have 1048576 bytes at most"
    assert (done["id"], done["result"]["isError"]) == (2, False)
    assert int(memory) < 160_000, "in kB: the server has 90 MB at rest, the line 64"
    assert (process.returncode, said, complained) == (0, "", "")


def test_a_line_as_long_as_a_body_may_be_is_read(tmp_path: Path) -> None:
    process = started(tmp_path)
    greet(process)
    assert process.stdin is not None
    assert process.stdout is not None
    for length in (BODY_MAX_BYTES, BODY_MAX_BYTES + 1):
        line = json.dumps({**CALL, "id": length})
        process.stdin.write(line + " " * (length - len(line) - 1) + "\n")
    process.stdin.flush()

    found = [json.loads(process.stdout.readline()) for _ in range(2)]

    assert sorted(found, key=str)[0]["error"]["code"] == -32600
    assert sorted(found, key=str)[1]["id"] == BODY_MAX_BYTES
    process.communicate(timeout=START_TIMEOUT_S)


@pytest.mark.parametrize("answers", [1, 5, 20, 60, 120])
def test_it_ends_well_by_a_signal_while_it_works(tmp_path: Path, answers: int) -> None:
    """The store closed under a thread that was at work in it was a crash. What was answered is kept."""
    process = started(tmp_path)
    greet(process)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("".join(f"{json.dumps({**CALL, 'id': number})}\n" for number in range(2, 302)))
    process.stdin.flush()
    said = [process.stdout.readline() for _ in range(answers)]

    process.send_signal(signal.SIGTERM)
    rest, complained = process.communicate(timeout=START_TIMEOUT_S)

    assert (process.returncode, complained) == (0, "")
    whole = [*said, *(line for line in rest.splitlines(keepends=True) if line.endswith("\n"))]
    store = Store(str(tmp_path / "state" / "tasks.db"))
    assert len(store.tasks(TaskFilter())) > len(whole)
    store.close()


def test_rubbish_on_stdin_ends_nothing(tmp_path: Path) -> None:
    process = started(tmp_path)
    greet(process)
    assert process.stdin is not None
    assert process.stdout is not None

    process.stdin.write("not json\n\n[1]\n{}\n" + json.dumps({**CALL, "id": 2}) + "\n")
    process.stdin.flush()
    lines = iter(process.stdout.readline, "")
    found = next(answer for answer in map(json.loads, lines) if answer.get("id") == 2)
    _, complained = process.communicate(timeout=START_TIMEOUT_S)

    assert found["result"]["isError"] is False
    assert process.returncode == 0
    assert "Traceback" not in complained


@pytest.mark.parametrize(
    "line", [b"{bad", b"[]", b"7", b"\xff", b'{"jsonrpc":"2.0","id":null,"method":"ping"}']
)
def test_a_line_that_is_no_json_rpc_is_answered(tmp_path: Path, line: bytes) -> None:
    """Else its client would wait for ever."""
    lines = [json.dumps(HELLO), json.dumps(READY)]
    given = "\n".join(lines).encode() + b"\n" + line + b"\n"

    done = subprocess.run(
        command("--stdio"), env=environment(tmp_path), cwd=tmp_path, input=given,
        capture_output=True, timeout=START_TIMEOUT_S, check=False,
    )  # fmt: skip
    answers = {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}

    assert answers[None]["error"]["code"] == -32700
    assert answers[0]["result"]


def test_before_the_handshake_and_in_a_batch_no_call_is_carried_out(tmp_path: Path) -> None:
    """Unlike over HTTP, as docs/task-server.md says; both are answered."""
    early, packed, good = ({**CALL, "id": number} for number in (1, 2, 3))
    given = "".join(json.dumps(line) + "\n" for line in (early, [packed], HELLO, READY, good)).encode()

    done = subprocess.run(
        command("--stdio"), env=environment(tmp_path), cwd=tmp_path, input=given,
        capture_output=True, timeout=START_TIMEOUT_S, check=False,
    )  # fmt: skip
    answers = {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}

    assert {key: answers[key]["error"]["code"] for key in (1, None)} == {1: -32602, None: -32700}
    assert answers[3]["result"]["isError"] is False


def test_a_pipe_that_ends_with_its_last_request_gets_every_answer(tmp_path: Path) -> None:
    """An error would make its client create the task again."""
    calls = [{**CALL, "id": number} for number in range(1, 31)]
    given = "".join(f"{json.dumps(message)}\n" for message in [HELLO, READY, *calls])

    done = subprocess.run(
        command("--stdio"), env=environment(tmp_path), cwd=tmp_path, input=given, text=True,
        capture_output=True, timeout=START_TIMEOUT_S, check=False,
    )  # fmt: skip
    answers = {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}

    assert (done.returncode, done.stderr) == (0, "")
    assert answers.keys() == set(range(31))
    assert [answers[call["id"]]["result"]["isError"] for call in calls] == [False] * 30


def test_half_a_surrogate_pair_loses_no_report(tmp_path: Path) -> None:
    text = json.dumps(CALL).replace('"t"', '"cut \\ud83d and whole \\ud83d\\ude00"')
    given = f"{json.dumps(HELLO)}\n{json.dumps(READY)}\n{text}\n"

    done = subprocess.run(
        command("--stdio"), env=environment(tmp_path), cwd=tmp_path, input=given, text=True,
        capture_output=True, timeout=START_TIMEOUT_S, check=False,
    )  # fmt: skip

    said = json.loads(done.stdout.splitlines()[-1])["result"]["content"][0]["text"]
    assert json.loads(said)["title"] == "cut ? and whole \U0001f600"
