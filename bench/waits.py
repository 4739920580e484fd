"""What a pass pays for remembering who waits: reading, working out and writing ten thousand of them.

Inside of a process, as the plan: a pass does each at most once, and writes only when something has changed.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable

from bench.crowd import crowd
from bench.report import Result, at_most, ms, table
from bench.timing import progress
from tinyscheduler.adapters.records.waiting import FileWaits
from tinyscheduler.model.waiting import Waits
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.waits import remembered

TASKS = 10_000
AIM_MS = 40


def measure(runs: int) -> Result:
    """Medians of the CPU's time: a file that is not synced costs the disk nothing."""
    snapshot = crowd(TASKS)
    plan = plan_start(snapshot)
    waits = Waits(snapshot.source, remembered(snapshot, plan, snapshot.leases))
    later = snapshot._replace(waiting=waits.tasks)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/waiting.json"
        FileWaits(path, folder).write(waits)
        steps: dict[str, Callable[[], object]] = {
            "read": lambda: FileWaits(path, folder).read(),
            "worked out": lambda: remembered(later, plan, snapshot.leases),
            "written": lambda: FileWaits(path, folder).write(waits),
        }
        found = {name: _median_s(step, runs, name) for name, step in steps.items()}
    return Result(
        f"What is remembered of {len(waits.tasks):,} tasks that wait",
        table(("what", "median CPU ms"), [(name, ms(seconds)) for name, seconds in found.items()]),
        (at_most("reading and writing who waits", 1000 * (found["read"] + found["written"]), AIM_MS, "ms"),),
    )


def _median_s(step: Callable[[], object], runs: int, name: str) -> float:
    found = []
    gc.disable()  # as in every pass of ours
    try:
        for number in range(runs + 1):
            began = time.process_time()
            step()
            progress(f"{name} {number} of {runs}")
            found.append(time.process_time() - began)
    finally:
        gc.enable()
    return statistics.median(found[1:])
