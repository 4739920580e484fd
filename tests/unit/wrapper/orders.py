"""A valid order; a test names only what it is about."""

from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.model.order import Limits, Order


def an_order(runs: str = "/srv/state/runs", **changes: object) -> Order:
    """Task 7, first attempt."""
    folder = f"{runs}/task_7/1"
    order = Order(
        task_id=TaskId("7"),
        lease_id=LeaseId("00c0ffee"),
        agent=AgentName("dev"),
        tag="state:7:00c0ffee",
        argv=("agent", "--fast"),
        env_names=("PATH", "KEY"),
        secret_names=("KEY",),
        prompt_file=f"{folder}/prompt.md",
        stdin="prompt",
        cwd="/srv/work",
        log=f"{folder}/output.log",
        result=f"{folder}/result.json",
        inbox=f"{folder}/inbox.md",
        limits=Limits(3600, None, 5, None, 10_000_000, 5),
        heartbeat_s=15,
        profile="command",
        success="exit_code",
        engine="local",
        estop_file="/srv/state/ESTOP",
        running_folder="/srv/state/running",
        after_argv=("/usr/bin/env", "true"),
    )
    return order._replace(**changes)  # type: ignore[arg-type]
