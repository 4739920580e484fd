"""Run what a page tells its reader to type, in order, and compare what the page says they will see.

In a ``console`` block a line that begins with ``$`` is typed and the lines after it are shown. In these
``...`` stands for anything within a line, and alone for any number of lines. The remark before a block
may say ``not run: REASON``, ``until`` (repeat the first command until its output fits: something is going on
meanwhile) or ``background`` (a second terminal).
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.docs.pages import Block

LIMIT_S = 40.0
"""For one command. The demo takes 16 s here."""
UNTIL_S = 30.0


class Typed(NamedTuple):
    """One command and what the page shows below it."""

    command: str
    shown: str


class Mismatch(AssertionError):
    """The page does not tell the truth."""


class Terminal:
    """A reader's terminals in one folder. Leaves nothing behind: see ``close``."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *, port: int) -> None:
        self._folder = folder
        self._environment = environment
        self._port = port
        self._background: list[subprocess.Popen[bytes]] = []

    def follow(self, block: Block) -> None:
        """Type everything in the block. Raises Mismatch."""
        for typed in commands_in(block):
            if block.remark == "background":
                self._begin(typed)
            elif block.remark == "until":
                self._repeat(typed)
            else:
                self._type(typed)

    def close(self) -> None:
        """End the second terminal, and wait until the runs of this folder are over by themselves."""
        for process in self._background:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(timeout=LIMIT_S)
        (self._folder / "state" / "ESTOP").touch()
        wait_for(lambda: not processes_of(self._folder), LIMIT_S, "runs of this folder to end")

    def _type(self, typed: Typed) -> None:
        printed = self._run(typed.command)
        if not fits(printed, typed.shown):
            raise Mismatch(f"$ {typed.command}\n{printed}\n--- but the page shows ---\n{typed.shown}")

    def _repeat(self, typed: Typed) -> None:
        deadline = time.monotonic() + UNTIL_S
        while not fits(self._run(typed.command), typed.shown):
            if time.monotonic() > deadline:
                self._type(typed)
            time.sleep(0.2)

    def _run(self, command: str) -> str:
        finished = subprocess.run(
            ["/bin/sh", "-c", self._on_our_port(command)],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        if finished.returncode != 0:
            raise Mismatch(f"$ {command}\n{finished.stdout}\nended with {finished.returncode}")
        return self._as_on_the_page(finished.stdout)

    def _begin(self, typed: Typed) -> None:
        printed = self._folder / "second-terminal"
        with open(printed, "wb") as output:
            self._background.append(
                subprocess.Popen(
                    ["/bin/sh", "-c", f"exec {self._on_our_port(typed.command)}"],
                    cwd=self._folder,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                )
            )
        wait_for(lambda: fits(self._as_on_the_page(printed.read_text()), typed.shown), LIMIT_S, typed.shown)

    def _on_our_port(self, command: str) -> str:
        """The page's port may be somebody's on this machine."""
        ours = command.replace("127.0.0.1:3000", f"127.0.0.1:{self._port}")
        return re.sub(r"(tinyscheduler serve)\b", rf"\1 --port {self._port}", ours)

    def _as_on_the_page(self, printed: str) -> str:
        return printed.replace(f"127.0.0.1:{self._port}", "127.0.0.1:3000")


def commands_in(block: Block) -> Iterator[Typed]:
    """Each with the lines below it."""
    for part in re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield Typed(command, shown)


def fits(printed: str, shown: str) -> bool:
    """Whether the output is what the page shows, blanks at the ends of lines aside."""
    pattern = "".join(_line_pattern(line) for line in shown.rstrip("\n").split("\n")) if shown.strip() else ""
    text = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    return re.fullmatch(pattern, text) is not None


def processes_of(folder: Path) -> list[int]:
    """Whoever was started for a run of this folder, or by its launcher."""
    mark = f"TINYSCHEDULER_HOME={folder}".encode()
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if mark in _environment_of(pid)]


def wait_for(condition: Callable[[], bool], limit_s: float, what: str) -> None:
    """Look again and again."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.05)


def _line_pattern(line: str) -> str:
    if line.strip() == "...":
        return r"(?:.*\n)*"
    return ".*".join(re.escape(part) for part in line.rstrip().split("...")) + r"\n"


def _environment_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
