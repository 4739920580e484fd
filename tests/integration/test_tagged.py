"""Who carries a tag of a state folder, found in one reading of the real /proc (features B9)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.waiting import wait_until
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.adapters.processes.proc import all_pids
from tinyscheduler.model.lease import LEASE_VARIABLE

STATE = f"state-{os.getpid()}"
TAG, OTHER = f"{STATE}:1:lease", f"{STATE}:2:other"
PLAIN = {"PATH": "/usr/bin:/bin"}
US_A_PROCESS_MAX = 250
"""The aim is 25 us, and 5 are measured; a guard against another order of magnitude, on a loaded machine."""

Start = Callable[..., int]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a sleeping process with this tag and environment; ends it with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(tag: str | None, **more: str) -> int:
        env = {**PLAIN, **more, **({} if tag is None else {LEASE_VARIABLE: tag})}
        child = subprocess.Popen(["sleep", "60"], env=env)
        started.append(child)
        # While it execs it has no environment for a moment.
        wait_until(lambda: b"sleep" in Path(f"/proc/{child.pid}/cmdline").read_bytes(), "it sleeps")
        return child.pid

    yield begin
    for child in started:
        child.kill()
        child.wait()


def found(state_id: str = STATE) -> dict[str, list[int]]:
    tagged = ProcessTable().tagged(state_id)
    return {tag: sorted(process.pid for process in processes) for tag, processes in tagged.items()}


def test_everybody_is_found_by_tag_and_nobody_else(start: Start) -> None:
    first, second, third = start(TAG), start(TAG), start(OTHER)
    start(None)
    start(f"x{STATE}:1:lease")
    start(f"{STATE}x:1:lease")
    start(None, NOTE=f"{LEASE_VARIABLE}={STATE}:1:lease", MY_TINYSCHEDULER_LEASE=TAG)

    assert found() == {TAG: sorted([first, second]), OTHER: [third]}


def test_a_state_folder_without_an_id_has_nobody(start: Start) -> None:
    start(":1:lease")

    assert found("") == {}


def test_a_tag_behind_a_big_environment_is_found(start: Start) -> None:
    """Also one that lies across the edge of what is read at once."""
    pids = [start(TAG, AAA="x" * size) for size in (16_300, 16_340, 16_360, 100_000)]

    assert found() == {TAG: sorted(pids)}


def test_the_text_in_an_earlier_value_hides_no_tag(start: Start) -> None:
    pid = start(TAG, AAA=f"before {LEASE_VARIABLE}={TAG}")

    assert found() == {TAG: [pid]}


def test_a_zombie_runs_nothing(start: Start) -> None:
    pid = start(TAG)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: ") Z " in Path(f"/proc/{pid}/stat").read_text(), "it is a zombie")

    assert found() == {}


def test_a_process_names_itself_with_its_start(start: Start) -> None:
    table, pid = ProcessTable(), start(TAG)

    (process,) = table.tagged(STATE)[TAG]

    assert process == table.identify(pid)
    assert table.liveness(process) == "alive"


def test_nobody_is_told_of_itself_and_of_those_it_was_started_by(start: Start) -> None:
    """Nor of who shares their tag: a pass that an agent starts must not end its own run."""
    start(TAG)
    other = start(OTHER)
    code = (
        "import sys; from tinyscheduler.adapters.processes import ProcessTable as T;"
        f"print({{tag: [p.pid for p in ps] for tag, ps in T().tagged({STATE!r}).items()}})"
    )
    inner = [sys.executable, "-c", code]
    untagged = ["env", "-u", LEASE_VARIABLE, *inner]
    environ = {**os.environ, LEASE_VARIABLE: TAG, "PYTHONPATH": os.pathsep.join(sys.path)}
    # A shell stays between: the process itself may have dropped the tag, its parent has it.
    below_shell = ["sh", "-c", '"$@"; exit 0', "sh", *untagged]

    seen = [subprocess.check_output(argv, env=environ, text=True) for argv in (inner, below_shell)]

    assert seen == [f"{{{OTHER!r}: [{other}]}}\n"] * 2


def test_it_costs_microseconds_a_process(start: Start) -> None:
    """Each pass pays for it, on machines with thousands of processes."""
    for _ in range(20):
        start(None)
    table = ProcessTable()

    def once_s() -> float:
        began = time.perf_counter()
        table.tagged(STATE)
        return time.perf_counter() - began

    best_us = min(once_s() for _ in range(20)) * 1e6

    assert best_us / len(all_pids()) < US_A_PROCESS_MAX
