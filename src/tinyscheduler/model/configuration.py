"""Everything the operator decided, compiled once: what ``config`` gives and ``bootstrap`` wires."""

from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import QueueName
from tinyscheduler.model.policy import Policy

if TYPE_CHECKING:
    from tinyscheduler.model.schedule import Schedule


class Places(NamedTuple):
    """Absolute paths; every derived one moves with ``base`` unless it was set by itself."""

    base: str
    state: str
    running: str
    runs: str
    ledger: str
    journal: str
    passes: str
    logs: str
    quarantine: str
    cache: str
    intents: str
    workspaces: str
    recipes: str
    lock_file: str
    estop_file: str
    format_file: str
    tasks_db: str
    agent_control_file: str


class Connection(NamedTuple):
    """How to reach the task server. No secret is in here: names of variables and paths only."""

    endpoint: str | None
    """URL that ends in ``/mcp``; None: the embedded store, in this process."""
    token_file: str | None = None
    """File whose content is sent as bearer token."""
    ca_file: str | None = None
    header_names: tuple[str, ...] = ()
    """Header ``X-Name`` is taken from the setting MCP_HEADERS when the client is made."""
    timeout_s: float = 35.0
    """For one call. The public server can stall 30 s on a locked database (tinytask 5)."""
    budget_s: float = 20.0
    """For all calls of one pass together."""
    folder: str | None = None
    """Of Markdown files, which is the task server then; None: there is none. Never beside an endpoint."""

    @property
    def name(self) -> str:
        """What the task server is called in records and messages."""
        return self.endpoint or self.folder or "embedded"


class Configuration(NamedTuple):
    """One compiled configuration. Its JSON form is what the cache keeps."""

    places: Places
    policy: Policy
    connection: Connection
    agents: tuple[Agent, ...]
    queues: tuple[QueueName, ...]
    """Those of all agents, sorted; also of disabled ones, so that their tasks can say so (features C8), and
    those that only a cap names."""
    loop_interval_s: int = 60
    log_level: str = "INFO"
    is_dry_run: bool = False
    notes: tuple[str, ...] = ()
    """Things a person should know that are no faults: an agent with 0 slots by omission, an
    unknown key with a suggestion."""
    schedules: "tuple[Schedule, ...]" = ()
    """In the order of the file."""
