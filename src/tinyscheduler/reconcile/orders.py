"""Make the order of one run: everything its wrapper will ever know.

Task text goes into the prompt file and nowhere else (law 11): the argv template takes ids, names
and paths of ours only.
"""

from __future__ import annotations

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.lease import LEASE_VARIABLE, Lease
from tinyscheduler.model.order import Limits, Order
from tinyscheduler.model.policy import Policy
from tinyscheduler.ports import World
from tinyscheduler.reconcile.agent_values import values_of
from tinyscheduler.reconcile.observe import tag_of

INHERITED = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE",
    "LC_MESSAGES", "TZ", "TERM", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
)  # fmt: skip
"""What every agent sees of our environment. Everything else has to be named in agent-control."""


def make_order(world: World, lease: Lease, agent: Agent, *, secrets: tuple[str, ...]) -> Order:
    """``secrets`` are the names whose values are cut out of the captured output."""
    policy = world.configuration.policy
    folder = lease.run_folder
    limits = Limits(
        hard_s=lease.hard_limit_s,
        soft_s=lease.soft_limit_s,
        grace_s=lease.grace_s,
        stall_s=stall_s(policy, agent),
        stall_pause_s=policy.stall_pause_s,
        output_max_bytes=policy.output_max_bytes,
        output_files=policy.output_files,
    )
    return Order(
        task_id=lease.task_id,
        lease_id=lease.lease_id,
        agent=agent.name,
        tag=tag_of(world, lease),
        argv=_argv(agent, lease),
        env_names=_env_names(world, agent),
        secret_names=secrets,
        prompt_file=f"{folder}/prompt.md",
        stdin=agent.stdin,
        cwd=lease.workspace,
        log=f"{folder}/output.log",
        result=f"{folder}/result.json",
        inbox=f"{folder}/inbox.md",
        limits=limits,
        heartbeat_s=lease.heartbeat_interval_s,
        profile=agent.profile,
        success=agent.success,
        engine=lease.engine,
        estop_file=world.configuration.places.estop_file,
        running_folder=world.configuration.places.running,
        after_argv=world.after_argv,
        containment=world.engine.containment,
        writes=lease.writes,
        reads=lease.reads,
        goal=lease.goal,
        resources=lease.resources,
    )


def run_limits_s(policy: Policy, agent: Agent, *, stretch: float) -> tuple[int, int | None]:
    """Hard and soft limit of a run; ``stretch`` is what full queues allow it on top (features D14)."""
    soft_s = agent.soft_limit_s or policy.soft_limit_s
    hard_s = int((agent.hard_limit_s or policy.hard_limit_s) * stretch)
    return hard_s, None if soft_s is None else int(soft_s * stretch)


def stall_s(policy: Policy, agent: Agent) -> int | None:
    """Silence before the first notice; None: it is never looked at."""
    return (policy.stall_s if agent.stall_s is None else agent.stall_s) or None


def stall_limit_s(policy: Policy, agent: Agent) -> int | None:
    """Silence after which the run is ended: two notices later. None: never."""
    first_s = stall_s(policy, agent)
    return None if first_s is None else first_s + 2 * policy.stall_pause_s


def agent_environment(world: World, lease: Lease, agent: Agent) -> dict[str, str]:
    """What the agent gets on top of the inherited names. Raises StartFailed for a value that is not
    to be had any more."""
    places = world.configuration.places
    ours = {
        "TKO_AGENT": agent.name,
        "TINYSCHEDULER_TASK_ID": lease.task_id,
        "TINYSCHEDULER_ATTEMPT": str(lease.attempt),
        "TINYSCHEDULER_RESULT_FILE": f"{lease.run_folder}/result.json",
        "TINYSCHEDULER_INBOX": f"{lease.run_folder}/inbox.md",
        "TINYSCHEDULER_TASK_CMD": world.task_command,
        "TINYSCHEDULER_BASE_PATH": places.base,
    }
    endpoint = world.configuration.connection.endpoint
    if endpoint is not None:
        ours["TINYTASK_URL"] = endpoint
    return {**ours, **values_of(agent, world.environ)}


def secret_names(agent: Agent) -> tuple[str, ...]:
    """Variables whose value comes from our environment or a file (contracts: those are secrets)."""
    return tuple(value.name for value in agent.env if value.literal is None)


def _argv(agent: Agent, lease: Lease) -> tuple[str, ...]:
    values = {
        "task_id": lease.task_id,
        "attempt": str(lease.attempt),
        "prompt_file": f"{lease.run_folder}/prompt.md",
        "result_file": f"{lease.run_folder}/result.json",
        "workspace": lease.workspace,
        "queue": lease.queue or "",
        "agent": agent.name,
    }
    return tuple(part.format_map(values) for part in agent.command)


def _env_names(world: World, agent: Agent) -> tuple[str, ...]:
    ours = (
        "TKO_AGENT", "TINYSCHEDULER_TASK_ID", "TINYSCHEDULER_ATTEMPT", "TINYSCHEDULER_RESULT_FILE",
        "TINYSCHEDULER_INBOX", "TINYSCHEDULER_TASK_CMD", "TINYSCHEDULER_BASE_PATH", "TINYTASK_URL",
        LEASE_VARIABLE,
    )  # fmt: skip
    inherited = tuple(name for name in INHERITED if name in world.environ)
    own = tuple(value.name for value in agent.env)
    return tuple(dict.fromkeys((*inherited, *ours, *own)))
