"""Processes of every kind that a test has started itself, and ends."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.waiting import wait_until
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.model.lease import LEASE_VARIABLE, ProcessRef

LIMIT_S = 20
TAG = f"state-{os.getpid()}:1:lease"
OTHER = f"state-{os.getpid()}:2:other"
PLAIN = {"PATH": "/usr/bin:/bin"}
TAGGED = {**PLAIN, LEASE_VARIABLE: TAG}


class Nursery:
    """Processes of one test. Scripts say which processes they made by writing their pids into files."""

    def __init__(self, folder: Path, table: ProcessTable) -> None:
        self._folder = folder
        self._table = table
        self._started: list[subprocess.Popen[bytes]] = []

    def sleeper(self, *, env: dict[str, str] = PLAIN, session: bool = True) -> ProcessRef:
        """A process that sleeps for a minute, and does so already: while a process execs, its
        environment is empty for a moment."""
        found = self._start(["sleep", "60"], env, session=session)
        wait_until(lambda: state_of(found.pid) == ("sleep", "S"))
        return found

    def script(self, text: str, *, env: dict[str, str] = TAGGED, session: bool = True) -> ProcessRef:
        """A shell in the test's folder; ``echo $$ > name`` tells ``pid_of(name)``."""
        return self._start(["sh", "-c", text], env, session=session)

    def named(self, name: str) -> ProcessRef:
        """The process whose pid a script has written there."""
        path = self._folder / name
        wait_until(lambda: path.exists() and path.read_text().endswith("\n"))
        found = self._table.identify(int(path.read_text()))
        assert found is not None, f"{name} has ended already"
        return found

    def reap(self, process: ProcessRef) -> None:
        """Wait for a child of ours that has been told to end."""
        for started in self._started:
            if started.pid == process.pid:
                started.wait(LIMIT_S)

    def end(self) -> None:
        """Whatever stands in the test's folder was started here, whoever its parent is by now."""
        while left := self._standing_here():
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._reap_all()
        self._reap_all()

    def _reap_all(self) -> None:
        for started in self._started:
            started.wait(LIMIT_S)

    def _standing_here(self) -> list[int]:
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):
                if os.readlink(f"/proc/{pid}/cwd") == str(self._folder):
                    found.append(int(pid))
        return found

    def _start(self, argv: list[str], env: dict[str, str], *, session: bool) -> ProcessRef:
        """It waits for a line before it does anything, so that it lives when it is looked at."""
        gated = ["sh", "-c", 'read go; exec "$@"', "gate", *argv]
        started = subprocess.Popen(
            gated, env=env, cwd=self._folder, start_new_session=session, stdin=subprocess.PIPE
        )
        self._started.append(started)
        found = self._table.identify(started.pid)
        assert found is not None
        wait_until(lambda: state_of(started.pid) == ("sh", "S"))
        assert started.stdin is not None
        started.stdin.write(b"go\n")
        started.stdin.close()
        return found


def state_of(pid: int) -> tuple[str, str]:
    """Its name, and what it does: S sleeps, T is stopped."""
    before, _, after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    return before.partition("(")[2], after.split()[0]


@contextmanager
def a_zombie() -> Iterator[int]:
    """The pid of a child that has ended and is not waited for."""
    ended = subprocess.Popen(["true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    try:
        yield ended.pid
    finally:
        ended.wait(LIMIT_S)


def pids(processes: tuple[ProcessRef, ...]) -> set[int]:
    return {process.pid for process in processes}


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
