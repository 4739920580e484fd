"""A lease: our file that says a task is in flight. Its *state* is ours, never the server's."""

from datetime import datetime
from typing import Literal, NamedTuple

from tinyscheduler.model.ids import AgentName, LeaseId, QueueName, TaskId
from tinyscheduler.model.resources import NO_RESOURCES, Resources

LeaseState = Literal["claiming", "starting", "running", "finished"]

OutcomeClass = Literal[
    "succeeded", "partial", "handed_off", "no_result", "failed", "killed", "timed_out", "stalled",
    "lost", "start_failed", "rate_limited", "deferred", "interrupted", "cancelled", "gate_failed",
    "budget_exceeded", "denied", "unsettled",
]  # fmt: skip
"""How a run can end; what each costs stands in ``planner.retry``."""

ClaimWay = Literal["exchange", "move"]
"""How the claim is made so that a human's hand is noticed (tinytask 3.2): an unassigned task by
exchanging its assignee, an assigned one by a move from its owner to itself."""


Rung = Literal["scope", "cgroup", "subreaper", "group"]
"""What keeps a run's processes together, best first: a systemd scope, a cgroup of its own, a wrapper that
inherits orphans, or process group and tag alone (features B8)."""


GRACE_S_MAX = 30
"""The lock is held meanwhile and a pass has 50 s; a lease that says more was edited or is damaged."""


class ProcessRef(NamedTuple):
    """Law 5: a process is never just a pid."""

    pid: int
    start: int
    """Field 22 of /proc/PID/stat: clock ticks since boot."""
    boot_id: str
    pid_namespace: str


class TaggedRun(NamedTuple):
    """A run as the process table shows it: everybody who carries its tag."""

    task_id: TaskId
    lease_id: LeaseId
    tag: str
    processes: tuple[ProcessRef, ...]


class Claim(NamedTuple):
    """What was taken from whom, so that it can be given back exactly there."""

    assigned_to_before: AgentName | None
    queue: QueueName | None
    task_created_at: datetime
    how: ClaimWay


class HandoverTarget(NamedTuple):
    """Where a run that ended as ``handoff`` wants its task to go; None keeps what is there."""

    queue: QueueName | None
    agent: AgentName | None


class Outcome(NamedTuple):
    """How a run ended; on disk before the server is told."""

    kind: OutcomeClass
    at: datetime
    code: int | None = None
    """Exit status, None when the agent did not exit by itself."""
    signal: int | None = None
    summary: str = ""
    """One line for people, redacted, 2,000 characters at most."""
    until: datetime | None = None
    """For rate_limited: when the account is open again."""
    usage: tuple[tuple[str, float | str], ...] = ()
    artifacts: tuple[str, ...] = ()
    to: HandoverTarget | None = None
    digest: str = ""
    """Of workspace and result after a success, to see whether the next one comes any further (features
    C5); empty: nobody has looked."""


class Lease(NamedTuple):
    """One task in flight. One writer at a time: the pass until adoption, then the wrapper until
    its proven death, then the pass again (law 6)."""

    task_id: TaskId
    lease_id: LeaseId
    generation: int
    attempt: int
    state: LeaseState
    agent: AgentName
    queue: QueueName | None
    source: str
    claim: Claim
    host: str
    machine_id: str
    created_at: datetime
    heartbeat_at: datetime
    start_monotonic: float
    """CLOCK_MONOTONIC, meaningful on ``boot_id`` only."""
    heartbeat_monotonic: float
    boot_id: str
    pid_namespace: str
    wrapper_pid: int | None = None
    """None until the wrapper has adopted the lease."""
    wrapper_start: int | None = None
    agent_pid: int | None = None
    agent_start: int | None = None
    progress_at: datetime | None = None
    stall_notices: int = 0
    """How often in this silence the wrapper has noted that nothing is heard of the agent, 0 to 2."""
    stall_limit_s: int | None = None
    """After so long a silence the run is ended; None: never."""
    heartbeat_interval_s: int = 15
    hard_limit_s: int = 3600
    soft_limit_s: int | None = None
    grace_s: int = 5
    engine: str = "local"
    engine_ref: str = ""
    containment: str = "group"
    """A ``Rung``; text, because a newer wrapper may know more."""
    cgroup: str = ""
    """Path below the cgroup2 mount of the group that holds the agent; empty: it has none."""
    account: str | None = None
    tags: tuple[str, ...] = ()
    workspace: str = ""
    run_folder: str = ""
    outcome: Outcome | None = None
    writes: tuple[str, ...] = ()
    """What the run holds until it is finished, as its task said it when it was started: a task whose text
    is changed meanwhile gives nothing free."""
    reads: tuple[str, ...] = ()
    goal: str | None = None
    resources: Resources = NO_RESOURCES
    is_given_up: bool = False
    """A person has released it although processes of its run were there: they are not waited for."""

    @property
    def wrapper(self) -> ProcessRef | None:
        """The wrapper as law 5 wants it; None before adoption."""
        if self.wrapper_pid is None or self.wrapper_start is None:
            return None
        return ProcessRef(self.wrapper_pid, self.wrapper_start, self.boot_id, self.pid_namespace)


class BrokenLease(NamedTuple):
    """A lease file nobody can read. Law 8: its task and its slot stay held, nothing is started over."""

    task_id: TaskId
    path: str
    why: str
    agent: AgentName | None = None
    """Whose run it is, by the ledger; None: nobody knows."""


class Owner(NamedTuple):
    """Content of ``task_<id>.owner``: who was first, the wrapper or the revocation."""

    lease_id: LeaseId
    by: Literal["wrapper", "revoked"]
    process: ProcessRef | None
    """The wrapper; None for a revocation."""
    machine_id: str = ""
    """Of the wrapper's machine: a boot id alone looks like one from before a reboot wherever it is not known.
    Empty for a revocation, and where an older program wrote it; then it is of this machine."""
    host: str = ""
    """Its name, for people."""


class StopOrder(NamedTuple):
    """Content of ``task_<id>.stop``; written once by the pass, obeyed by the wrapper of that lease."""

    lease_id: LeaseId
    reason: OutcomeClass
    by: str
    at: datetime


AGENT_ENV_PREFIX = "TINYSCHEDULER_AGENT_ENV_"
"""Values meant for the agent alone travel under this prefix, so that the wrapper can hand them over
and still become a pass with the environment of the pass that started it."""
LEASE_VARIABLE = "TINYSCHEDULER_LEASE"
"""The tag in the environment of the wrapper and of everything below it."""


def lease_tag(state_id: str, task_id: TaskId, lease_id: LeaseId) -> str:
    """Value of TINYSCHEDULER_LEASE: marks every process of one run from its exec on."""
    return f"{state_id}:{task_id}:{lease_id}"


def containment_prefix(state_id: str) -> str:
    """With which the names of all scopes and cgroups of one state folder begin."""
    return f"tinyscheduler-{''.join(letter for letter in state_id if letter.isalnum())[:8]}-"


def containment_name(tag: str) -> str:
    """Of the scope or cgroup of one run: ``tinyscheduler-<state>-<task>-<lease>``. Of a text that is no tag,
    as a damaged ledger has, a name that is nobody's."""
    state_id, task_id, lease_id = (*tag.rsplit(":", 2), "", "")[:3]
    return f"{containment_prefix(state_id)}{task_id}-{lease_id[:8]}"


def cgroup_of(lease: Lease, state_id: str) -> str:
    """The run's cgroup, empty if it has none. A path that does not end in the run's own name was
    edited or is damaged: everybody in it would be ended."""
    name = containment_name(lease_tag(state_id, lease.task_id, lease.lease_id))
    parts = lease.cgroup.split("/")
    is_ours = parts[0] == "" and parts[-1] in (name, f"{name}.scope") and ".." not in parts
    return lease.cgroup if is_ours else ""


def comment_marker(lease_id: LeaseId) -> str:
    """The text that makes a comment of ours recognisable, so that settling twice writes once."""
    return f"[lease {lease_id}]"
