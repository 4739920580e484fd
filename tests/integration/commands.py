"""The command line as its users have it: processes, files, a pass now and then."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tinyscheduler.config.load import load
from tinyscheduler.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "tinyscheduler")
CALL_TIMEOUT_S = 30


class Answer(NamedTuple):
    """How one command ended."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, object]:
        """The one object on stdout."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


def rows(told: object) -> list[dict[str, object]]:
    """A list of objects, as a value of what a program told or wrote. Fails where it is something else."""
    assert isinstance(told, list), told
    assert all(isinstance(row, dict) for row in told), told
    return told


class Installation(NamedTuple):
    """One base folder."""

    base: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Enough to find the sources, and nothing of the operator's settings."""
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "HOME": str(self.base), **more}

    def argv(self, *arguments: str) -> list[str]:
        return [*PROGRAM, "--base-path", str(self.base), *arguments]

    def call(self, *arguments: str, stdin: str = "", environ: Mapping[str, str] | None = None) -> Answer:
        """One command from beginning to end."""
        done = subprocess.run(
            self.argv(*arguments),
            env=self.environment(**(environ or {})),
            cwd=self.base,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=CALL_TIMEOUT_S,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def well(self, *arguments: str, stdin: str = "") -> str:
        """The output of a command that has to succeed."""
        answer = self.call(*arguments, stdin=stdin)
        assert answer.code == 0, answer
        return answer.out

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that stays; the caller ends it."""
        return subprocess.Popen(
            self.argv(*arguments),
            env=self.environment(),
            cwd=self.base,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def leases(self) -> list[str]:
        """Ids of the tasks in flight."""
        names = os.listdir(self.base / "state" / "running")
        return sorted(match[1] for name in names if (match := re.fullmatch(r"task_(.+)\.json", name)))

    def lease(self, task_id: str) -> dict[str, object]:
        found = json.loads((self.base / "state" / "running" / f"task_{task_id}.json").read_text())
        assert isinstance(found, dict)
        return found

    def picture(self) -> dict[str, tuple[int, int]]:
        """Every file and folder with its size and time."""
        found = {}
        for folder, _, names in os.walk(self.base):
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                status = os.lstat(path)
                found[path] = (status.st_size, status.st_mtime_ns)
        return found


NO_PRESSURE = "[pressure]\nenabled = false\n"
"""Tests keep the machine busy; what they start must not wait until it has less to do."""


def an_installation(base: Path, agents: Iterable[Mapping[str, object]]) -> Installation:
    """With these agents; what each runs is in its ``command``."""
    base.mkdir(exist_ok=True)
    (base / "agent-control.json").write_text(json.dumps(list(agents)), encoding="utf-8")
    (base / "tinyscheduler.toml").write_text(NO_PRESSURE)
    made = Installation(base)
    compile_settings(made.environment(), BASE_PATH=str(base))
    return made


def compile_settings(environ: Mapping[str, str], **flags: str) -> None:
    """Leave the settings as an earlier pass with this environment would: compiled. That takes a new process
    three times as long as a pass that finds them, and every scene would begin with it. What does not hold
    is the next command's to tell."""
    with suppress(ConfigError):
        load(flags, environ, write_cache=True)


def an_agent(
    name: str, *, queue: str = "dev", script: str = "true", slots: int = 1, **more: object
) -> dict[str, object]:
    """Runs a line of shell."""
    return {
        "agentName": name,
        "agentType": queue,
        "maxConcurrency": slots,
        "command": ["/bin/sh", "-c", script],
        **more,
    }
