"""What lies on disk: leases and what belongs to them, ledgers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from tests.builders.things import HOST, MONOTONIC, NOW, SOURCE, a_claim, a_process, ago
from tinyscheduler.model.ids import AgentName, LeaseId, QueueName, TaskId
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
from tinyscheduler.model.ledger import Approval, BrokenLedger, Ledger, OpenRun, Parked, PastRun
from tinyscheduler.model.resources import NO_RESOURCES, Resources
from tinyscheduler.model.task import Task
from tinyscheduler.planner.retry import fingerprint
from tinyscheduler.ports import Host


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
    writes: Iterable[str] = (),
    reads: Iterable[str] = (),
    goal: str | None = None,
    resources: Resources = NO_RESOURCES,
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
        writes=tuple(writes),
        reads=tuple(reads),
        goal=goal,
        resources=resources,
    )


def a_broken_lease(task_id: str = "1", why: str = "it does not parse") -> BrokenLease:
    """A lease file nobody can read."""
    return BrokenLease(TaskId(task_id), f"running/task_{task_id}.json", why)


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
    approvals: Iterable[Approval] = (),
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
        approvals=tuple(approvals),
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
