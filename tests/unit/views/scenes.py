"""What ``status`` could see: everything well, or what a test is about."""

from __future__ import annotations

from collections.abc import Iterable

from tests import builders as b
from tinyscheduler.model.action import StartPlan
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import BrokenLease, StopOrder
from tinyscheduler.model.past_pass import BrokenRecord, PastFault, PastPass, Shelf
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import Backlog, LeaseFacts
from tinyscheduler.model.task import Task
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.tend import decide
from tinyscheduler.views.seen import RunSeen, Seen


def a_pass(
    *, age_s: float = 30, exit_code: int = 0, faults: Iterable[PastFault] = (), limits: Iterable[str] = ()
) -> PastPass:
    counts = (("scanned", 2), ("fetched", 5), ("started", 1), ("failed", 0))
    return PastPass(
        "0a1b2c3d", b.ago(age_s + 1), b.ago(age_s), 0.25, exit_code, counts, tuple(limits), tuple(faults)
    )


def a_run(facts: LeaseFacts, *, stop: StopOrder | None = None, is_agent_alive: bool = False) -> RunSeen:
    """With what the planner would do about it."""
    return RunSeen(facts, decide(facts, b.a_tend_snapshot(facts)), stop, is_agent_alive)


def seen(
    *facts: LeaseFacts,
    tasks: Iterable[Task] = (),
    agents: Iterable[Agent] | None = None,
    runs: Known[tuple[RunSeen, ...]] | Unknown | None = None,
    broken: Iterable[BrokenLease] = (),
    backlog: Known[Backlog] | Unknown | None = None,
    policy: Policy | None = None,
    is_estopped: bool = False,
    is_copy: bool = False,
    free_mb: int | None = 10_000,
    last_pass: PastPass | BrokenRecord | None = None,
    shelf: Shelf | None = None,
    notes: Iterable[str] = (),
) -> Seen:
    """A house in which all is well unless told otherwise; the plan is the planner's."""
    known = b.a_backlog(*tasks) if backlog is None else backlog
    configuration = b.a_configuration("/base", agents=agents, policy=policy)._replace(notes=tuple(notes))
    snapshot = b.a_start_snapshot(
        agents=configuration.agents,
        leases=[fact.lease for fact in facts],
        broken=broken,
        backlog=known,
        policy=configuration.policy,
        is_estopped=is_estopped,
        free_mb=free_mb,
    )
    plan: StartPlan | None = None if isinstance(runs, Unknown) else plan_start(snapshot)
    return Seen(
        now=b.NOW,
        configuration=configuration,
        runs=Known(tuple(a_run(fact) for fact in facts)) if runs is None else runs,
        broken=tuple(broken),
        backlog=known,
        plan=plan,
        server_hint="look at the server" if isinstance(known, Unknown) else "",
        is_estopped=is_estopped,
        free_mb=free_mb,
        is_copy=is_copy,
        last_pass=a_pass() if last_pass is None else last_pass,
        shelf=shelf or Shelf(),
    )
