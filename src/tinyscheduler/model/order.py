"""The file a wrapper is started with; all it knows. Immutable once its lease exists."""

from typing import NamedTuple

from tinyscheduler.model.agent import SuccessRule
from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.model.lease import Rung
from tinyscheduler.model.resources import NO_RESOURCES, Resources


class Limits(NamedTuple):
    """When a run is ended, in seconds; None: never by this limit."""

    hard_s: int
    soft_s: int | None
    grace_s: int
    stall_s: int | None
    """Silence after which the first notice is given; a second one and the end follow, each
    ``stall_pause_s`` later."""
    output_max_bytes: int
    """Of one file of the agent's output; older files are kept up to ``output_files``."""
    output_files: int
    stall_pause_s: int = 300
    """Long enough for a person who reads the notice to look at the agent."""


class Order(NamedTuple):
    """Everything the wrapper needs. Values of secrets are not in it: it inherits them."""

    task_id: TaskId
    lease_id: LeaseId
    agent: AgentName
    tag: str
    argv: tuple[str, ...]
    env_names: tuple[str, ...]
    """Names of the variables the agent sees. The wrapper looks for ``AGENT_ENV_PREFIX + name`` in
    its own environment first, then for ``name``."""
    secret_names: tuple[str, ...]
    """Those of ``env_names`` whose values are cut out of the captured output."""
    prompt_file: str
    stdin: str
    """``prompt``: the prompt file is the agent's standard input; ``none``: it is empty."""
    cwd: str
    log: str
    result: str
    inbox: str
    limits: Limits
    heartbeat_s: int
    profile: str
    success: SuccessRule
    engine: str
    estop_file: str
    running_folder: str
    """Where the lease is; RUNNING_DIR may have moved it away from the run folder's parents."""
    after_argv: tuple[str, ...]
    """What the wrapper becomes when the run is finished: a pass. Empty: it just ends."""
    containment: Rung = "scope"
    """The best rung that may be tried."""
    writes: tuple[str, ...] = ()
    """What its lease holds, for whoever has to write the lease anew; the wrapper does nothing with it."""
    reads: tuple[str, ...] = ()
    goal: str | None = None
    resources: Resources = NO_RESOURCES
