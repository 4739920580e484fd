"""One process from its start to its end, seen from outside.

``posix_spawn`` and ``wait4`` and nothing else: no shell, no thread, no pipe whose reader would take
part in the race for two cores.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

RUNS = 15
QUICK_RUNS = 3


class Timed(NamedTuple):
    """What one run of a process took."""

    wall_s: float
    cpu_s: float
    """Of it and of the children it waited for."""


class Program(NamedTuple):
    """Something to start."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]


class Trouble(Exception):
    """A measurement that would mean nothing."""


def run(program: Program) -> Timed:
    """Start it, wait for it. What it prints on stderr is seen, stdout is not. Raises Trouble."""
    quiet = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    ]
    began = time.perf_counter()
    pid = os.posix_spawn(program.argv[0], program.argv, program.environ, file_actions=quiet)
    _, status, usage = os.wait4(pid, 0)
    wall_s = time.perf_counter() - began
    if status != 0:
        code = os.waitstatus_to_exitcode(status)
        raise Trouble(f"{' '.join(program.argv)} ended with {code}")
    return Timed(wall_s, usage.ru_utime + usage.ru_stime)


def alternate(programs: Mapping[str, Callable[[], Timed]], runs: int) -> dict[str, list[Timed]]:
    """A B A B ..., so that a machine that gets slower or faster does so for all of them. One round
    before it is not counted: it fills the caches of the disk and of ours."""
    found: dict[str, list[Timed]] = {name: [] for name in programs}
    for number in range(runs + 1):
        for name, start in programs.items():
            timed = start()
            if number > 0:
                found[name].append(timed)
            progress(f"{name}: {number} of {runs}")
    return found


def median_s(timings: Sequence[Timed]) -> float:
    return statistics.median(timed.wall_s for timed in timings)


def median_cpu_s(timings: Sequence[Timed]) -> float:
    return statistics.median(timed.cpu_s for timed in timings)


def fastest_s(timings: Sequence[Timed]) -> float:
    return min(timed.wall_s for timed in timings)


def progress(text: str) -> None:
    """One line on stderr that is written over and over."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def done() -> None:
    """Take the line away."""
    progress("")
