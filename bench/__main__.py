"""``python -m bench [--quick] [NAME...]``: measure, and print the tables of docs/performance.md."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Mapping

from bench import backlog, client, explain, idle, imports, plan, reclaim, serve, starts, waits, wrapper
from bench.report import Result, table
from bench.stage import prepare
from bench.timing import QUICK_RUNS, RUNS, done

MEASUREMENTS: Mapping[str, Callable[[int], Result]] = {
    "idle": idle.measure,
    "imports": imports.measure,
    "backlog": backlog.measure,
    "plan": plan.measure,
    "waits": waits.measure,
    "explain": explain.measure,
    "client": client.measure,
    "starts": starts.measure,
    "reclaim": reclaim.measure,
    "wrapper": wrapper.measure,
    "serve": serve.measure,
}


def main() -> int:
    """0, also where an aim is missed: a figure is a fact, and who judges it reads the table."""
    options = _options()
    runs = QUICK_RUNS if options.quick else RUNS
    prepare()
    print(_machine(runs))
    results = []
    for name in options.names or MEASUREMENTS:
        result = MEASUREMENTS[name](runs)
        done()
        results.append(result)
        print(f"\n### {result.title}\n", *result.lines, sep="\n", flush=True)
    _print_figures(results)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_RUNS} runs instead of {RUNS}: a first look"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASUREMENTS)}; all")
    options = parser.parse_args()
    strangers = set(options.names) - set(MEASUREMENTS)
    if strangers:
        parser.error(f"there is no measurement {', '.join(sorted(strangers))}")
    return options


def _machine(runs: int) -> str:
    load = os.getloadavg()[0]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {python}, load {load:.2f} at the start, medians of {runs}"


def _print_figures(results: list[Result]) -> None:
    figures = [figure for result in results for figure in result.figures]
    if figures:
        rows = [(f.question, f.value, f.aim, f.verdict) for f in figures]
        print("\n### Against the aims\n", *table(("figure", "measured", "at most", ""), rows), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
