"""``config`` and ``validate-config`` as their users have them: processes, files, a server on loopback."""

from __future__ import annotations

import json
import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.task_server.serving import Serving, serving
from tests.golden.compare import assert_golden, normalised
from tests.integration.commands import Answer, Installation, an_agent, an_installation
from tests.integration.stub_behaviours import fail, hang, say
from tests.integration.stub_server import StubServer

READING_TOOLS = {"list_tasks", "get_queue_tasks", "initialize", "notifications/initialized"}


@pytest.fixture
def house(tmp_path: Path) -> Installation:
    return an_installation(tmp_path / "base", [an_agent("dev-1"), an_agent("qa-1", queue="qa")])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    with serving(tmp_path_factory.mktemp("server")) as found:
        yield found


def asked(house: Installation, endpoint: str = "embedded", **settings: str) -> Answer:
    environ = {f"TINYSCHEDULER_{name}": value for name, value in settings.items()}
    return house.call("validate-config", "--online", "--mcp-endpoint", endpoint, environ=environ)


def closed_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


# --- the embedded store ------------------------------------------------------------------------


def test_embedded_store_is_asked_without_a_trace(house: Installation) -> None:
    house.well("task", "add", "one", "--queue", "dev")
    before = house.picture()

    answer = asked(house)

    assert (answer.code, answer.err) == (0, "")
    assert "server: embedded answers in " in answer.out
    assert "open tasks: 1\n" in answer.out
    assert before == house.picture()


def test_store_that_is_not_there_yet_is_not_made(house: Installation) -> None:
    before = house.picture()

    answer = asked(house)

    assert answer.code == 0
    assert "note: no open task is in queue dev\nnote: no open task is in queue qa\n" in answer.out
    assert before == house.picture()


def test_store_that_cannot_be_read_is_a_server_that_is_not_usable(house: Installation) -> None:
    (house.base / "state").mkdir(exist_ok=True)
    (house.base / "state" / "tasks.db").write_text("no database")

    answer = asked(house)

    assert answer.code == 3
    assert "server: task store " in answer.out


def test_mistyped_queues_and_agents_are_noted_with_what_was_meant(house: Installation) -> None:
    for words in (("--queue", "devv"), ("--queue", "dev", "--assign", "dev_1"), ("--assign", "alice")):
        house.well("task", "add", "work", *words)

    answer = asked(house)

    notes = [line for line in answer.out.splitlines() if line.startswith("note: ")]
    assert answer.code == 0
    assert notes == [
        "note: no open task is in queue qa",
        "note: open task 2 is assigned to dev_1, who is no agent of ours, did you mean dev-1?",
        "note: open task 3 is assigned to alice, who is no agent of ours",
    ]


def test_empty_queue_is_noted_with_its_neighbour(house: Installation) -> None:
    house.well("task", "add", "work", "--queue", "devv")

    assert "note: no open task is in queue dev, did you mean devv?\n" in asked(house).out


def test_scheduler_without_agents_asks_all_the_same(tmp_path: Path) -> None:
    house = an_installation(tmp_path / "base", [])

    assert "server: embedded answers in " in asked(house).out
    assert asked(house, f"http://127.0.0.1:{closed_port()}").code == 3


# --- a server elsewhere ------------------------------------------------------------------------


def test_server_on_loopback_is_asked_and_nothing_is_written(house: Installation, server: Serving) -> None:
    house.well("--mcp-endpoint", server.endpoint, "task", "add", "work", "--queue", "dev")
    database = os.stat(server.database).st_mtime_ns
    before = house.picture()

    answer = asked(house, server.endpoint)

    assert answer.code == 0
    assert f"server: {server.endpoint} answers in " in answer.out
    assert "no open task is in queue qa" in answer.out
    assert before == house.picture()
    assert os.stat(server.database).st_mtime_ns == database


def test_only_reading_calls_are_made_with_the_headers_of_a_pass(house: Installation) -> None:
    (house.base / ".env").write_text("TINYSCHEDULER_MCP_HEADERS=X-Key: hunter2\n")
    with StubServer() as stub:
        answer = asked(house, stub.url)
        seen = list(stub.requests)

    assert answer.code == 0
    assert {request.tool for request in seen} <= READING_TOOLS
    assert {request.headers.get("x-key") for request in seen} == {"hunter2"}
    assert "hunter2" not in answer.out + answer.err


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (fail(500), "500"),
        (fail(401), "401"),
        (say(b"<html>hello</html>", "text/html"), "text/html"),
        (hang, "did not answer within 0.5 s"),
    ],
    ids=["500", "401", "html", "hangs"],
)
def test_server_that_is_of_no_use_is_exit_code_3_and_one_line(
    house: Installation, behaviour, words: str
) -> None:
    with StubServer() as stub:
        stub.always("list_tasks", behaviour)
        stub.always("get_queue_tasks", behaviour)
        answer = asked(house, stub.url, MCP_TIMEOUT_SEC="0.5", MCP_BUDGET_SEC="2")

    assert (answer.code, answer.err) == (3, "")
    (line,) = [line for line in answer.out.splitlines() if line.startswith("server: ")]
    assert words in line


def test_nobody_at_the_port_is_exit_code_3(house: Installation) -> None:
    answer = asked(house, f"http://127.0.0.1:{closed_port()}")

    assert answer.code == 3
    assert "cannot be reached" in answer.out


def test_faults_come_before_the_server(house: Installation) -> None:
    answer = asked(house, f"http://127.0.0.1:{closed_port()}", GRACE_SEC="99")

    assert answer.code == 2
    assert "server: not asked, because of the faults\n" in answer.out


def test_agent_that_cannot_be_started_is_a_fault_here_and_a_note_elsewhere(tmp_path: Path) -> None:
    """Offline a configuration can be checked on another machine than the one it is for."""
    house = an_installation(tmp_path / "base", [{**an_agent("dev-1"), "command": ["no-such-agent"]}])

    offline, online = house.call("validate-config"), asked(house)

    assert (offline.code, online.code) == (0, 2)
    assert "note: dev-1: there is no program no-such-agent in PATH " in offline.out
    assert "fault: dev-1: there is no program no-such-agent in PATH " in online.out
    assert "server: embedded answers in " in online.out


def test_agent_is_looked_for_as_cron_would(tmp_path: Path) -> None:
    house = an_installation(tmp_path / "base", [{**an_agent("dev-1"), "command": ["my-agent"]}])
    program = tmp_path / "bin" / "my-agent"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    answer = house.call("validate-config", "--online", environ={"PATH": f"{program.parent}:/usr/bin:/bin"})

    assert answer.code == 0
    assert f"note: dev-1: my-agent is {program} here, but not in cron's PATH (/usr/bin:/bin)" in answer.out


def test_older_server_is_usable_and_what_it_lacks_is_noted(house: Installation) -> None:
    with StubServer("old") as stub:
        stub.store.add(assigned_to="dev-1")
        answer = asked(house, stub.url)

    assert (answer.code, answer.err) == (0, "")
    assert "knows no queues: only tasks that are assigned to an agent are started" in answer.out


def test_fix_and_online_go_together(house: Installation) -> None:
    (house.base / ".env").write_text("TINYSCHEDULER_MCP_ENDPOINTS=embedded\n")

    answer = house.call("validate-config", "--fix", "--online")

    assert answer.code == 0
    assert answer.out.startswith(f"fixed: {house.base}/.env:1: TINYSCHEDULER_MCP_ENDPOINTS -> ")
    assert "server: embedded answers in " in answer.out


def test_dry_run_flag_keeps_fix_from_changing_anything(house: Installation) -> None:
    (house.base / ".env").write_text("TINYSCHEDULER_GRACE_SECS=7\n")
    before = house.picture()

    answer = house.call("validate-config", "--fix", "--dry-run")

    assert answer.code == 0
    assert f"fixable: {house.base}/.env:1: TINYSCHEDULER_GRACE_SECS -> " in answer.out
    assert before == house.picture()


def test_fix_while_passes_use_the_files(house: Installation) -> None:
    """What was compiled before is not used any more, and what ran goes on."""
    (house.base / ".env").write_text("TINYSCHEDULER_ENABLE=false\n")
    house.well("task", "add", "one", "--queue", "dev")
    (house.base / "state" / "ESTOP").touch()
    house.call("run", "--once")
    (house.base / "state" / "ESTOP").unlink()

    house.well("validate-config", "--fix")

    assert "disabled" in house.well("run", "--dry-run")


# --- for programs ------------------------------------------------------------------------------


def test_objects_for_programs_have_the_agreed_shape(house: Installation) -> None:
    """Programs of our users hang on every name in them; nothing of this machine is in the files."""
    base = str(house.base)
    (house.base / ".env").write_text("TINYSCHEDULER_GRACE_SECS=7\nTINYSCHEDULER_MCP_HEADERS=X-Key: hunter2\n")
    (house.base / ".env").chmod(0o644)
    (house.base / "tinyscheduler.toml").write_text("max_parallel = 8\nqueue_limits = {dev = 2}\n")

    for name, arguments in (
        ("config", ("config", "--show", "--json", "--heartbeat-interval", "20")),
        ("validate-config", ("validate-config", "--online", "--json")),
        ("validate-config_fix", ("validate-config", "--fix", "--json")),
    ):
        answer = house.call(*arguments)
        document = answer.json()
        assert list(document)[:4] == ["schema", "kind", "at", "exit"]
        assert (document["kind"], document["exit"]) == (name.partition("_")[0], answer.code)
        assert "hunter2" not in answer.out
        assert_golden(f"kind_{name}.json", normalised(document, base=base))


def test_json_of_faults_stands_on_stdout(house: Installation) -> None:
    answer = house.call("validate-config", "--online", "--json", environ={"TINYSCHEDULER_GRACE_SEC": "99"})

    assert (answer.code, answer.err) == (2, "")
    assert json.loads(answer.out)["server"] is None


def test_a_program_that_is_not_there_is_foreseen_by_the_dry_run(base: Path) -> None:
    house = an_installation(base, [an_agent("dev-1", command=["no-such-agent"])])
    house.well("task", "add", "a task", "--queue", "dev")

    found = house.call("run", "--dry-run")

    assert "start      task 1" in found.out
    assert "dev-1 will not start: there is no program no-such-agent in PATH" in found.err


def test_agent_control_that_is_no_json_is_told_as_a_file_and_no_setting(base: Path) -> None:
    house = an_installation(base, [an_agent("dev-1")])
    (base / "agent-control.json").write_text('[{"agentName": "a"},]')

    found = house.call("run", "--once")

    assert found.code == 2
    assert f"  {base}/agent-control.json: it is not JSON" in found.err
