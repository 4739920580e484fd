"""Runs that were started for a measurement: wait until they are at work, and end them by their pids."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bench.stage import Stage, agent, staged
from bench.timing import Trouble
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.adapters.records import FileLeaseStore
from tinyscheduler.model.lease import Lease, ProcessRef
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store

AT_WORK_LIMIT_S = 60.0
"""Fifty interpreters on two cores take two seconds."""
GONE_LIMIT_S = 10.0
SLEEP = ("/bin/sleep", "600")
"""An agent that does nothing; ten minutes in case that nobody is left to end it."""


class Run(NamedTuple):
    """A wrapper and its agent."""

    wrapper: ProcessRef
    agent: ProcessRef


@contextmanager
def quiet_stage(slots: int, **settings: str) -> Iterator[Stage]:
    """Set up, with one agent that sleeps; what runs at the end is ended."""
    with staged([agent("dev-1", slots=slots, command=SLEEP)], MAX_PARALLEL=str(slots), **settings) as stage:
        stage.set_up()
        try:
            yield stage
        finally:
            end_all(stage)


def add_tasks(stage: Stage, count: int) -> None:
    """Queued, for anybody."""
    store = Store(str(stage.state / "tasks.db"))
    try:
        store.create_tasks([NewTask(f"sleep {n}", "bench", queue_name="dev") for n in range(count)])
    finally:
        store.close()


def wait_until_at_work(stage: Stage, count: int) -> list[Run]:
    """Every lease names wrapper and agent. Raises Trouble."""
    deadline = time.monotonic() + AT_WORK_LIMIT_S
    while time.monotonic() < deadline:
        runs = [run for run in map(_run_of, _leases(stage)) if run is not None]
        if len(runs) == count:
            return runs
        time.sleep(0.05)
    raise Trouble(f"{len(runs)} of {count} agents are at work after {AT_WORK_LIMIT_S:.0f} s")


def end_all(stage: Stage) -> None:
    """Wrappers first, so that none of them becomes a pass; then the agents. Raises Trouble."""
    table = ProcessTable()
    leases = _leases(stage)
    if leases:
        runs = wait_until_at_work(stage, len(leases))
        for process in (*(run.wrapper for run in runs), *(run.agent for run in runs)):
            table.signal(process, signal.SIGKILL)
        if table.wait_gone([p for run in runs for p in run], GONE_LIMIT_S):
            raise Trouble("processes of a measurement did not end")
        for lease in leases:
            table.remove_cgroup(lease.cgroup)


def _leases(stage: Stage) -> tuple[Lease, ...]:
    return FileLeaseStore(str(stage.state / "running"), "").scan().leases


def _run_of(lease: Lease) -> Run | None:
    if lease.wrapper is None or lease.agent_pid is None or lease.agent_start is None:
        return None
    agent_ref = ProcessRef(lease.agent_pid, lease.agent_start, lease.boot_id, lease.pid_namespace)
    return Run(lease.wrapper, agent_ref)
