"""What the plan of starts costs by itself, every rule on, against sorting the same tasks by the same key.

The only measurement inside of a process: a plan is a function, and the rest of a pass would hide it.
"""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable

from bench.crowd import crowd
from bench.report import Figure, Result, at_most, ms, table
from bench.timing import progress
from tinyscheduler.model.action import StartPlan
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.planner.ranking import rank
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.view import view_of

PASS_THRESHOLD = (100_000, 50, 100)
"""As in every process of ours (``__main__``)."""
SMALL, LARGE = 10_000, 100_000
PLAN_AIM_S = 1.0
SCALE_AIM = 13.0
"""Ten times the tasks: n log n is 12.5 times."""
BYTES_AIM = 1_000


def measure(runs: int) -> Result:
    """Time for both sizes, then memory by itself: counting it makes everything slower."""
    gc.set_threshold(*PASS_THRESHOLD)
    small, large = crowd(SMALL), crowd(LARGE)
    times = {name: _median_s(work, runs, name) for name, work in _programs(small, large).items()}
    plan = plan_start(large)
    bytes_a_task = _peak_bytes(large) / LARGE
    large_s, small_s = times[f"plan, {LARGE:,} tasks"], times[f"plan, {SMALL:,} tasks"]
    rows = [(name, ms(seconds)) for name, seconds in times.items()]
    return Result(
        "The plan by itself: 1,000 leases, 50 agents, 20 queues",
        [*table(("what", "median CPU ms"), rows), "", _outcome(plan)],
        (
            at_most(f"a plan for {LARGE:,} tasks", large_s, PLAN_AIM_S, "s"),
            at_most("ten times the tasks", large_s / small_s, SCALE_AIM),
            Figure(
                "memory of a plan",
                f"{bytes_a_task:.0f} B a task",
                f"{BYTES_AIM} B",
                bytes_a_task <= BYTES_AIM,
            ),
        ),
    )


def _programs(small: StartSnapshot, large: StartSnapshot) -> dict[str, Callable[[], object]]:
    return {
        f"sorted, {SMALL:,} tasks": _sorting(small),
        f"plan, {SMALL:,} tasks": lambda: plan_start(small),
        f"sorted, {LARGE:,} tasks": _sorting(large),
        f"plan, {LARGE:,} tasks": lambda: plan_start(large),
    }


def _sorting(snapshot: StartSnapshot) -> Callable[[], object]:
    """By the key of a plan; who waits for whom is known beforehand."""
    assert isinstance(snapshot.backlog, Known)
    tasks, key = snapshot.backlog.value.tasks, rank(view_of(snapshot))
    return lambda: sorted(tasks, key=key)


def _median_s(work: Callable[[], object], runs: int, name: str) -> float:
    found = []
    for number in range(runs + 1):
        gc.collect()
        # Of the processor: nothing in a plan waits, and whoever else is at work is not its fault.
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
        progress(f"{name}: {number} of {runs}")
    return statistics.median(found[1:])


def _peak_bytes(snapshot: StartSnapshot) -> int:
    gc.collect()
    tracemalloc.start()
    plan_start(snapshot)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def _outcome(plan: StartPlan) -> str:
    """That it is a plan worth measuring."""
    reasons = Counter(held.reason for held in plan.held)
    words = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
    return f"{len(plan.starts):,} started; held: {words}"
