"""Orders and leases as a pass leaves them when it has just started a wrapper."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from bench.leases import AGENT, first_lease
from bench.runs import SLEEP
from bench.stage import Stage
from tinyscheduler.adapters.records import FileLeaseStore
from tinyscheduler.adapters.runs import RunFolderStore
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.lease import Claim, lease_tag
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
    claim = Claim(None, None, datetime.now(UTC), "exchange")
    lease = first_lease(stage, task_id, lease_id, "embedded:bench", claim)
    FileLeaseStore(str(stage.state / "running"), "").create(lease)
    return path, order.tag


def _order(stage: Stage, task_id: TaskId, lease_id: LeaseId, folder: str) -> Order:
    return Order(
        task_id=task_id,
        lease_id=lease_id,
        agent=AGENT,
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
