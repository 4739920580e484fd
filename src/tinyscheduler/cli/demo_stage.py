"""The demo's stage: a folder of its own, cron's environment, a task server, passes like cron's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Final

import tinyscheduler
from tinyscheduler.cli import demo_processes
from tinyscheduler.cli.demo_script import MINUTE_S
from tinyscheduler.errors import StateError, WorldError
from tinyscheduler.kit import files

SERVER_START_S: Final = 20.0
"""The server's libraries take half a second, from a cold disk and on a busy machine many."""
SERVER_END_S: Final = 3.0
"""Its own grace is 2 s."""
PASS_END_S: Final = 4.0
"""A pass takes half a second; one that is not over by then is not going to be."""
CLEAR_GRACE_S: Final = 2.0

Tick = Callable[[], None]
"""Called while something is waited for; leaves by an exception when the demo is to end."""


class Stage:
    """Everything that has to be gone afterwards. ``clear`` is the one way out."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Makes the folder. Raises StateError when there is no place for one."""
        self.program = program_of(environ)
        self.folder = _make_folder()
        self.environ = environment_of(self.folder, environ)
        self.endpoint = ""
        self.server_code: int | None = None
        self.pass_codes: list[int] = []
        self._server: subprocess.Popen[bytes] | None = None
        self._passes: list[subprocess.Popen[bytes]] = []
        self._next_pass_at = 0.0

    def start_server(self, tick: Tick) -> str:
        """The endpoint, once it answers. Raises WorldError."""
        self._server = self._start("serve", "--port", "0", log="server.log")
        deadline = time.monotonic() + SERVER_START_S
        while not self.endpoint:
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise WorldError(
                    f"the demo's task server did not start: {self._said('server.log')}",
                    hint="try it by itself: tinyscheduler serve --port 0",
                )
            tick()
            found = re.search(r"serving (http\S+)", self._said("server.log"))
            self.endpoint = found[1] if found else ""
        return self.endpoint

    def has_server(self) -> bool:
        """The server is still there."""
        return self._server is not None and self._server.poll() is None

    def cron(self) -> None:
        """Start a pass if its minute has come, and take note of those that have ended."""
        if time.monotonic() >= self._next_pass_at:
            self._passes.append(self._start("run", "--once", log="cron.log"))
            self._next_pass_at = time.monotonic() + MINUTE_S
        self._collect()

    def settle(self) -> list[int]:
        """No more passes; wait for those at work. Pids of what still runs beside the server."""
        self._next_pass_at = float("inf")
        server = () if self._server is None else (self._server.pid,)
        left = demo_processes.wait_until_gone(self.folder, but=server, timeout_s=PASS_END_S)
        self._collect()
        return left

    def end_server(self) -> list[int]:
        """Ask the server to end, as systemd would. Pids of whatever is left of the demo."""
        if self._server is not None:
            self._server.terminate()
            try:
                self.server_code = self._server.wait(SERVER_END_S)
            except subprocess.TimeoutExpired:
                self.server_code = None
        return demo_processes.processes_of(self.folder)

    def cron_log(self) -> str:
        """What passes have printed: nothing, when all is well."""
        return self._said("cron.log")

    def clear(self, *, keep: bool) -> str | None:
        """End every process and remove the folder; whatever happens, also twice.

        What could not be done, in one sentence; None: nothing of the demo is left.
        """
        self._next_pass_at = float("inf")
        self._forbid_starts()
        left = demo_processes.end_all(self.folder, grace_s=CLEAR_GRACE_S)
        for child in (*self._passes, *([self._server] if self._server else [])):
            child.poll()
        if left:
            return f"processes {', '.join(map(str, left))} cannot be ended; {self.folder} is left to them"
        if keep:
            self._allow_starts()
            return None
        shutil.rmtree(self.folder, ignore_errors=True)
        return f"{self.folder} could not be removed" if os.path.exists(self.folder) else None

    def _start(self, *arguments: str, log: str) -> subprocess.Popen[bytes]:
        """In a session of its own, as cron does it: Ctrl+C is for the demo, which ends the rest."""
        with open(f"{self.folder}/{log}", "ab") as output:
            return subprocess.Popen(
                [*self.program, *arguments, "--base-path", self.folder],
                env=self.environ,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _collect(self) -> None:
        for child in [child for child in self._passes if child.poll() is not None]:
            self._passes.remove(child)
            self.pass_codes.append(child.returncode)

    def _said(self, log: str) -> str:
        try:
            return files.read_limited(f"{self.folder}/{log}", 100_000).decode(errors="replace").strip()
        except OSError:
            # It has said nothing.
            return ""

    def _forbid_starts(self) -> None:
        """The emergency stop: a wrapper that ends now becomes a pass, which may start nothing."""
        try:
            files.make_folder(f"{self.folder}/state")
            files.replace(f"{self.folder}/state/ESTOP", b"the demo is over\n", sync_folder=False)
        except OSError:
            # A full disk, say. Then the rounds of signals have to be enough.
            return

    def _allow_starts(self) -> None:
        files.remove(f"{self.folder}/state/ESTOP")


def _make_folder() -> str:
    """Resolved: its name is compared with what processes say of themselves."""
    try:
        return os.path.realpath(tempfile.mkdtemp(prefix="tinyscheduler-demo-"))
    except OSError as error:
        hint = "name a writable one with TMPDIR"
        raise StateError(f"no temporary folder can be made: {error}", hint=hint) from error


def program_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """How cron would call us: the launcher if we came by it, else this interpreter and this package."""
    home = environ.get("TINYSCHEDULER_HOME", "")
    if home and sys.executable == f"{home}/.venv/bin/python":
        return (f"{home}/tinyscheduler",)
    isolation = "-I" if sys.flags.isolated else "-P"
    return (
        sys.executable,
        isolation,
        "-X",
        "utf8",
        f"{os.path.dirname(os.path.abspath(tinyscheduler.__file__))}/__main__.py",
    )


def environment_of(folder: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Cron's environment, with the folder as home: nothing of the caller's settings gets in.

    PYTHONPATH is no setting but the way to the libraries of whoever runs us from a source tree.
    """
    cron = {"PATH": "/usr/bin:/bin", "HOME": folder, "SHELL": "/bin/sh"}
    search_path = "" if sys.flags.ignore_environment else environ.get("PYTHONPATH", "")
    if search_path:
        parts = [os.path.abspath(part) for part in search_path.split(os.pathsep) if part]
        cron["PYTHONPATH"] = os.pathsep.join(parts)
    return cron
