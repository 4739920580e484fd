"""What time namespaces take off and add (law 5)."""

from __future__ import annotations

import subprocess
import sys

from tests.rigs.tools import other_time
from tinyscheduler.kit.namespace_time import NONE, ClockOffsets, clock_offsets, read_offsets

SCRIPT = """
import sys
sys.path[:] = eval(sys.argv[1])
from tinyscheduler.adapters.clock import SystemClock
from tinyscheduler.adapters.processes.proc import read_stat
print(SystemClock().monotonic(), read_stat(1).start)
"""


def test_the_machines_own_namespace_moves_nothing() -> None:
    assert read_offsets(b"monotonic           0         0\nboottime            0         0\n") == NONE


def test_offsets_are_seconds_and_ticks() -> None:
    text = b"monotonic       -3600 500000000\nboottime         1000         0\n"

    assert read_offsets(text) == ClockOffsets(-3599.5, 100_000)


def test_lines_that_nobody_knows_are_left_out() -> None:
    assert read_offsets(b"realtime 5 0\n\nmonotonic 1\n") == NONE


def test_all_namespaces_see_one_time_and_one_start() -> None:
    """The first process started before them all."""
    here = look()
    there = look(*other_time(100_000))

    assert abs(there[0] - here[0]) < 60
    assert there[1] == here[1]
    assert clock_offsets() == NONE


def look(*prefix: str) -> tuple[float, int]:
    argv = [*prefix, sys.executable, "-c", SCRIPT, repr(sys.path)]
    monotonic, start = subprocess.check_output(argv, text=True).split()
    return float(monotonic), int(start)
