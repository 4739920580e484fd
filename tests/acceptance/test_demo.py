"""``tinyscheduler demo`` from outside: what a user sees, and that nothing of it stays behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# The demo ends itself within a minute; a test that says so needs a moment more.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]

LIMIT_S = 59.0
"""The demo's own promise."""


class Demo:
    """One performance below a temporary folder of its own."""

    def __init__(self, repo_root: Path, temporary: Path, *arguments: str, **environment: str) -> None:
        self.temporary = temporary
        self._began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-X", "utf8", "-m", "tinyscheduler", "demo", *arguments],
            env={"PYTHONPATH": f"{repo_root}/src", "TMPDIR": str(temporary), **environment},
            # A folder in which nobody can make a file.
            cwd="/proc",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def result(self) -> tuple[int, str, str]:
        """Exit code, stdout and stderr, once it has ended."""
        out, err = self.process.communicate(timeout=LIMIT_S)
        assert time.monotonic() - self._began < LIMIT_S
        return self.process.returncode, out, err

    def read_until(self, word: str) -> None:
        """Read lines up to one with this word in it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if word in line:
                return
        raise AssertionError(f"{word!r} was never printed: {self.process.communicate()}")

    def processes(self, word: str = "") -> list[int]:
        """Those that know of the demo's folder, by their environment or arguments: server, passes,
        wrappers, agents."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
                known = arguments + Path(f"/proc/{pid}/environ").read_bytes()
            except OSError:
                continue
            is_part = f"{self.temporary}/tinyscheduler-demo-".encode() in known
            if is_part and word.encode() in arguments.split(b"\0"):
                found.append(int(pid))
        return found


@pytest.fixture
def perform(repo_root: Path, tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Start a demo; whatever becomes of the test, none of its processes stays."""
    demos: list[Demo] = []

    def perform(*arguments: str, **environment: str) -> Demo:
        demos.append(Demo(repo_root, tmp_path, *arguments, **environment))
        return demos[-1]

    yield perform
    for demo in demos:
        if demo.process.poll() is None:
            demo.process.kill()
        demo.process.communicate()
        for pid in demo.processes():
            os.kill(pid, signal.SIGKILL)


def test_it_shows_a_picture_keeps_its_promises_and_leaves_nothing(perform):
    """With settings of the caller around that would stop it, were they read."""
    demo = perform(TINYSCHEDULER_ENABLED="false", TINYSCHEDULER_MCP_ENDPOINT="http://127.0.0.1:9/mcp")
    code, out, err = demo.result()

    assert (code, err) == (0, "")
    assert demo.processes() == []
    assert os.listdir(demo.temporary) == []
    assert "\x1b" not in out, "no colour in a pipe"
    assert re.search(r"^1 Fix the parser +·*dev-\d━*✔$", out, re.MULTILINE)
    assert re.search(r"^2 Migrate the database +·*(dev-\d)?━*†·+(dev-\d)?━*✔$", out, re.MULTILINE)
    assert re.search(r"^4 Build the login page +·+(dev-\d)?━*→·*(qa-1)?━*✔$", out, re.MULTILINE)
    assert re.search(r"^5 Publish the release +·+((dev-\d)?━*✘·*)+$", out, re.MULTILINE)
    assert re.search(r"^\d\d:\d\d:\d\d\.\d  demo: kill -9 \d+, the wrapper of task 2", out, re.MULTILINE)
    assert out.count("\n  ✔ ") == 11
    assert "What to look at next:" in out


def test_json_and_a_folder_to_keep(perform):
    demo = perform("--json", "--keep")
    code, out, err = demo.result()
    told = json.loads(out)
    folder = Path(told["folder"])

    assert (code, err) == (0, "")
    assert (told["schema"], told["kind"], told["exit"], told["trouble"]) == (1, "demo", 0, None)
    assert all(check["is_kept"] for check in told["checks"])
    assert {task["task_id"]: task["status"] for task in told["tasks"]} == {
        **dict.fromkeys((1, 2, 3, 4, 6, 7), "complete"),
        5: "idle",
    }
    held = {task["task_id"]: task["held"]["reason"] for task in told["tasks"] if task["held"]}
    assert held == {5: "not_before"}
    assert [run["outcome"] for run in told["tasks"][1]["runs"]] == ["lost", "succeeded"]
    assert [run["agent"] for run in told["tasks"][3]["runs"]][1:] == ["qa-1"]
    assert {event["event"] for event in told["events"]} >= {"claim_won", "run_started", "task_settled"}
    assert demo.processes() == []
    assert os.listdir(demo.temporary) == [folder.name]
    assert (folder / "state/ledger/task_5.json").is_file()
    assert not (folder / "state/ESTOP").exists(), "whoever looks around may start a pass there"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demo_ends_everything_first(perform, number):
    """Also when it is interrupted twice, and while an orphaned agent is about."""
    demo = perform("--keep")
    demo.read_until("demo: kill -9")
    demo.process.send_signal(number)
    demo.process.send_signal(number)
    code, _, err = demo.result()

    assert code == 130
    assert "interrupted" in err
    assert demo.processes() == []
    assert os.listdir(demo.temporary) == []


def test_a_reader_that_leaves_takes_everything_along(perform):
    """``tinyscheduler demo | head``."""
    demo = perform()
    demo.read_until("started on")
    demo.process.stdout.close()
    demo.process.stdout = None
    demo.result()

    assert demo.processes() == []
    assert os.listdir(demo.temporary) == []


def test_what_did_not_happen_is_not_claimed(perform):
    """The server is killed in the middle: the demo says so, and which promises were not kept."""
    demo = perform()
    demo.read_until("started on")
    (server,) = demo.processes("serve")
    os.kill(server, signal.SIGKILL)
    code, out, err = demo.result()

    assert code == 1
    assert "the task server ended in the middle" in err
    assert "✘ all the others are complete on the server" in out
    assert "Traceback" not in err
    assert demo.processes() == []
    assert os.listdir(demo.temporary) == []


def test_settings_are_refused_and_not_ignored(perform):
    code, out, err = perform("--base-path", "/srv/agents").result()

    assert (code, out) == (2, "")
    assert err == "tinyscheduler: the demo takes no settings (it brings its own; leave the others out)\n"
