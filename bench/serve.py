"""``serve`` under four clients: calls a second, and what a call costs beside the store's own time for it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from subprocess import PIPE, Popen
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
CLAIM_BYTES = 8 * 4096
"""What one claim writes into the store's log."""
AIM_PER_S = 1000
AIM_TIMES = 2.0
SYNCS = 100


class Cost(NamedTuple):
    """Of one call."""

    wall_s: float
    cpu_s: float


class Served(NamedTuple):
    """What the calls of all clients took."""

    server: Cost
    """Of one call; ``wall_s`` is the time of all by their number."""
    clients_cpu_s: float
    """Of one call, in the process that asked."""
    took_s: Sequence[float]
    """From the request to the answer's last byte, as the clients have seen it; sorted."""

    def at(self, part: float) -> float:
        """Half of the calls, or another part of them, took no longer."""
        return self.took_s[int(part * (len(self.took_s) - 1))]


def measure(runs: int) -> Result:
    """Each deed once; ``runs`` has nothing to say, because a claimed task cannot be claimed again."""
    del runs
    with staged(SMALL_CREW) as stage:
        own = _of_the_store(stage)
        with serving(stage) as endpoint:
            served = {deed: _served(endpoint, deed, place) for place, deed in enumerate(DEEDS)}
        syncs_s = _syncs(stage)
    head = (
        "call", "calls/s", "median ms", "p95 ms", "server's CPU ms", "clients' CPU ms", "store's CPU ms",
        "times",
    )  # fmt: skip
    rows = [_row(deed, found, own[deed]) for deed, found in served.items()]
    figures = [figure for deed in ("list", "claim") for figure in _figures(deed, served[deed], own[deed])]
    lines = [*table(head, rows), "", _remark(syncs_s)]
    return Result(f"serve: {CLIENTS} clients, {TASKS:,} tasks", lines, figures)


def _row(deed: str, found: Served, own: Cost) -> tuple[str, ...]:
    return (
        deed,
        f"{1 / found.server.wall_s:,.0f}",
        ms(found.at(0.5)),
        ms(found.at(0.95)),
        f"{found.server.cpu_s * 1000:.2f}",
        f"{found.clients_cpu_s * 1000:.2f}",
        f"{own.cpu_s * 1000:.2f}",
        f"{found.server.cpu_s / own.cpu_s:.1f}",
    )


def _remark(syncs_s: Sequence[float]) -> str:
    """What cannot be seen in the table, and may be the limit of it."""
    half, most = syncs_s[len(syncs_s) // 2], syncs_s[int(0.95 * len(syncs_s))]
    return (
        f"Clients: processes on the same machine, one connection each, prepared requests, a bare socket."
        f" A sync of {CLAIM_BYTES // 1024} KiB to this disk: median {ms(half)} ms, p95 {ms(most)} ms."
    )


def _figures(deed: str, served: Served, own: Cost) -> tuple[Figure, Figure]:
    per_s, times = 1 / served.server.wall_s, served.server.cpu_s / own.cpu_s
    return (
        Figure(f"serve, {deed}, calls a second", f"{per_s:,.0f}", f">= {AIM_PER_S:,}", per_s >= AIM_PER_S),
        Figure(
            f"serve, {deed}, times the store's own CPU",
            f"{times:.1f}x",
            f"{AIM_TIMES:.0f}x",
            times <= AIM_TIMES,
        ),
    )


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


def _syncs(stage: Stage) -> list[float]:
    """Into a file that has its length already, as the store's log after its first round; sorted."""
    took_s = []
    with open(stage.base / "synced", "wb", buffering=0) as file:
        for number in range(2 * SYNCS):
            file.seek(number % SYNCS * CLAIM_BYTES)
            file.write(bytes(CLAIM_BYTES))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took_s.append(time.perf_counter() - began)
    return sorted(took_s[SYNCS:])


def _served(endpoint: str, deed: str, place: int) -> Served:
    """All clients at once, each with tasks of its own; they have begun and are warm when the clock starts."""
    progress(f"serve: {deed}")
    with ExitStack() as running:
        clients = [running.enter_context(_client(endpoint, deed, place, n)) for n in range(CLIENTS)]
        for client in clients:
            _told(client, deed)
        before_s, began = _cpu_s(endpoint), time.perf_counter()
        for client in clients:
            assert client.stdin is not None
            client.stdin.write("go\n")
            client.stdin.flush()
        told = [_told(client, deed) for client in clients]
        wall_s = time.perf_counter() - began
        cpu_s = _cpu_s(endpoint) - before_s
    calls = CLIENTS * CALLS
    took_s = sorted(float(took) for words in told for took in words[1:])
    return Served(Cost(wall_s / calls, cpu_s / calls), sum(float(words[0]) for words in told) / calls, took_s)


@contextmanager
def _client(endpoint: str, deed: str, place: int, number: int) -> Iterator[Popen[str]]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    first = 1 + place * 2000 + number * 400
    argv = (str(PYTHON), "-m", "bench.asking", endpoint, deed, str(first), str(CALLS))
    with Popen(argv, env=environ, stdin=PIPE, stdout=PIPE, text=True) as client:
        try:
            yield client
        finally:
            client.kill()


def _told(client: Popen[str], deed: str) -> list[str]:
    """The words of its next line. Raises Trouble where there is none."""
    assert client.stdout is not None
    words = client.stdout.readline().split()
    if not words:
        raise Trouble(f"a client of {deed} ended too early")
    return words


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
