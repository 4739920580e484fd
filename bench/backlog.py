"""What a pass costs that looks at much and starts nothing: every slot is taken, every task is held."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from bench.leases import first_lease
from bench.report import Figure, Result, at_most, timings_table
from bench.stage import Stage, agent, serving, staged
from bench.timing import Program, Timed, Trouble, alternate, median_s, run
from tinyscheduler.adapters.mcp.fetch import PAGE_ROWS
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.adapters.records.lease_json import lease_to_json
from tinyscheduler.kit import json_text
from tinyscheduler.model.ids import AgentName, LeaseId, QueueName, TaskId
from tinyscheduler.model.lease import Claim, Lease, ProcessRef
from tinyscheduler.taskstore.rows import TASK_COLUMNS, TASK_ORDER, NewTask
from tinyscheduler.taskstore.store import Store

BARE = Path(__file__).with_name("bare")
AGENTS = tuple(f"dev-{number}" for number in range(10))

BARE_AIM = 2.0
SCALE_AIM = 11.0

DAY_S = 86_400
"""Beats and limits of the leases: nothing may become stale while it is measured."""


class Size(NamedTuple):
    """How full the house is."""

    leases: int
    tasks: int

    def __str__(self) -> str:
        return f"{self.leases:,} leases, {self.tasks:,} tasks"


SMALL, LARGE = Size(100, 1_000), Size(1_000, 10_000)


class House(NamedTuple):
    """The same leases and tasks twice: over the store in process, and over a server."""

    size: Size
    embedded: Stage
    client: Stage
    endpoint: str

    def programs(self) -> dict[str, Program]:
        """By the names of the table, each bare loop before its pass."""
        return {
            f"bare loop, store, {self.size}": self._bare_over_store(),
            f"pass, store, {self.size}": self.embedded.one_pass(),
            f"bare loop, server, {self.size}": self._bare_over_server(),
            f"pass, server, {self.size}": self.client.one_pass(),
        }

    def _bare_over_store(self) -> Program:
        """The query of ``taskstore.listing``, so that the database does the same."""
        marks = ", ".join("?" * len(AGENTS))
        query = (
            f"{TASK_COLUMNS} WHERE t.archived_at IS NULL AND t.status = 'idle'"
            f" AND (t.queue_name IN (?) OR t.assigned_to IN ({marks})){TASK_ORDER} LIMIT ?"
        )
        parents = (
            "SELECT DISTINCT parent_task_id FROM tasks"
            " WHERE parent_task_id IS NOT NULL AND archived_at IS NULL AND status <> 'complete'"
        )
        database = str(self.embedded.state / "tasks.db")
        values = json.dumps(["dev", *AGENTS, self.size.tasks + 1])
        folder = str(self.embedded.state / "running")
        return self.embedded.bare(str(BARE / "over_store.py"), folder, database, query, parents, values)

    def _bare_over_server(self) -> Program:
        folder = str(self.client.state / "running")
        lists = (str(PAGE_ROWS), json.dumps(["dev"]), json.dumps(AGENTS))
        return self.client.bare(str(BARE / "over_server.py"), folder, self.endpoint, *lists)


def measure(runs: int) -> Result:
    found: dict[str, list[Timed]] = {}
    for size in (SMALL, LARGE):
        with full_house(size) as house:
            _check_full(house)
            found |= alternate({name: _starter(p) for name, p in house.programs().items()}, runs)
    medians = {name: median_s(timings) for name, timings in found.items()}
    bare = {name: name.replace("pass,", "bare loop,") for name in found if name.startswith("pass")}
    figures = [*_figures(medians, "store"), *_figures(medians, "server")]
    return Result("A pass over a full house", timings_table(found, bare), figures)


def _starter(program: Program) -> Callable[[], Timed]:
    return lambda: run(program)


def _figures(medians: Mapping[str, float], way: str) -> list[Figure]:
    whole, bare = medians[f"pass, {way}, {LARGE}"], medians[f"bare loop, {way}, {LARGE}"]
    return [
        at_most(f"pass over {LARGE}, {way}, times a bare loop", whole / bare, BARE_AIM),
        at_most(
            f"ten times the work, {way}, times as long", whole / medians[f"pass, {way}, {SMALL}"], SCALE_AIM
        ),
    ]


@contextmanager
def full_house(size: Size) -> Iterator[House]:
    """Every lease names one process of ours that lives until the end: the pass looks at each of them."""
    crew = [agent(name, slots=size.leases // len(AGENTS)) for name in AGENTS]
    # As many tasks as may wait would be held for that, and not for want of a slot.
    room = {"MAX_PARALLEL": str(size.leases), "MAX_QUEUE_DEPTH": "0"}
    with (
        staged(crew, **room) as embedded,
        staged(crew, **room) as idle,
        living_process() as wrapper,
    ):
        embedded.set_up()
        with serving(embedded) as endpoint:
            client = idle._replace(settings={**idle.settings, "MCP_ENDPOINT": endpoint})
            client.set_up()
            # Only now is there work: a pass that found tasks and no leases would start them.
            source, made_at = _fill_store(embedded, size)
            _write_leases(embedded, made_at, f"embedded:{source}", wrapper)
            _write_leases(client, made_at, f"mcp:{endpoint}", wrapper)
            yield House(size, embedded, client, endpoint)


@contextmanager
def living_process() -> Iterator[ProcessRef]:
    """Stands in for all wrappers."""
    sleeper = subprocess.Popen(["sleep", str(DAY_S)])
    try:
        found = ProcessTable().identify(sleeper.pid)
        if found is None:
            raise Trouble("a process that was just started is not there")
        yield found
    finally:
        sleeper.kill()
        sleeper.wait()


def _fill_store(stage: Stage, size: Size) -> tuple[str, Mapping[int, datetime]]:
    """Tasks as people write them; the leased ones come first. The store's identity, and when those were
    made: a lease that says something else is of another task."""
    store = Store(str(stage.state / "tasks.db"))
    made_at = {}
    try:
        for row in store.create_tasks([_task(number) for number in range(size.leases)]):
            changes = {"status": "working", "assigned_to": AGENTS[row.id % len(AGENTS)]}
            store.update_task(row.id, changes)  # type: ignore[arg-type]
            made_at[row.id] = datetime.fromisoformat(row.created_at)
        store.create_tasks([_task(number) for number in range(size.tasks)])
        return store.identity, made_at
    finally:
        store.close()


def _task(number: int) -> NewTask:
    return NewTask(
        title=f"Make the report of region {number} load in under a second",
        created_by="bench",
        description="It reads every order of the year and adds them up in Python. " * 4,
        priority=number % 7,
        tags=("reports",) if number % 10 == 0 else (),
        queue_name="dev",
    )


def _write_leases(stage: Stage, made_at: Mapping[int, datetime], source: str, wrapper: ProcessRef) -> None:
    """Not by the store of leases: a thousand of its syncs would take longer than all measurements."""
    folder = stage.state / "running"
    for number, task_made_at in made_at.items():
        lease = _lease(number, stage, source, wrapper)
        lease = lease._replace(claim=lease.claim._replace(task_created_at=task_made_at))
        path = folder / f"task_{number}.json"
        path.write_bytes(json_text.dump(lease_to_json(lease)))
        path.chmod(0o600)


def _lease(number: int, stage: Stage, source: str, wrapper: ProcessRef) -> Lease:
    claim = Claim(None, QueueName("dev"), datetime.now(UTC), "exchange")
    lease_id = LeaseId(os.urandom(8).hex())
    return first_lease(stage, TaskId(str(number)), lease_id, source, claim)._replace(
        state="running",
        agent=AgentName(AGENTS[number % len(AGENTS)]),
        wrapper_pid=wrapper.pid,
        wrapper_start=wrapper.start,
        heartbeat_interval_s=DAY_S,
        hard_limit_s=DAY_S,
    )


def _check_full(house: House) -> None:
    """Raises Trouble unless both passes hold every task for want of a slot and do nothing else."""
    for stage in (house.embedded, house.client):
        program = stage.program("run", "--once", "--json")
        done = subprocess.run(program.argv, env=program.environ, capture_output=True, check=True)
        seen = json.loads(done.stdout)
        reasons = {held["reason"] for held in seen["held"]}
        if (
            len(seen["held"]) != house.size.tasks
            or reasons != {"agent_full"}
            or seen["tend"]
            or seen["results"]
        ):
            raise Trouble(f"the house is not full: {len(seen['held'])} held for {reasons}")
