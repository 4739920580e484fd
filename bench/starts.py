"""What it costs to start fifty agents in one pass, with every lease, claim and sync on the way."""

from __future__ import annotations

import json
from pathlib import Path

from bench.orders import lay_orders
from bench.report import Result, at_most, timings_table
from bench.runs import add_tasks, quiet_stage, wait_until_at_work
from bench.stage import PYTHON, ROOT, Stage
from bench.timing import Timed, alternate, median_s, run

AGENTS = 50
AIM = 2.0

BARE = f"{AGENTS} times subprocess.Popen of a wrapper"
PASS = f"run --once, {AGENTS} starts"


def measure(runs: int) -> Result:
    """Whole processes, until the last wrapper has been spawned; wrappers work on meanwhile in both."""
    found = alternate({BARE: _popen, PASS: _pass}, runs)
    ratio = median_s(found[PASS]) / median_s(found[BARE])
    return Result(
        "Many starts in one pass",
        timings_table(found, {PASS: BARE}),
        (at_most(f"{AGENTS} agents in one pass, times bare Popen", ratio, AIM),),
    )


def _pass() -> Timed:
    with quiet_stage(AGENTS) as stage:
        add_tasks(stage, AGENTS)
        timed = run(stage.one_pass())
        wait_until_at_work(stage, AGENTS)
        return timed


def _popen() -> Timed:
    """The same wrappers over the same files, which were written before the clock starts."""
    with quiet_stage(AGENTS) as stage:
        commands = stage.base / "commands.json"
        commands.write_text(json.dumps(_commands(stage)))
        program = stage.bare(str(Path(__file__).with_name("bare") / "popen.py"), str(commands))
        timed = run(program)
        wait_until_at_work(stage, AGENTS)
        return timed


def _commands(stage: Stage) -> list[tuple[list[str], dict[str, str]]]:
    main = str(ROOT / "src" / "tinyscheduler" / "__main__.py")
    return [
        ([str(PYTHON), "-I", "-X", "utf8", main, "wrap", path], {**stage.environ, "TINYSCHEDULER_LEASE": tag})
        for path, tag in lay_orders(stage, AGENTS)
    ]
