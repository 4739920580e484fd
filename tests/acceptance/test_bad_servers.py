"""Task servers that hang, break or lie, and texts that want to be more than text (issue 2, law 11)."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.program import PROGRAM
from tests.acceptance.scene import Scene, gated
from tests.acceptance.speech import the_line
from tests.acceptance.weather import Weather
from tests.integration.commands import an_agent
from tests.integration.stub_behaviours import cut, drip, drop, fail, hang, huge, say
from tests.integration.stub_server import Behaviour, StubServer
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
HTML = b"<html><head><title>Welcome</title></head><body>" + b"x" * 5000

BAD: dict[str, tuple[Behaviour, str]] = {
    "html": (say(HTML, "text/html"), "text/html"),
    "500": (fail(500), "500"),
    "50 MB": (huge(50), "16 MiB"),
    "nonsense": (say(b"\xff\xfe\x00", "application/json"), "no JSON"),
    "nothing": (say(b""), "no reply"),
    "hangs": (hang, "did not answer within 0.5 s"),
    "drips": (drip, "did not answer within 0.5 s"),
    "hangs up": (drop, "connection"),
    "cut": (cut, "connection"),
}
"""How it behaves, and what is said of it."""


def a_bad_day(scene: Scene, stub: StubServer, behaviour: Behaviour) -> Weather:
    """For every tool, from now on; a task waits."""
    stub.store.add()
    return Weather(stub, **dict.fromkeys(stub.store.tools, behaviour))


@pytest.mark.parametrize("way", BAD)
def test_bad_server_is_3_and_costs_nothing_but_time(a_scene: MakeScene, way: str) -> None:
    """Nothing is started on it, what runs goes on, and when it is mended the task is done."""
    behaviour, words = BAD[way]
    with StubServer() as stub:
        scene = a_scene(gated("dev-1", slots=2), MCP_ENDPOINT=stub.url, MCP_TIMEOUT_SEC=0.5)
        stub.store.add()
        scene.once()
        scene.wait_for_running("1")
        weather = a_bad_day(scene, stub, behaviour)
        began = time.monotonic()
        answer = scene.call("run", "--once")
        took_s = time.monotonic() - began
        leases, agents = scene.disk.leases(), len(scene.disk.tagged())
        weather.is_bad = False
        scene.open_gate()
        wait_until(lambda: stub.store.tasks[1]["status"] == "complete", "the first is done")
        scene.call("run", "--once")
        wait_until(lambda: stub.store.tasks[2]["status"] == "complete", "the second is done")
        scene.wait_for_rest()

    line = the_line(answer, 3)
    assert words in line
    assert stub.url in line
    assert took_s < 10
    assert leases == ["1"]
    assert agents >= 2
    assert sorted(scene.disk.begun()) == ["1", "2"]


TELLS_ITS_PEAK = """
import sys
from tinyscheduler.__main__ import main
code = main(["run", "--once"])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
sys.exit(code)
"""
"""Its own word: what the system counts for a child includes the memory of whoever forked it."""


def test_answer_of_50_mb_is_not_kept_in_memory(a_scene: MakeScene) -> None:
    with StubServer() as stub:
        scene = a_scene(an_agent("dev-1"), MCP_ENDPOINT=stub.url)
        a_bad_day(scene, stub, huge(50))
        child = subprocess.run(
            [*PROGRAM[:-1], "-c", TELLS_ITS_PEAK],
            env=scene.environment(),
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert child.returncode == 3, child.stderr
    # 16 MiB are read before it gives up; Python and httpx are 45.
    assert int(child.stdout) < 120_000, "kilobytes"


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("localhost:3000", "does not begin with http"),
        ("http://", "names no valid host"),
        ("http://127.0.0.1:99999/mcp", "Port out of range"),
        ("ftp://127.0.0.1/mcp", "does not begin with http"),
        ("http://example.com/mcp", "plain http to example.com"),
        ("http://somebody:secret@127.0.0.1/mcp", "user name or password"),
        ("http://127.0.0.1/mcp?x=1", "after ?"),
    ],
)
def test_endpoint_that_cannot_be_one_is_2(a_scene: MakeScene, endpoint: str, words: str) -> None:
    scene = a_scene(an_agent("dev-1"), MCP_ENDPOINT=endpoint)

    answer = scene.call("run", "--once")

    assert (answer.code, answer.out) == (2, "")
    _, fault = answer.err.splitlines()
    assert words in fault
    assert "TINYSCHEDULER_MCP_ENDPOINT = " in fault
    assert "write http(s)://HOST[:PORT][/mcp|/sse]" in fault
    assert "secret" not in answer.err


def test_dead_server_is_one_line_however_many_tasks_wait_for_it(a_scene: MakeScene) -> None:
    """Under cron it is a mail a minute."""
    with StubServer() as stub:
        scene = a_scene(gated("dev-1", slots=3), MCP_ENDPOINT=stub.url)
        for _ in range(3):
            stub.store.add()
        scene.once()
        scene.wait_for_running("1", "2", "3")
        for task_id in ("1", "2", "3"):
            scene.end_unsettled(task_id)
        stub.stop()
        line = the_line(scene.call("run", "--once"), 3)

    assert "cannot be reached" in line


def test_dry_run_that_could_not_ask_does_not_say_that_there_is_nothing_to_do(a_scene: MakeScene) -> None:
    """Law 4: unknown is not empty."""
    with StubServer() as stub:
        scene = a_scene(an_agent("dev-1"), MCP_ENDPOINT=stub.url)
        stub.stop()
        answer = scene.call("run", "--dry-run")

    assert answer.code == 3
    assert "nothing to do" not in answer.out


# --- what a server may say -------------------------------------------------------------------------


def test_ids_that_would_be_paths_are_no_tasks(a_scene: MakeScene) -> None:
    """They are reported, make no file, and the others are done."""
    with StubServer() as stub:
        scene = a_scene(an_agent("dev-1", slots=9), MCP_ENDPOINT=stub.url, MAX_PARALLEL=9)
        scene.once()
        stub.store.add()
        ids = ("a/../b", "../../../tmp/x", ".", "", "x" * 65, "1\n2")
        stub.store.raw_rows = [{**stub.store.tasks[1], "id": task_id} for task_id in ids]
        answer = scene.call("run", "--once")
        wait_until(lambda: stub.store.tasks[1]["status"] == "complete", "the other one is done")
        scene.wait_for_rest()

    line = the_line(answer, 3)
    assert "left out as unreadable" in line
    assert "'a/../b'" in line
    assert os.listdir(scene.state / "runs") == ["task_1"]
    assert os.listdir(scene.state / "ledger") == ["task_1.json"]


def test_text_of_a_task_stays_text(a_scene: MakeScene, tmp_path: Path) -> None:
    """It reaches the agent as it is, by standard input, and nothing else: neither a shell nor the
    arguments of any process, and on a terminal no escape sequence of it works."""
    nasty = (
        f"$(touch {tmp_path}/one) `touch {tmp_path}/two`; touch {tmp_path}/three #\"'{{task_id}} \x1b[2J %s"
    )
    scene = a_scene(gated("dev-1", before='cat >"$TINYSCHEDULER_BASE_PATH/got"'))
    task_id = scene.add(nasty, queue="dev", description=f"{nasty}\n--dry-run\n\u2028 end", tag="$(id)")
    scene.once()
    scene.wait_for_running(task_id)
    arguments = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in scene.disk.tagged()]
    scene.open_gate()
    scene.wait_for_rest()
    shown = [
        scene.well("task", "show", task_id),
        scene.well("task", "list", "--all"),
        scene.well("explain", task_id),
    ]

    got = (scene.base / "got").read_text()
    assert f"# {nasty}\n\n{nasty}\n--dry-run\n\u2028 end\n" in got
    assert len(arguments) >= 2
    assert not any(b"touch" in words and b"/one" in words for words in arguments)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base"]
    assert not any("\x1b" in text for text in shown)
    assert scene.statuses() == {task_id: "complete"}
