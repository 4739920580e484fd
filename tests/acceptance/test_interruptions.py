"""A lock that somebody holds, Ctrl+C, a reader that leaves: codes 75 and 130, and what is said."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.acceptance.program import PROGRAM
from tests.acceptance.scene import Scene, gated
from tests.acceptance.speech import READING, WRITING, Words, assert_well_spoken
from tests.integration.commands import an_agent
from tests.integration.stub_behaviours import hang
from tests.integration.stub_http import behave_well
from tests.integration.stub_server import Handler, Message, StubServer
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]


# --- 75 ----------------------------------------------------------------------------------------


def test_75_is_silent_without_a_terminal(house: Scene) -> None:
    with house.pass_lock():
        assert tuple(house.call("run", "--once")) == (75, "", "")


def test_75_is_one_line_on_a_terminal(house: Scene) -> None:
    with house.pass_lock():
        code, text = on_a_terminal(house, "run", "--once")

    assert code == 75
    assert text.endswith("\r\n")
    assert text.count("\n") == 1
    assert "another pass" in text


def test_75_is_one_object_for_a_program(house: Scene) -> None:
    with house.pass_lock():
        answer = house.call("run", "--once", "--json")

    assert answer.code == 75
    assert_well_spoken(answer, is_json=True)


@pytest.mark.parametrize("words", [*READING, *WRITING])
def test_only_a_pass_needs_the_lock(house: Scene, words: Words) -> None:
    with house.pass_lock():
        assert house.call(*words).code == 0


def test_0_is_silent_on_a_terminal_too(house: Scene) -> None:
    assert on_a_terminal(house, "run", "--once") == (0, "")


def on_a_terminal(scene: Scene, *words: str) -> tuple[int, str]:
    """A command whose three streams are one terminal: its code and everything that it showed."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [*PROGRAM, *words], env=scene.environment(), cwd="/", stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    code = child.wait(30)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:
        pass  # Linux says EIO where a pipe would say end of file.
    finally:
        os.close(ours)
    return code, shown.decode()


# --- 130 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [("run", "--once"), ("run", "--dry-run"), ("status",), ("explain", "1"), ("task", "list"),
     ("task", "add", "x")],
)  # fmt: skip
def test_130_for_a_command_that_is_interrupted(a_scene: MakeScene, words: Words) -> None:
    """In the middle of a call that hangs; nothing is said, the person knows."""
    with StubServer() as stub:
        stub.script(*[hang] * 9)
        scene = a_scene(an_agent("dev-1"), MCP_ENDPOINT=stub.url)
        child = scene.start(*words)
        wait_until(lambda: stub.requests, "it asks the server")
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=10)

    assert (child.returncode, out, err) == (130, "", "")


def test_interrupted_pass_leaves_a_world_that_goes_on(a_scene: MakeScene) -> None:
    """Interrupted in the middle of the claim: the next passes bring the task to its end, once."""
    with StubServer() as stub:
        scene = a_scene(gated("dev-1"), MCP_ENDPOINT=stub.url)
        scene.open_gate()
        stub.store.add()
        child = interrupted_while_claiming(scene, stub)
        left = scene.disk.leases()
        # The first one finds the claim unanswered, and waits a minute for it from there.
        codes = [scene.call("run", "--once").code]
        scene.past.claims_are_old("1")
        # The last may meet the pass that the wrapper became.
        codes += [scene.call("run", "--once").code for _ in range(2)]
        scene.wait_for_rest()
        status = stub.store.tasks[1]["status"]

    assert (child.returncode, left, status) == (130, ["1"], "complete")
    assert codes[:2] == [0, 0]
    assert codes[2] in (0, 75)
    assert scene.disk.begun() == ["1"]


def interrupted_while_claiming(scene: Scene, stub: StubServer) -> subprocess.Popen[str]:
    """A pass whose claim hangs until somebody presses Ctrl+C."""
    is_hanging = [True]

    def hang_first(handler: Handler, message: Message) -> None:
        (hang if is_hanging[0] else behave_well)(handler, message)

    stub.always("update_task", hang_first, status="working")
    child = scene.start("run", "--once")
    wait_until(lambda: any(seen.arguments.get("status") == "working" for seen in stub.requests), "it claims")
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=10)
    is_hanging[0] = False
    return child


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_server_ends_with_0_when_it_is_asked_to(a_scene: MakeScene, number: int) -> None:
    scene = a_scene(an_agent("dev-1"))
    server = scene.serve()
    server.send_signal(number)
    out, err = server.communicate(timeout=15)

    assert (server.returncode, out, err) == (0, "", "")


def test_reader_that_leaves_gets_no_traceback(house: Scene) -> None:
    """``tinyscheduler status | head -0``."""
    child = house.start("status")
    assert child.stdout is not None
    child.stdout.close()
    child.stdout = None
    _, err = child.communicate(timeout=10)

    assert err == ""
