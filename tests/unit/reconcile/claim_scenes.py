"""What the tests of both halves of the claim share."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import NOW
from tests.fakes.task_server import FakeTaskServer
from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.model.task import Task
from tinyscheduler.ports import TaskServer
from tinyscheduler.reconcile.claim import (
    Bid,
    ClaimResult,
    claim,
)

TASK, AGENT, LEASE = TaskId("1"), AgentName("dev-1"), LeaseId("lease-1")


LONG_AGO = NOW - timedelta(days=1)


def a_server(*, assigned_to: str | None = None) -> tuple[FakeTaskServer, Task]:
    """One idle task, and how the pass saw it."""
    server = FakeTaskServer(now=lambda: NOW)
    server.create(queue="dev", assigned_to=assigned_to, created_at=LONG_AGO)
    return server, server.task(TASK)


def claim_task(server: TaskServer, seen: Task) -> ClaimResult:
    return claim(server, seen, Bid(AGENT, LEASE, NOW))


def where(server: FakeTaskServer) -> tuple[str, str | None, str | None]:
    task = server.task(TASK)
    return task.status, task.assigned_to, task.queue


POOL_AND_ASSIGNED = pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])


def create_again(server: FakeTaskServer) -> None:
    """The server was re-created and counts from 1 again."""
    server.edit(server.task(TASK)._replace(created_at=NOW))
