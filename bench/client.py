"""What a call to a task server costs by our client and by the official one, to the same server.

Both are whole processes, in turn. Calls are timed by the program itself, behind twenty that warm it up; the
first call is that of a new process, from outside: start, import, connect, call, end.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.report import Result, at_most, ms, table, timings_table
from bench.stage import PYTHON, ROOT, Stage, serving, staged
from bench.timing import Program, Timed, alternate, median_s, run

WARM_UP = 20
CALLS = 300
FIRST_CALL_AIM, CALL_AIM = 1.0, 1.0
"""Not slower than what anybody would take."""

BARE = "python -c pass"
OURS, SDK = "ours", "official SDK"


class Caller(NamedTuple):
    """A program that makes calls and writes down how long they took."""

    script: Path
    endpoint: str
    results: Path

    def program(self, calls: int) -> Program:
        """With nothing of the machine's own settings."""
        environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src")}
        argv = (str(PYTHON), str(self.script), self.endpoint, str(calls), str(self.results))
        return Program(argv, environ)

    def calls_ms(self) -> list[float]:
        """Those after the warm-up."""
        run(self.program(WARM_UP + CALLS))
        found: list[float] = json.loads(self.results.read_text())
        return found[WARM_UP:]


def measure(runs: int) -> Result:
    with staged() as stage, serving(stage) as endpoint, _callers(stage, endpoint) as callers:
        spent = _in_turn(callers, max(1, runs // 3))
        first = alternate(
            {
                BARE: lambda: run(stage.bare("-c", "pass")),
                **{f"first call, {name}": _first(caller) for name, caller in callers.items()},
            },
            runs,
        )
    ours_s, sdk_s = (median_s(first[f"first call, {name}"]) for name in (OURS, SDK))
    medians = {name: statistics.median(values) for name, values in spent.items()}
    return Result(
        "A call to a task server",
        [
            *table(("get_task, to serve on loopback", "median ms", "p95 ms", "calls"), _rows(spent)),
            "",
            *timings_table(first, {f"first call, {name}": BARE for name in callers}),
        ],
        (
            at_most("a call, times the official client", medians[OURS] / medians[SDK], CALL_AIM),
            at_most("a first call, times the official client", ours_s / sdk_s, FIRST_CALL_AIM),
        ),
    )


@contextmanager
def _callers(stage: Stage, endpoint: str) -> Iterator[dict[str, Caller]]:
    run(stage.program("task", "add", "Look at the parser", "--queue", "dev"))
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory(prefix="tinyscheduler-bench-") as folder:
        results = Path(folder) / "milliseconds.json"
        yield {
            OURS: Caller(here / "our_calls.py", endpoint, results),
            SDK: Caller(here / "bare" / "sdk_calls.py", endpoint, results),
        }


def _first(caller: Caller) -> Callable[[], Timed]:
    return lambda: run(caller.program(1))


def _in_turn(callers: dict[str, Caller], rounds: int) -> dict[str, list[float]]:
    spent: dict[str, list[float]] = {name: [] for name in callers}
    for _ in range(rounds):
        for name, caller in callers.items():
            spent[name] += caller.calls_ms()
    return spent


def _rows(spent: dict[str, list[float]]) -> Iterator[tuple[str, str, str, str]]:
    for name, values in spent.items():
        p95 = statistics.quantiles(values, n=20)[-1]
        yield name, ms(statistics.median(values) / 1000), ms(p95 / 1000), f"{len(values):,}"
