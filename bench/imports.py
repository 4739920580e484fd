"""Where the time of an idle pass goes: importing, by who is imported, and the rest."""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Mapping

from bench.report import Result, table
from bench.stage import PYTHON, ROOT, Stage, serving, staged
from bench.timing import progress

MAIN = ROOT / "src" / "tinyscheduler" / "__main__.py"
HTTPX = ("httpx", "httpcore", "h11", "anyio", "certifi", "idna")

Shares = Mapping[str, float]


def measure(runs: int) -> Result:
    with staged() as plain, staged() as served, serving(served) as endpoint:
        client = served._replace(settings={"MCP_ENDPOINT": endpoint})
        embedded = _shares(plain, runs)
        over_http = _shares(client, runs)
    names = [*over_http, *(name for name in embedded if name not in over_http)]
    rows = [(name, *(f"{shares.get(name, 0.0):.1f}" for shares in (embedded, over_http))) for name in names]
    lines = table(("imported (own time, ms; -X importtime adds about a fifth)", "embedded", "server"), rows)
    return Result("What an idle pass imports", lines)


def _shares(stage: Stage, runs: int) -> Shares:
    stage.set_up()
    found: dict[str, list[float]] = {}
    for number in range(runs):
        progress(f"imports: {number} of {runs}")
        for group, spent_ms in _once(stage).items():
            found.setdefault(group, []).append(spent_ms)
    return {group: statistics.median(values) for group, values in found.items()}


def _once(stage: Stage) -> dict[str, float]:
    argv = [str(PYTHON), "-I", "-X", "utf8", "-X", "importtime", str(MAIN), "run", "--once"]
    environ = {**stage.environ, "TINYSCHEDULER_HOME": str(ROOT)}
    done = subprocess.run(argv, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    sums = dict.fromkeys(("bare interpreter", "standard library", "standard library for httpx"), 0.0)
    is_started, is_http = False, False
    for line in done.stderr.decode().splitlines():
        own, _, name = (part.strip() for part in line.removeprefix("import time:").split("|"))
        if not own.isdigit():
            continue
        is_http = is_http or name == "tinyscheduler.adapters.mcp"
        group = _group(name, is_started=is_started, is_http=is_http)
        sums[group] = sums.get(group, 0.0) + int(own) / 1000
        is_started = is_started or name == "site"
    return {group: spent_ms for group, spent_ms in sums.items() if spent_ms}


def _group(name: str, *, is_started: bool, is_http: bool) -> str:
    """By its name and by what came before it: a line is printed when its import has ended."""
    if not is_started:
        return "bare interpreter"
    top, _, rest = name.partition(".")
    if top == "tinyscheduler":
        room = rest.partition(".")[0]
        return f"ours: {room if room in ROOMS else 'the rest'}"
    if top in HTTPX:
        return "httpx, httpcore, h11"
    return "standard library for httpx" if is_http else "standard library"


ROOMS = ("adapters", "cli", "config", "model", "planner", "reconcile", "taskstore")
"""Rooms with a row of their own."""
