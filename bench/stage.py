"""A scheduler of the measurement's own: a base folder in a temp folder, and the programs over it."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.timing import Program, Trouble, run

ROOT = Path(__file__).resolve().parent.parent
LAUNCHER = ROOT / "tinyscheduler"
PYTHON = ROOT / ".venv" / "bin" / "python"
"""What the launcher has made: locked libraries, bytecode compiled."""
SERVER_START_S = 60
"""A second, unless the machine is busy; then the figures are worth nothing anyway."""


class Stage(NamedTuple):
    """One base folder."""

    base: Path
    settings: dict[str, str]

    @property
    def state(self) -> Path:
        return self.base / "state"

    @property
    def environ(self) -> dict[str, str]:
        """As little as cron gives. Nothing of the machine's own settings, which may forbid bytecode."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.base),
            "TINYSCHEDULER_BASE_PATH": str(self.base),
            "TINYSCHEDULER_AGENT_CONTROL_FILE": "agents.json",
            **{f"TINYSCHEDULER_{name}": value for name, value in self.settings.items()},
        }

    def program(self, *arguments: str) -> Program:
        """``./tinyscheduler`` and these."""
        return Program((str(LAUNCHER), *arguments), self.environ)

    def bare(self, *arguments: str) -> Program:
        """The same interpreter, without us."""
        return Program((str(PYTHON), *arguments), self.environ)

    def one_pass(self) -> Program:
        """What cron starts."""
        return self.program("run", "--once")

    def set_up(self) -> None:
        """Two passes: the first makes the state folder and compiles the settings."""
        for _ in range(2):
            run(self.one_pass())


def agent(name: str, *, slots: int, command: Sequence[str] = ("/bin/true",)) -> dict[str, object]:
    """One entry of agent-control, for the queue ``dev``."""
    return {
        "agentName": name,
        "agentType": "dev",
        "maxConcurrency": slots,
        "command": list(command),
        "success": "exit_code",
    }


SMALL_CREW = (agent("dev-1", slots=2), agent("dev-2", slots=1), agent("qa-1", slots=1))


@contextmanager
def staged(agents: Sequence[dict[str, object]] = SMALL_CREW, **settings: str) -> Iterator[Stage]:
    """A base folder with these agents, removed afterwards."""
    base = Path(tempfile.mkdtemp(prefix="tinyscheduler-bench-"))
    try:
        (base / "agents.json").write_text(json.dumps(agents))
        # What is measured keeps the machine busy, and is not to wait until it has less to do.
        (base / "tinyscheduler.toml").write_text("[pressure]\nenabled = false\n")
        yield Stage(base, settings)
    finally:
        shutil.rmtree(base)


@contextmanager
def serving(stage: Stage) -> Iterator[str]:
    """``tinyscheduler serve`` over the stage's own store; the endpoint."""
    server = subprocess.Popen(
        [LAUNCHER, "serve", "--port", "0"], env=stage.environ, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        ready, _, _ = select.select([server.stdout], [], [], SERVER_START_S)
        words = server.stdout.readline().split() if ready else []
        if words[:1] != ["serving"]:
            raise Trouble("the server did not start")
        yield words[1]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(SERVER_START_S)
        server.stdout.close()


def prepare() -> None:
    """Let the launcher make its environment, and compile what has changed since."""
    run(Program((str(LAUNCHER), "--version"), {"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir()}))
