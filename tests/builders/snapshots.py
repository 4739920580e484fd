"""What the planner gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.builders.records import a_lease
from tests.builders.things import NOW, SOURCE, an_agent
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.intent import Intent
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import (
    BrokenLease,
    Lease,
    Owner,
)
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.pause import Pause
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.prerequisite import Prerequisite
from tinyscheduler.model.reason import Held
from tinyscheduler.model.resources import Resources
from tinyscheduler.model.snapshot import (
    Backlog,
    LeaseFacts,
    Liveness,
    QueueGap,
    StartSnapshot,
    TendSnapshot,
)
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Waiting


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
    pauses: Iterable[Pause] = (),
    free_mb: int | None = 10_000,
    refused: Mapping[TaskId, Held] | None = None,
    prerequisites: Iterable[Prerequisite] = (),
    totals: Resources | None = None,
    waiting: Mapping[TaskId, Waiting] | None = None,
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
        pauses=tuple(pauses),
        free_mb=free_mb,
        refused=refused or {},
        prerequisites={found.task_id: found for found in prerequisites},
        totals=totals,
        waiting=waiting or {},
    )
