"""What a wrapper costs while its agent runs: memory, and processor time between two beats."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from bench.report import Figure, Result, at_most, table
from bench.runs import Run, add_tasks, quiet_stage, wait_until_at_work
from bench.stage import Stage
from bench.timing import QUICK_RUNS, progress, run

WRAPPERS = 20
PSS_AIM_MB = 12.0
WINDOW_S = 10.0
"""Between beats: the interval is set to a minute for this."""
QUICK_WINDOW_S = 2.0


def measure(runs: int) -> Result:
    window_s = QUICK_WINDOW_S if runs <= QUICK_RUNS else WINDOW_S
    with quiet_stage(WRAPPERS, HEARTBEAT_SEC="60") as stage:
        alone = _figures_of(_started(stage, 1), window_s)
        crowd = _figures_of(_started(stage, WRAPPERS), window_s)
    head = ("wrappers alive", "PSS, median MB", "PSS, largest MB", f"CPU ticks of all in {window_s:g} s")
    ticks = alone[2] + crowd[2]
    return Result(
        "A wrapper while its agent runs",
        table(head, [_row(1, alone), _row(WRAPPERS, crowd)]),
        (
            at_most("memory of a single wrapper (PSS)", alone[1], PSS_AIM_MB, "MB"),
            at_most(f"memory of the largest of {WRAPPERS} wrappers (PSS)", crowd[1], PSS_AIM_MB, "MB"),
            Figure("CPU ticks between beats", str(ticks), "0", ticks == 0),
        ),
    )


def _started(stage: Stage, count: int) -> list[Run]:
    """As many as are missing, by a real pass."""
    running = len(list((stage.state / "running").glob("task_*.json")))
    add_tasks(stage, count - running)
    run(stage.one_pass())
    return wait_until_at_work(stage, count)


def _figures_of(runs: Sequence[Run], window_s: float) -> tuple[float, float, int]:
    """Median and largest PSS in MB, ticks of all together."""
    before = sum(_ticks(each.wrapper.pid) for each in runs)
    for second in range(int(window_s)):
        progress(f"{len(runs)} wrappers: {second} of {window_s:g} s")
        time.sleep(1)
    ticks = sum(_ticks(each.wrapper.pid) for each in runs) - before
    sizes = [_pss_mb(each.wrapper.pid) for each in runs]
    return statistics.median(sizes), max(sizes), ticks


def _row(count: int, figures: tuple[float, float, int]) -> tuple[str, str, str, str]:
    median_mb, largest_mb, ticks = figures
    return str(count), f"{median_mb:.1f}", f"{largest_mb:.1f}", str(ticks)


def _pss_mb(pid: int) -> float:
    """Proportional set size: a page that is shared by ten counts as a tenth for each (proc(5))."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        (line,) = (line for line in file if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024 / 1e6


def _ticks(pid: int) -> int:
    """Fields 14 and 15 of proc_pid_stat(5): hundredths of a second on the processor."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
