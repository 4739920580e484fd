"""What a wrapper and a pass are started with."""

from __future__ import annotations

from collections.abc import Iterable

from tests.builders.things import an_agent
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.configuration import Configuration, Connection, Places
from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.model.order import Limits, Order
from tinyscheduler.model.policy import Policy


def an_order(
    task_id: str = "1",
    *,
    folder: str = "/nonexistent/runs/task_1/1",
    lease_id: str = "lease-1",
    state_id: str = "state",
    argv: tuple[str, ...] = ("agent",),
) -> Order:
    """What a wrapper is started with."""
    return Order(
        task_id=TaskId(task_id),
        lease_id=LeaseId(lease_id),
        agent=AgentName("dev-1"),
        tag=f"{state_id}:{task_id}:{lease_id}",
        argv=argv,
        env_names=("PATH",),
        secret_names=(),
        prompt_file=f"{folder}/prompt.md",
        stdin="prompt",
        cwd=folder,
        log=f"{folder}/output.log",
        result=f"{folder}/result.json",
        inbox=f"{folder}/inbox.md",
        limits=Limits(3600, None, 5, None, 1_000_000, 5),
        heartbeat_s=15,
        profile="command",
        success="exit_code",
        engine="local",
        estop_file=f"{folder}/ESTOP",
        running_folder=f"{folder}/running",
        after_argv=(),
    )


def a_configuration(
    base: str, *, agents: Iterable[Agent] | None = None, policy: Policy | None = None
) -> Configuration:
    """Every place below ``base``; one agent; the queues are those of all agents."""
    team = (an_agent(),) if agents is None else tuple(agents)
    queues = {queue for agent in team for queue in agent.queues}
    state = f"{base}/state"
    places = Places(
        base=base,
        state=state,
        running=f"{state}/running",
        runs=f"{state}/runs",
        ledger=f"{state}/ledger",
        journal=f"{state}/journal",
        passes=f"{state}/passes",
        logs=f"{state}/logs",
        quarantine=f"{state}/quarantine",
        cache=f"{state}/cache",
        intents=f"{state}/intents",
        workspaces=f"{state}/workspaces",
        recipes=f"{base}/recipes",
        lock_file=f"{state}/tinyscheduler.lock",
        estop_file=f"{state}/ESTOP",
        format_file=f"{state}/format.json",
        tasks_db=f"{state}/tasks.db",
        agent_control_file=f"{base}/agents.json",
    )
    return Configuration(places, policy or Policy(), Connection(None), team, tuple(sorted(queues)))
