"""Orders and leases as a pass leaves them when it has just started a wrapper."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

from bench.runs import SLEEP
from bench.stage import Stage
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.adapters.records.lease_json import lease_to_json
from tinyscheduler.adapters.runs import RunFolderStore
from tinyscheduler.kit import json_text
from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.model.lease import Claim, Lease, lease_tag
from tinyscheduler.model.order import Limits, Order


def lay_orders(stage: Stage, count: int) -> list[tuple[str, str]]:
    """Path and tag of each."""
    (stage.state / "workspaces" / "shared").mkdir(parents=True, exist_ok=True)
    return [_lay(stage, TaskId(str(number))) for number in range(1, count + 1)]


def _lay(stage: Stage, task_id: TaskId) -> tuple[str, str]:
    lease_id = LeaseId(os.urandom(8).hex())
    folders = RunFolderStore(str(stage.state / "runs"), redact=str)
    folder = folders.path_for(task_id, 1)
    order = _order(stage, task_id, lease_id, folder)
    path = folders.prepare(order, "sleep\n")
    lease = stage.state / "running" / f"task_{task_id}.json"
    lease.write_bytes(json_text.dump(lease_to_json(_lease(stage, task_id, lease_id, folder))))
    lease.chmod(0o600)
    return path, order.tag


def _order(stage: Stage, task_id: TaskId, lease_id: LeaseId, folder: str) -> Order:
    return Order(
        task_id=task_id,
        lease_id=lease_id,
        agent=AgentName("dev-1"),
        tag=lease_tag("bench", task_id, lease_id),
        argv=SLEEP,
        env_names=("PATH",),
        secret_names=(),
        prompt_file=f"{folder}/prompt.md",
        stdin="prompt",
        cwd=str(stage.state / "workspaces" / "shared"),
        log=f"{folder}/output.log",
        result=f"{folder}/result.json",
        inbox=f"{folder}/inbox.md",
        limits=Limits(3600, None, 5, None, 10_000_000, 5),
        heartbeat_s=15,
        profile="command",
        success="exit_code",
        engine="local",
        estop_file=str(stage.state / "ESTOP"),
        running_folder=str(stage.state / "running"),
        after_argv=(),
    )


def _lease(stage: Stage, task_id: TaskId, lease_id: LeaseId, folder: str) -> Lease:
    host = ProcessTable().host()
    now, monotonic = datetime.now(UTC), time.clock_gettime(time.CLOCK_MONOTONIC)
    return Lease(
        task_id=task_id,
        lease_id=lease_id,
        generation=1,
        attempt=1,
        state="starting",
        agent=AgentName("dev-1"),
        queue=None,
        source="embedded:bench",
        claim=Claim(None, None, now, "exchange"),
        host=host.name,
        machine_id=host.machine_id,
        created_at=now,
        heartbeat_at=now,
        start_monotonic=monotonic,
        heartbeat_monotonic=monotonic,
        boot_id=host.boot_id,
        pid_namespace=host.pid_namespace,
        workspace=str(stage.state / "workspaces" / "shared"),
        run_folder=folder,
    )
