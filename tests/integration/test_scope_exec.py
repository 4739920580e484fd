"""Has the program before the wrapper made room for it? By stand-ins: a systemd that hangs cannot be had."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.wrapping import is_alive
from tests.waiting import wait_until
from tinyscheduler.adapters.engines.systemd_scope import has_become_the_wrapper

Start = Callable[..., "subprocess.Popen[bytes]"]
SHELL = shutil.which("sh") or "/bin/sh"


@pytest.fixture
def start() -> Iterator[Start]:
    children: list[subprocess.Popen[bytes]] = []

    def begin(script: str) -> subprocess.Popen[bytes]:
        children.append(subprocess.Popen([SHELL, "-c", script]))
        return children[-1]

    yield begin
    for child in children:
        child.kill()
        child.wait()


def test_the_program_that_was_replaced_is_the_wrapper(start: Start) -> None:
    child = start("sleep 0.1; exec sleep 98")

    assert has_become_the_wrapper(child.pid, SHELL)
    assert is_alive(child.pid)


def test_the_program_that_ended_was_none(start: Start) -> None:
    assert not has_become_the_wrapper(start("exit 1").pid, SHELL)


def test_the_program_that_is_ending_has_become_nothing(start: Start) -> None:
    """Its memory is gone, and with it what it executes: that is no other program."""
    child = start("exit 1")
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert not has_become_the_wrapper(child.pid, SHELL, limit_s=0.0)


def test_the_program_that_takes_too_long_is_ended_and_never_becomes_the_wrapper(start: Start) -> None:
    child = start("while :; do sleep 0.05; done; exec sleep 98")

    assert not has_become_the_wrapper(child.pid, SHELL, limit_s=0.1)
    wait_until(lambda: not is_alive(child.pid), "it is dead")


def test_the_wrapper_that_comes_in_the_last_moment_is_left_alone(start: Start) -> None:
    """Stopped, seen to be the wrapper, and let go on."""
    child = start("exec sleep 98")
    wait_until(lambda: "sleep" in Path(f"/proc/{child.pid}/comm").read_text(), "the exec")

    assert has_become_the_wrapper(child.pid, SHELL, limit_s=0.0)
    stat = Path(f"/proc/{child.pid}/stat").read_text()
    assert stat.rpartition(")")[2].split()[0] in "RS"
