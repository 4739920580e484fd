"""How long a person waits for an answer: ``explain`` and ``backlog``, whole processes over a full house."""

from __future__ import annotations

from collections.abc import Callable

from bench.backlog import BARE_AIM, LARGE, House, Size, full_house
from bench.report import Result, at_most, timings_table
from bench.timing import Program, Timed, alternate, median_s, run

USUAL = Size(50, 10_000)
"""As many agents as the program is for, and all the tasks that a pass reads."""
BARE = f"bare loop, server, {LARGE}"
"""Ten thousand tasks take a server its time, whoever asks for them."""
EXPLAIN_AIM_MS = 300.0
"""Shorter than anybody looks away for."""


def measure(runs: int) -> Result:
    with full_house(USUAL) as house:
        usual = {f"explain, store, {USUAL}": house.embedded.program("explain", _in_the_middle(house))}
        found = alternate({name: _starter(program) for name, program in usual.items()}, runs)
    with full_house(LARGE) as house:
        task_id = _in_the_middle(house)
        programs = {
            "explain, store": house.embedded.program("explain", task_id),
            BARE: house.programs()[BARE],
            "explain, server": house.client.program("explain", task_id),
            "backlog, store": house.embedded.program("backlog"),
            "status, store": house.embedded.program("status"),
        }
        found |= alternate({name: _starter(program) for name, program in programs.items()}, runs)
    by_store = median_s(found[f"explain, store, {USUAL}"])
    return Result(
        f"Asking why, {LARGE}",
        timings_table(found, {"explain, server": BARE}),
        (
            at_most(f"explain over {USUAL}, store", 1000 * by_store, EXPLAIN_AIM_MS, "ms"),
            at_most(
                "explain, server, times a bare loop",
                median_s(found["explain, server"]) / median_s(found[BARE]),
                BARE_AIM,
            ),
        ),
    )


def _in_the_middle(house: House) -> str:
    """Half of the tasks come before it in the line."""
    return str(house.size.leases + house.size.tasks // 2)


def _starter(program: Program) -> Callable[[], Timed]:
    return lambda: run(program)
