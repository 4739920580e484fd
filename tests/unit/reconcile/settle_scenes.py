"""What the tests of settling share."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import NOW, a_claim, a_lease
from tests.fakes.stage import Stage, a_stage
from tests.fakes.task_server import FakeTaskServer
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import Lease, Outcome
from tinyscheduler.ports import TaskServer
from tinyscheduler.reconcile.settle import Ending, Settled, settle_on_server

TASK = TaskId("1")
LONG_AGO = NOW - timedelta(days=1)
OURS = ("dev-1", "dev-2")
"""Agents of this folder."""
BEFORE = [None, "dev-1"]
POOL_AND_ASSIGNED = pytest.mark.parametrize("before", BEFORE, ids=["pool", "assigned"])


def a_working_server() -> FakeTaskServer:
    """One task that our agent works on."""
    server = FakeTaskServer(now=lambda: NOW)
    server.create(queue="dev", assigned_to="dev-1", status="working", created_at=LONG_AGO)
    return server


def a_finished_lease(before: str | None, outcome: Outcome) -> Lease:
    return a_lease(state="finished", claim=a_claim(before=before, task_created_at=LONG_AGO), outcome=outcome)


def settle(
    server: TaskServer, lease: Lease, *, note: str = "dev-1, attempt 1: it ended", is_parked: bool = False
) -> Settled:
    return settle_on_server(server, lease, Ending(note, is_parked, OURS))


def where(server: FakeTaskServer) -> tuple[str, str | None, str | None]:
    task = server.task(TASK)
    return task.status, task.assigned_to, task.queue


def a_worn_out_stage(base: Path) -> Stage:
    """Three runs of its task have failed, with an hour after each."""
    stage = a_stage(base)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    for _ in range(3):
        stage.run()
        stage.engine.finish(stage.engine.newest(), "failed")
        stage.run()
        stage.clock.advance(3600)
    return stage
