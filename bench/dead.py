"""A house whose machine has lost every wrapper: working tasks, leases and ledgers, and nobody alive."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime

from bench.leases import AGENT, first_lease
from bench.runs import add_tasks
from bench.stage import Stage
from bench.timing import Trouble
from tinyscheduler.adapters.embedded import EmbeddedTaskServer
from tinyscheduler.adapters.mcp.endpoint import endpoint_of
from tinyscheduler.adapters.records import FileLeaseStore, FileLedgerStore
from tinyscheduler.model.ids import LeaseId, QueueName
from tinyscheduler.model.lease import Claim, lease_tag
from tinyscheduler.model.ledger import Ledger, OpenRun
from tinyscheduler.model.task import Task

NOBODY = 2**22 - 1
"""A pid that Linux gives last of all (pid_max); its start time would have to fit as well."""


def embedded_source(stage: Stage) -> str:
    """Whose tasks they are, where the store is used in process."""
    with _store(stage) as server:
        return server.source


def server_source(endpoint: str) -> str:
    """The same where a server is asked."""
    return endpoint_of(endpoint).source


def lay_dead_runs(stage: Stage, source: str, count: int) -> None:
    """As they are found after every wrapper was killed. Raises Trouble."""
    add_tasks(stage, count)
    with _store(stage) as server:
        backlog = server.backlog([QueueName("dev")], [AGENT], count)
        tasks = [server.update(task.id, status="working", assigned_to=AGENT) for task in backlog.tasks]
    if len(tasks) != count:
        raise Trouble(f"{len(tasks)} tasks instead of {count}")
    for task in tasks:
        _lay(stage, source, task)


def check_all_given_back(stage: Stage, count: int) -> None:
    """Raises Trouble: then something else was measured."""
    with _store(stage) as server:
        backlog = server.backlog([QueueName("dev")], [AGENT], count)
    left = [name for name in os.listdir(stage.state / "running") if name.startswith("task_")]
    free = [task for task in backlog.tasks if task.assigned_to is None]
    if left or len(free) != count:
        raise Trouble(f"{len(left)} leases are left, {len(free)} of {count} tasks were given back")


def _store(stage: Stage) -> closing[EmbeddedTaskServer]:
    return closing(EmbeddedTaskServer(str(stage.state / "tasks.db"), read_only=False))


def _lay(stage: Stage, source: str, task: Task) -> None:
    lease_id = LeaseId(os.urandom(8).hex())
    claim = Claim(None, task.queue, task.created_at, "exchange")
    now = datetime.now(UTC)
    tag = lease_tag("bench", task.id, lease_id)
    run = OpenRun(lease_id, AGENT, claim, tag, now, None)
    ledger = Ledger(task.id, source, task.created_at, generation=1, runs=1, open=run)
    FileLedgerStore(str(stage.state / "ledger")).write(ledger)
    lease = first_lease(stage, task.id, lease_id, source, claim)
    died = lease._replace(
        state="running", wrapper_pid=NOBODY, wrapper_start=1, agent_pid=NOBODY, agent_start=2
    )
    FileLeaseStore(str(stage.state / "running"), "").create(died)
