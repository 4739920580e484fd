"""What a pass costs that finds nothing to do, which is most of them."""

from __future__ import annotations

from bench.report import Result, at_most, timings_table
from bench.stage import serving, staged
from bench.timing import alternate, median_s, run

EMBEDDED_AIM = 6.0
SERVER_AIM = 12.0

BARE = "python -c pass"
EMBEDDED = "run --once, embedded store"
SERVER = "run --once, server on loopback"


def measure(runs: int) -> Result:
    with staged() as plain, staged() as served, serving(served) as endpoint:
        client = served._replace(settings={"MCP_ENDPOINT": endpoint})
        plain.set_up()
        client.set_up()
        found = alternate(
            {
                BARE: lambda: run(plain.bare("-c", "pass")),
                EMBEDDED: lambda: run(plain.one_pass()),
                SERVER: lambda: run(client.one_pass()),
            },
            runs,
        )
    bare_s = median_s(found[BARE])
    return Result(
        "A pass with nothing to do",
        timings_table(found, {EMBEDDED: BARE, SERVER: BARE}),
        (
            at_most(
                "idle pass, embedded store, times bare Python",
                median_s(found[EMBEDDED]) / bare_s,
                EMBEDDED_AIM,
            ),
            at_most(
                "idle pass, server on loopback, times bare Python",
                median_s(found[SERVER]) / bare_s,
                SERVER_AIM,
            ),
        ),
    )
