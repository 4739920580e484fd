"""The embedded task server in a process of its own, for tests that talk to it over HTTP."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import pytest

ROOT = Path(__file__).resolve().parents[3]
START_TIMEOUT_S = 30
"""The server libraries take a second to import, more when the machine is busy."""


Way = Literal["http", "stdio"]
"""How a server process is talked to."""


class Serving(NamedTuple):
    """A running server."""

    process: subprocess.Popen[str]
    endpoint: str
    database: str


class Start(Protocol):
    """A server that is talked to in this way, started when it is first asked for."""

    def __call__(self, way: Way) -> Serving: ...


def command(*arguments: str) -> list[str]:
    """The argv of a server, without the launcher, which would set up an environment."""
    return [sys.executable, "-m", "tinyscheduler", "serve", *arguments]


def environment(base: Path) -> dict[str, str]:
    """A base folder with the least configuration there is, and nothing of the operator's settings."""
    agents = base / "agents.json"
    agents.write_text('[{"agentName": "bob", "agentType": "dev", "maxConcurrency": 1, "command": ["true"]}]')
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "src"),
        "TINYSCHEDULER_BASE_PATH": str(base),
        "TINYSCHEDULER_AGENT_CONTROL_FILE": str(agents),
    }


@contextmanager
def serving(base: Path, *arguments: str) -> Iterator[Serving]:
    """Start on a free port, wait until it says that it is ready, and end it with SIGTERM."""
    process = subprocess.Popen(
        command("--port", "0", *arguments),
        env=environment(base),
        cwd=base,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Serving(process, _endpoint(process), str(base / "state" / "tasks.db"))
    finally:
        process.terminate()
        process.communicate(timeout=START_TIMEOUT_S)


def _endpoint(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], START_TIMEOUT_S)
    line = process.stdout.readline() if ready else ""
    found = re.fullmatch(r"serving (http://\S+/mcp) \(database .+\)\n", line)
    if found is None:
        process.kill()
        pytest.fail(f"the server did not become ready: {line!r} {process.communicate()[1]}")
    return found[1]
