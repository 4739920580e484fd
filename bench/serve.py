"""``serve`` under four clients: calls a second, and what a call costs beside the store's own time for it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import NamedTuple

from bench.asking import DEEDS
from bench.report import Figure, Result, ms, table
from bench.stage import PYTHON, ROOT, SMALL_CREW, Stage, serving, staged
from bench.timing import Trouble, progress
from tinyscheduler.taskstore import editing
from tinyscheduler.taskstore.rows import NewTask, TaskFilter
from tinyscheduler.taskstore.store import Store

TASKS = 10_000
CLIENTS = 4
CALLS = 250
"""Of each client and deed."""
AIM_PER_S = 1000
AIM_TIMES = 2.0


class Cost(NamedTuple):
    """Of one call."""

    wall_s: float
    cpu_s: float


def measure(runs: int) -> Result:
    """Each deed once; ``runs`` has nothing to say, because a claimed task cannot be claimed again."""
    del runs
    with staged(SMALL_CREW) as stage:
        own = _of_the_store(stage)
        with serving(stage) as endpoint:
            served = {deed: _served(endpoint, deed, place) for place, deed in enumerate(DEEDS)}
    rows = [
        (
            deed,
            f"{1 / cost.wall_s:,.0f}",
            ms(cost.cpu_s),
            ms(own[deed].cpu_s),
            f"{_times(cost, own[deed]):.1f}",
        )
        for deed, cost in served.items()
    ]
    head = ("call", "calls/s", "server's CPU ms", "store's CPU ms", "times")
    figures = [figure for deed in ("list", "claim") for figure in _figures(deed, served[deed], own[deed])]
    return Result(f"serve: {CLIENTS} clients, {TASKS:,} tasks", table(head, rows), figures)


def _figures(deed: str, cost: Cost, own: Cost) -> tuple[Figure, Figure]:
    per_s, times = 1 / cost.wall_s, _times(cost, own)
    return (
        Figure(f"serve, {deed}, calls a second", f"{per_s:,.0f}", f">= {AIM_PER_S:,}", per_s >= AIM_PER_S),
        Figure(
            f"serve, {deed}, times the store's own CPU",
            f"{times:.1f}x",
            f"{AIM_TIMES:.0f}x",
            times <= AIM_TIMES,
        ),
    )


def _times(cost: Cost, own: Cost) -> float:
    return cost.cpu_s / own.cpu_s


def _of_the_store(stage: Stage) -> dict[str, Cost]:
    stage.state.mkdir(mode=0o700)
    with closing(Store(str(stage.state / "tasks.db"))) as store:
        store.create_tasks(
            [NewTask(f"task {n}", "me", "x" * 200, priority=n % 10, queue_name="dev") for n in range(TASKS)]
        )
        deeds: Mapping[str, Callable[[int], object]] = {
            "get": store.task_with_relations,
            "list": lambda _: editing.page(store, TaskFilter(limit=50)),
            "claim": lambda number: editing.claim_task(store, number, "me"),
            "get, by the SDK": store.task_with_relations,
        }
        return {name: _cost(deed) for name, deed in deeds.items()}


def _cost(deed: Callable[[int], object]) -> Cost:
    began, began_cpu = time.perf_counter(), time.process_time()
    for number in range(TASKS - CALLS + 1, TASKS + 1):
        deed(number)
    return Cost((time.perf_counter() - began) / CALLS, (time.process_time() - began_cpu) / CALLS)


def _served(endpoint: str, deed: str, place: int) -> Cost:
    """All clients at once, each with tasks of its own."""
    progress(f"serve: {deed}")
    with _clients(endpoint, deed, place, 5):
        pass
    before_s, began = _cpu_s(endpoint), time.perf_counter()
    with _clients(endpoint, deed, place, CALLS):
        pass
    took_s = time.perf_counter() - began
    calls = CLIENTS * CALLS
    return Cost(took_s / calls, (_cpu_s(endpoint) - before_s) / calls)


@contextmanager
def _clients(endpoint: str, deed: str, place: int, count: int) -> Iterator[None]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    pids = []
    for client in range(CLIENTS):
        first = 1 + place * 2000 + client * 400 + (0 if count == CALLS else CALLS)
        argv = (str(PYTHON), "-m", "bench.asking", endpoint, deed, str(first), str(count))
        pids.append(os.posix_spawn(argv[0], argv, environ))
    yield
    for pid in pids:
        _, status = os.waitpid(pid, 0)
        if status != 0:
            raise Trouble(f"a client of {deed} ended with {os.waitstatus_to_exitcode(status)}")


def _cpu_s(endpoint: str) -> float:
    """Of the process that listens there, user and system, so far."""
    port = int(endpoint.rpartition(":")[2].partition("/")[0])
    for name in os.listdir("/proc"):
        if name.isdigit() and _listens(name, port):
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    raise Trouble(f"nobody listens on {port}")


def _listens(pid: str, port: int) -> bool:
    try:
        with open(f"/proc/{pid}/net/tcp", encoding="ascii") as file:
            inodes = {line.split()[9] for line in file if f":{port:04X} 00000000:0000 0A" in line}
        links = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    except OSError:
        # It has ended, or is another user's.
        return False
    return any(f"socket:[{inode}]" in links for inode in inodes)
