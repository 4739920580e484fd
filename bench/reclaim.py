"""What it costs to find a hundred runs dead in one pass, and to give their tasks back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.dead import check_all_given_back, embedded_source, lay_dead_runs, server_source
from bench.leases import AGENT
from bench.report import Result, at_most, timings_table
from bench.stage import Stage, agent, serving, staged
from bench.timing import Program, Timed, alternate, median_s, run

RUNS = 100
AIM = 3.0
BARE = Path(__file__).with_name("bare")

Make = Callable[[Stage], Program]


def measure(runs: int) -> Result:
    """Whole processes. A bare one unlinks each lease and asks the server for the same."""
    names = [(_bare_name(kind), _pass_name(kind)) for kind in ("store", "server")]
    found = alternate(
        {
            names[0][0]: lambda: _over_store(_bare_over_store),
            names[0][1]: lambda: _over_store(None),
            names[1][0]: lambda: _over_server(is_bare=True),
            names[1][1]: lambda: _over_server(is_bare=False),
        },
        runs,
    )
    figures = [
        at_most(f"{RUNS} dead runs in one pass, {kind}, times bare", _ratio(found, pair), AIM)
        for kind, pair in zip(("store", "server"), names, strict=True)
    ]
    return Result("Many dead runs in one pass", timings_table(found, {p: b for b, p in names}), figures)


def _bare_name(kind: str) -> str:
    return f"{RUNS} times unlink and the same calls, {kind}"


def _pass_name(kind: str) -> str:
    return f"run --once, {RUNS} dead runs, {kind}"


def _ratio(found: dict[str, list[Timed]], pair: tuple[str, str]) -> float:
    bare, ours = pair
    return median_s(found[ours]) / median_s(found[bare])


def _over_store(make_bare: Make | None) -> Timed:
    with staged([agent(AGENT, slots=RUNS)]) as stage:
        # Nothing is started again meanwhile: the tasks given back would be.
        quiet = stage._replace(settings={"ENABLED": "false"})
        quiet.set_up()
        return _measured(quiet, embedded_source(quiet), make_bare)


def _over_server(*, is_bare: bool) -> Timed:
    with staged([agent(AGENT, slots=RUNS)]) as stage, serving(stage) as endpoint:
        client = stage._replace(settings={"MCP_ENDPOINT": endpoint, "ENABLED": "false"})
        client.set_up()
        make_bare = (lambda stage: _bare_over_server(stage, endpoint)) if is_bare else None
        return _measured(client, server_source(endpoint), make_bare)


def _measured(stage: Stage, source: str, make_bare: Make | None) -> Timed:
    lay_dead_runs(stage, source, RUNS)
    if make_bare is not None:
        return run(make_bare(stage))
    timed = run(stage.one_pass())
    check_all_given_back(stage, RUNS)
    return timed


def _bare_over_store(stage: Stage) -> Program:
    database = str(stage.state / "tasks.db")
    return stage.bare(str(BARE / "reclaim_store.py"), str(stage.state / "running"), database, AGENT)


def _bare_over_server(stage: Stage, endpoint: str) -> Program:
    return stage.bare(str(BARE / "reclaim_server.py"), str(stage.state / "running"), endpoint, AGENT)
