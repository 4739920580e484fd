"""Valid defaults of everything in the model: a test names only what it is about.

All times hang on ``NOW``, all processes on ``HOST``; nothing in here reads a clock or a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.configuration import Configuration, Connection, Places
from tinyscheduler.model.ids import AgentName, LeaseId, QueueName, TaskId
from tinyscheduler.model.intent import Intent
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import (
    BrokenLease,
    Claim,
    Lease,
    LeaseState,
    Outcome,
    OutcomeClass,
    Owner,
    ProcessRef,
    StopOrder,
)
from tinyscheduler.model.ledger import BrokenLedger, Ledger, OpenRun, Parked, PastRun
from tinyscheduler.model.order import Limits, Order
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import Held
from tinyscheduler.model.snapshot import (
    Backlog,
    LeaseFacts,
    Liveness,
    QueueGap,
    StartSnapshot,
    TendSnapshot,
)
from tinyscheduler.model.task import Status, Task
from tinyscheduler.planner.retry import fingerprint
from tinyscheduler.ports import Host

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MONOTONIC = 5_000.0
"""CLOCK_MONOTONIC at NOW."""
SOURCE = "fake:1"
HOST = Host("build-1", "machine-1", "boot-1", "pid:[1]")


def ago(seconds: float) -> datetime:
    """That long before NOW."""
    return NOW - timedelta(seconds=seconds)


def a_task(
    task_id: str = "1",
    *,
    queue: str | None = "dev",
    assigned_to: str | None = None,
    status: Status = "idle",
    priority: float = 0.0,
    age_s: float = 3600,
    title: str = "a task",
    description: str = "",
    tags: Iterable[str] = (),
    blocked_by: str | None = None,
    is_archived: bool = False,
) -> Task:
    """An idle task in queue ``dev`` that nobody has; ``blocked_by`` also makes it blocked."""
    return Task(
        id=TaskId(task_id),
        title=title,
        status=status,
        assigned_to=None if assigned_to is None else AgentName(assigned_to),
        queue=None if queue is None else QueueName(queue),
        priority=priority,
        created_at=ago(age_s),
        updated_at=ago(age_s),
        description=description,
        tags=tuple(tags),
        blocked_by=None if blocked_by is None else TaskId(blocked_by),
        is_blocked=blocked_by is not None,
        archived_at=NOW if is_archived else None,
    )


def an_agent(
    name: str = "dev-1",
    *,
    queues: Iterable[str] = ("dev",),
    slots: int = 1,
    is_enabled: bool = True,
    weight: float = 1.0,
    account: str | None = None,
    command: tuple[str, ...] = ("agent", "{task_id}"),
    workspace: str | None = None,
) -> Agent:
    """An enabled agent of queue ``dev`` with one slot and something to run."""
    return Agent(
        AgentName(name),
        tuple(QueueName(queue) for queue in queues),
        slots,
        "maxConcurrency",
        is_enabled=is_enabled,
        weight=weight,
        account=account,
        command=command,
        workspace=workspace,
    )


def a_claim(
    *, before: str | None = None, queue: str | None = "dev", task_created_at: datetime | None = None
) -> Claim:
    """Of a task from the pool; ``before`` makes it one of an assigned task."""
    return Claim(
        None if before is None else AgentName(before),
        None if queue is None else QueueName(queue),
        task_created_at or ago(3600),
        "exchange" if before is None else "move",
    )


def an_outcome(
    kind: OutcomeClass = "succeeded", *, at: datetime = NOW, until: datetime | None = None, summary: str = ""
) -> Outcome:
    """How a run ended, just now."""
    return Outcome(kind, at, summary=summary, until=until)


def a_lease(
    task_id: str = "1",
    *,
    state: LeaseState = "running",
    agent: str = "dev-1",
    queue: str | None = "dev",
    lease_id: str | None = None,
    attempt: int = 1,
    generation: int = 1,
    account: str | None = None,
    tags: Iterable[str] = (),
    beat_age_s: float = 0.0,
    run_age_s: float = 60.0,
    heartbeat_interval_s: int = 15,
    hard_limit_s: int = 3600,
    grace_s: int = 5,
    claim: Claim | None = None,
    outcome: Outcome | None = None,
    wrapper: ProcessRef | None = None,
    run_folder: str = "",
    host: Host = HOST,
) -> Lease:
    """A lease of this host; ``running`` and ``finished`` ones name a wrapper, older ones do not."""
    if wrapper is None and state in ("running", "finished"):
        wrapper = a_process()
    if outcome is None and state == "finished":
        outcome = an_outcome()
    return Lease(
        task_id=TaskId(task_id),
        lease_id=LeaseId(lease_id or f"lease-{task_id}"),
        generation=generation,
        attempt=attempt,
        state=state,
        agent=AgentName(agent),
        queue=None if queue is None else QueueName(queue),
        source=SOURCE,
        claim=claim or a_claim(queue=queue),
        host=host.name,
        machine_id=host.machine_id,
        created_at=ago(run_age_s),
        heartbeat_at=ago(beat_age_s),
        start_monotonic=MONOTONIC - run_age_s,
        heartbeat_monotonic=MONOTONIC - beat_age_s,
        boot_id=host.boot_id,
        pid_namespace=host.pid_namespace,
        wrapper_pid=None if wrapper is None else wrapper.pid,
        wrapper_start=None if wrapper is None else wrapper.start,
        heartbeat_interval_s=heartbeat_interval_s,
        hard_limit_s=hard_limit_s,
        grace_s=grace_s,
        account=account,
        tags=tuple(tags),
        run_folder=run_folder,
        outcome=outcome,
    )


def a_broken_lease(task_id: str = "1", why: str = "it does not parse") -> BrokenLease:
    """A lease file nobody can read."""
    return BrokenLease(TaskId(task_id), f"running/task_{task_id}.json", why)


def a_process(pid: int = 4711, *, start: int = 1, host: Host = HOST) -> ProcessRef:
    """A process of that host."""
    return ProcessRef(pid, start, host.boot_id, host.pid_namespace)


def an_owner(lease_id: str = "lease-1", *, process: ProcessRef | None = None) -> Owner:
    """A wrapper that has adopted the lease."""
    return Owner(LeaseId(lease_id), "wrapper", process or a_process())


def a_revocation(lease_id: str = "lease-1") -> Owner:
    """A pass that has given the start up."""
    return Owner(LeaseId(lease_id), "revoked", None)


def a_stop(lease_id: str = "lease-1", reason: OutcomeClass = "timed_out") -> StopOrder:
    """The pass asks a run to end."""
    return StopOrder(LeaseId(lease_id), reason, "pass", NOW)


def a_past_run(
    kind: OutcomeClass = "failed",
    *,
    lease_id: str = "old",
    agent: str = "dev-1",
    is_spent: bool = True,
    at: datetime | None = None,
) -> PastRun:
    """An entry of a ledger."""
    return PastRun(LeaseId(lease_id), AgentName(agent), kind, at or ago(600), is_spent)


def a_ledger(
    task_id: str = "1",
    *,
    outcomes: Iterable[PastRun] = (),
    open_run: OpenRun | None = None,
    not_before: datetime | None = None,
    parked: Parked | None = None,
    generation: int = 0,
    runs: int = 0,
    source: str = SOURCE,
    age_s: float = 3600,
) -> Ledger:
    """Of the task that ``a_task`` gives; ``age_s`` is the task's."""
    return Ledger(
        TaskId(task_id),
        source,
        ago(age_s),
        generation=generation,
        runs=runs,
        open=open_run,
        outcomes=tuple(outcomes),
        not_before=not_before,
        parked=parked,
    )


def an_open_run(lease_id: str = "lease-1", *, unclear_s: float | None = 60) -> OpenRun:
    """A run in flight; an unanswered claim may take effect for ``unclear_s`` from NOW; None: nobody knows
    yet that it was not answered."""
    return OpenRun(
        LeaseId(lease_id),
        AgentName("dev-1"),
        a_claim(),
        f"state:1:{lease_id}",
        NOW,
        None if unclear_s is None else NOW + timedelta(seconds=unclear_s),
    )


def parked_as(task: Task, *, why: str = "3 attempts, the last one failed") -> Parked:
    """Parked while the task looked exactly like this."""
    return Parked(why, "scheduler", ago(300), fingerprint(task))


def a_broken_ledger(task_id: str = "1") -> BrokenLedger:
    """A ledger nobody can read."""
    return BrokenLedger(TaskId(task_id), f"ledger/task_{task_id}.json", "it does not parse")


def facts(
    lease: Lease | None = None,
    *,
    wrapper: Liveness = "alive",
    owner: Owner | None = None,
    is_same_boot: bool = True,
    beat_age_s: float = 0.0,
    run_age_s: float = 60.0,
    intent: Intent | None = None,
    unwanted: str = "",
    is_owner_unreadable: bool = False,
) -> LeaseFacts:
    """A lease and what the machine says about it: alive, and beaten just now."""
    found = lease or a_lease()
    return LeaseFacts(
        found,
        wrapper,
        owner,
        is_same_boot,
        beat_age_s,
        run_age_s,
        unwanted=unwanted,
        intent=intent,
        is_owner_unreadable=is_owner_unreadable,
    )


def a_tend_snapshot(
    *leases: LeaseFacts,
    broken: Iterable[BrokenLease] = (),
    is_estopped: bool = False,
    policy: Policy | None = None,
) -> TendSnapshot:
    """For ``plan_tend``."""
    return TendSnapshot(NOW, leases, tuple(broken), is_estopped, policy or Policy())


def a_backlog(
    *tasks: Task,
    gaps: Iterable[QueueGap] = (),
    open_parents: Iterable[str] = (),
    is_cut: bool = False,
) -> Known[Backlog]:
    """A server that answered."""
    parents = frozenset(TaskId(parent) for parent in open_parents)
    return Known(Backlog(tasks, tuple(gaps), parents, is_cut))


def a_start_snapshot(
    *tasks: Task,
    agents: Iterable[Agent] | None = None,
    leases: Iterable[Lease] = (),
    broken: Iterable[BrokenLease] = (),
    ledgers: Iterable[Ledger | BrokenLedger] = (),
    open_parents: Iterable[str] = (),
    backlog: Known[Backlog] | Unknown | None = None,
    policy: Policy | None = None,
    is_estopped: bool = False,
    paused: str | None = None,
    free_mb: int | None = 10_000,
    refused: Mapping[TaskId, Held] | None = None,
) -> StartSnapshot:
    """For ``plan_start``: one agent with one slot, nothing running, nothing remembered."""
    return StartSnapshot(
        now=NOW,
        source=SOURCE,
        backlog=backlog or a_backlog(*tasks, open_parents=open_parents),
        leases=tuple(leases),
        broken=tuple(broken),
        ledgers={ledger.task_id: ledger for ledger in ledgers},
        agents=(an_agent(),) if agents is None else tuple(agents),
        policy=policy or Policy(),
        is_estopped=is_estopped,
        paused=paused,
        free_mb=free_mb,
        refused=refused or {},
    )


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
