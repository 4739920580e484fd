"""Exit codes of every command, and what may stand on stdout and stderr (features A6, contracts)."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.acceptance.scene import Scene, scenes_in
from tests.acceptance.speech import READING, WRITING, Words, assert_well_spoken
from tests.integration.commands import an_agent
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]

OF_A_TASK: tuple[Words, ...] = (
    ("explain",), ("approve",), ("logs",), ("task", "show"), ("task", "done"),
    ("task", "update", "--title", "x"), ("task", "move", "--to", "dev-1"), ("task", "archive"),
)  # fmt: skip
COMMANDS: tuple[Words, ...] = (
    ("run",), ("status",), ("explain",), ("backlog",), ("graph",), ("approve",), ("logs",), ("task",),
    ("task", "add"), ("task", "list"),
    ("task", "show"), ("task", "update"), ("task", "comment"), ("task", "link"), ("task", "move"),
    ("task", "done"), ("task", "archive"), ("task", "import"), ("report",), ("serve",), ("config",),
    ("validate-config",), ("demo",),
)  # fmt: skip


@pytest.fixture(scope="module")
def no_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The endpoint is a port of this machine on which nobody listens."""
    for make in scenes_in(tmp_path_factory.mktemp("no-server")):
        yield make(an_agent("dev-1"), MCP_ENDPOINT=f"http://127.0.0.1:{closed_port()}/mcp")


@pytest.fixture(scope="module")
def misconfigured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Two faults in the settings, one in agent-control."""
    for make in scenes_in(tmp_path_factory.mktemp("misconfigured")):
        scene = make(MAX_PARALLEL="many", MCP_ENDPOINT="ftp://nowhere")
        scene.control(an_agent("dev-1", weight="heavy"))
        yield scene


def closed_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


# --- 0 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_json", [False, True])
@pytest.mark.parametrize("words", READING)
def test_0_when_all_is_well(house: Scene, words: Words, is_json: bool) -> None:
    answer = house.call(*words, *(["--json"] if is_json else []))

    assert answer.code == 0, answer
    assert answer.out
    assert_well_spoken(answer, is_json=is_json)


def test_0_is_silent_for_a_pass(house: Scene) -> None:
    """What cron mails is whatever is printed."""
    assert tuple(house.call("run", "--once")) == (0, "", "")
    assert tuple(house.call("run")) == (0, "", "")


def test_0_is_one_object_for_a_pass_that_is_asked(house: Scene) -> None:
    answer = house.call("run", "--once", "--json")

    assert answer.code == 0
    assert_well_spoken(answer, is_json=True)


@pytest.mark.parametrize("words", WRITING)
def test_0_for_commands_that_write(a_scene: MakeScene, words: Words) -> None:
    scene = a_scene(an_agent("dev-1"))
    scene.seed(1)

    assert_well_spoken(answer := scene.call(*words), is_json=False)
    assert answer.code == 0
    assert_well_spoken(scene.call(*words, "--json"), is_json=True)


def test_0_however_agents_end(a_scene: MakeScene) -> None:
    """That is their matter, not the pass's."""
    scene = a_scene(an_agent("dev-1", slots=3, script="kill -9 $$"), RETRY_BASE_SEC=0)
    scene.seed(3)
    scene.once()
    wait_until(lambda: all(scene.disk.outcomes(n) == ["killed"] * 3 for n in "123"), "all have been parked")
    scene.wait_for_rest()

    scene.once()
    exits = {fact["exit"] for fact in scene.disk.events("pass_ended")}

    assert exits == {0}


# --- 1 -----------------------------------------------------------------------------------------


def test_1_when_something_of_ours_is_broken(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    for words in (("run", "--once"), ("status",)):
        for is_json in (False, True):
            # A pass mends what it can, and says so once.
            (scene.state / "running" / "task_9.json").write_text("{")
            answer = scene.call(*words, *(["--json"] if is_json else []))
            assert answer.code == 1, (words, answer)
            assert_well_spoken(answer, is_json=is_json)
            assert "task_9.json" in answer.out + answer.err


def test_1_for_a_dry_run_of_what_a_pass_would_end_with_1(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    (scene.state / "running" / "task_9.json").write_text("{")

    answer = scene.call("run", "--dry-run")

    assert answer.code == 1
    assert "task_9.json" in answer.out + answer.err


def test_1_when_the_port_is_taken(house: Scene) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = house.call("serve", "--port", str(port))

    assert (answer.code, answer.out) == (1, "")
    assert_well_spoken(answer, is_json=False)
    assert str(port) in answer.err


# --- 2 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", COMMANDS)
def test_2_for_an_argument_that_nobody_knows(house: Scene, words: Words) -> None:
    for is_json in (False, True):
        answer = house.call(*words, "--no-such-flag", *(["--json"] if is_json else []))
        assert (answer.code, answer.out) == (2, ""), answer
        assert_well_spoken(answer, is_json=is_json)


@pytest.mark.parametrize("words", [*COMMANDS, ()])
def test_help_is_0_and_on_stdout(house: Scene, words: Words) -> None:
    answer = house.call(*words, "--help")

    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("usage: tinyscheduler")


@pytest.mark.parametrize(
    "words",
    [
        (), ("nonsense",), ("run", "--once", "--daemon"), ("run", "--loop-interval"), ("explain",), ("logs",),
        ("task",), ("task", "add"), ("task", "add", " "), ("task", "add", "x", "--priority", "high"),
        ("task", "show"), ("task", "update", "1"), ("task", "update", "1", "--status", "asleep"),
        ("serve", "--port", "70000"), ("serve", "--host", "0.0.0.0"), ("run", "--env-file", "/nowhere/.env"),
        ("run", "--base-path", "/nowhere"), ("run", "--agent-limit", "dev-1"), ("run", "extra"),
    ],
)  # fmt: skip
def test_2_for_what_cannot_be_understood(house: Scene, words: Words) -> None:
    answer = house.call(*words)

    assert answer.code == 2, answer
    assert "Traceback" not in answer.err
    assert answer.err or answer.out.startswith("usage: ")


@pytest.mark.parametrize(
    "words",
    [*READING, *WRITING, ("run", "--once"), ("run", "--daemon"), ("serve", "--port", "0")],
    ids=" ".join,
)
def test_2_for_a_configuration_with_faults(misconfigured: Scene, words: Words) -> None:
    """All of them at once, each with field, value and remedy, before anything is touched."""
    answer = misconfigured.call(*words)

    assert answer.code == 2, answer
    assert_well_spoken(answer, is_json=False)
    assert not misconfigured.state.exists()
    told = answer.out + answer.err
    for field, value in (("MAX_PARALLEL", "many"), ("MCP_ENDPOINT", "ftp://nowhere"), ("weight", "heavy")):
        assert any(field in line and value in line for line in told.splitlines()), (field, told)


def test_2_for_a_program_names_every_fault(misconfigured: Scene) -> None:
    answer = misconfigured.call("run", "--once", "--json")

    told = json.loads(answer.err)
    assert (answer.code, answer.out, told["error"]["ref"]) == (2, "", "configuration")
    assert len(told["faults"]) == 3


# --- 3 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [("run", "--once"), ("run", "--once", "--json"), ("run", "--dry-run"), ("status",), ("status", "--json"),
     ("explain", "1"), ("graph",), ("report",), ("report", "--json"), ("approve", "1"),
     ("task", "list"), ("task", "list", "--json"), ("task", "show", "1"), *WRITING],
)  # fmt: skip
def test_3_when_the_task_server_cannot_be_used(no_server: Scene, words: Words) -> None:
    answer = no_server.call(*words)

    assert answer.code == 3, answer
    assert_well_spoken(answer, is_json="--json" in words)


@pytest.mark.parametrize("words", [("config",), ("validate-config",)])
def test_commands_that_ask_no_server_do_not_need_one(no_server: Scene, words: Words) -> None:
    assert no_server.call(*words).code == 0


def test_3_beats_1(no_server: Scene) -> None:
    (no_server.state / "running").mkdir(parents=True, exist_ok=True)
    broken = no_server.state / "running" / "task_9.json"
    no_server.call("run", "--once")
    broken.write_text("{")
    answer = no_server.call("run", "--once")
    broken.unlink(missing_ok=True)

    assert answer.code == 3
    assert "task_9.json" in answer.err, "both are said"
    assert "127.0.0.1" in answer.err


# --- 4 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_json", [False, True])
@pytest.mark.parametrize("task_id", ["99", "a/../b"])
@pytest.mark.parametrize("words", OF_A_TASK)
def test_4_for_a_task_that_is_not_there(house: Scene, words: Words, task_id: str, is_json: bool) -> None:
    """Also for what can be no task: it is looked up nowhere, and makes no path."""
    answer = house.call(*words, task_id, *(["--json"] if is_json else []))

    assert (answer.code, answer.out) == (4, ""), answer
    assert_well_spoken(answer, is_json=is_json)
    assert is_json or len(answer.err.splitlines()) == 1
