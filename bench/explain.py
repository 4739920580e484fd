"""How long a person waits for an answer: ``explain`` and ``backlog``, whole processes over a full house."""

from __future__ import annotations

from collections.abc import Callable

from bench.backlog import BARE_AIM, LARGE, full_house
from bench.report import Result, at_most, timings_table
from bench.timing import Program, Timed, alternate, median_s, run

BARE = f"bare loop, server, {LARGE}"
"""Ten thousand tasks take a server its time, whoever asks for them."""
EXPLAIN_AIM_MS = 300.0
"""Shorter than anybody looks away for."""


def measure(runs: int) -> Result:
    with full_house(LARGE) as house:
        # In the middle of the line: half of the tasks come before it.
        task_id = str(house.size.leases + house.size.tasks // 2)
        bare = house.programs()[BARE]
        programs = {
            "explain, store": house.embedded.program("explain", task_id),
            BARE: bare,
            "explain, server": house.client.program("explain", task_id),
            "backlog, store": house.embedded.program("backlog"),
            "status, store": house.embedded.program("status"),
        }
        found = alternate({name: _starter(program) for name, program in programs.items()}, runs)
    by_store, by_server = median_s(found["explain, store"]), median_s(found["explain, server"])
    return Result(
        f"Asking why, {LARGE}",
        timings_table(found, {"explain, server": BARE}),
        (
            at_most(f"explain over {LARGE}, store", 1000 * by_store, EXPLAIN_AIM_MS, "ms"),
            at_most("explain, server, times a bare loop", by_server / median_s(found[BARE]), BARE_AIM),
        ),
    )


def _starter(program: Program) -> Callable[[], Timed]:
    return lambda: run(program)
