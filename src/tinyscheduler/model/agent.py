"""A named worker of agent-control, after configuration has been compiled."""

from typing import Literal, NamedTuple

from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.resources import NO_RESOURCES, Resources

SuccessRule = Literal["result", "exit_code"]
"""What proves success: a valid result file, or exit status 0 (features F6)."""


class EnvValue(NamedTuple):
    """One variable of an agent's environment.

    ``literal`` is the value itself; ``inherit`` the name of a variable of ours; ``file`` a path
    whose content is the value. Exactly one is not None. Values of the last two are secrets.
    """

    name: str
    literal: str | None = None
    inherit: str | None = None
    file: str | None = None


class Unready(NamedTuple):
    """Why an agent cannot be started here and now, though its settings are right."""

    why: str
    remedy: str


class Agent(NamedTuple):
    """One agent. Immutable for the length of a pass."""

    name: AgentName
    queues: tuple[QueueName, ...]
    """agentType in agent-control; empty in legacy mode, where only assigned tasks are served."""
    slots: int
    """How many tasks it may run at once, after all sources of limits; 0 starts nothing."""
    slots_source: str
    """Which source gave ``slots``: --agent-limit, AGENT_LIMITS, maxConcurrency, or omitted."""
    is_enabled: bool = True
    weight: float = 1.0
    """Breaks ties between agents with equally many free slots: bigger first."""
    capabilities: tuple[str, ...] = ()
    account: str | None = None
    profile: str = "command"
    command: tuple[str, ...] = ()
    """argv template; ``{task_id}`` and its like are filled in, never task text (law 11)."""
    env: tuple[EnvValue, ...] = ()
    workspace: str | None = None
    """Absolute folder the agent runs in; None: the shared default."""
    success: SuccessRule = "exit_code"
    hard_limit_s: int | None = None
    """Own MAX_RUNTIME_SEC; None: the policy's."""
    soft_limit_s: int | None = None
    stall_s: int | None = None
    """Own silence before the first notice, 0 for never; None: the policy's."""
    stdin: Literal["prompt", "none"] = "prompt"
    scope: tuple[str, ...] = ()
    """Scopes of tasks that it may run, each with all that begins with it and a ``/``; empty: all."""
    resources: Resources = NO_RESOURCES
    """What each of its runs takes of the machine."""
    hours: tuple[str, ...] = ()
    """Active hours (``model.hours``); empty: always."""
    is_on_demand: bool = False
    """Given a task only when nobody else can serve it for a while (features D15)."""
