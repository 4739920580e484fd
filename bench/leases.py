"""The lease of a run that begins now on this machine, as a pass would have written it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from bench.stage import Stage
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.model.lease import Claim, Lease

AGENT = AgentName("dev-1")


def first_lease(stage: Stage, task_id: TaskId, lease_id: LeaseId, source: str, claim: Claim) -> Lease:
    """``starting``, the first of its task; nobody has adopted it."""
    host = ProcessTable().host()
    now, monotonic = datetime.now(UTC), time.clock_gettime(time.CLOCK_MONOTONIC)
    return Lease(
        task_id=task_id,
        lease_id=lease_id,
        generation=1,
        attempt=1,
        state="starting",
        agent=AGENT,
        queue=claim.queue,
        source=source,
        claim=claim,
        host=host.name,
        machine_id=host.machine_id,
        created_at=now,
        heartbeat_at=now,
        start_monotonic=monotonic,
        heartbeat_monotonic=monotonic,
        boot_id=host.boot_id,
        pid_namespace=host.pid_namespace,
        workspace=str(stage.state / "workspaces" / "shared"),
        run_folder=str(stage.state / "runs" / f"task_{task_id}" / "1"),
    )
