"""Write a lease anew that nobody can read, from what else is known of its run (features B9, law 8).

Apart from ``tend`` because it comes before the plan: once the lease is there again, the rules for
leases go on with it in the same pass, whatever has become of its run.
"""

from __future__ import annotations

from tinyscheduler.errors import StateError
from tinyscheduler.model.action import ActionKind, Discard, Rebuild
from tinyscheduler.model.event import Event
from tinyscheduler.model.lease import Lease, Rung, containment_name
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.order import Order
from tinyscheduler.model.pass_result import Result, ResultWord
from tinyscheduler.model.snapshot import BrokenFacts, TendSnapshot
from tinyscheduler.planner.broken import state_of
from tinyscheduler.planner.hint_values import EVERYTHING
from tinyscheduler.planner.tend import plan_tend
from tinyscheduler.ports import World
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.open_run import lease_of_open_run
from tinyscheduler.reconcile.telling import tell_broken_lease
from tinyscheduler.reconcile.tend import copy_aside


def rebuild_all(context: Context, snapshot: TendSnapshot) -> bool:
    """All that the plan says. True: there are leases now that were none, so look again."""
    remains = {facts.lease.task_id: facts for facts in snapshot.remains}
    actions = [action for action in plan_tend(snapshot).actions if isinstance(action, Rebuild)]
    done = [_try(context, action, remains[action.lease.task_id]) for action in actions]
    return any(done)


def discard(context: Context, action: Discard) -> None:
    """It stands for nothing: the task may be started again. The generation of the lost lease may have
    been counted nowhere, so one is left out."""
    world, broken = context.world, action.lease
    try:
        ledger = world.ledgers.read([broken.task_id]).get(broken.task_id)
        if isinstance(ledger, Ledger):
            world.ledgers.write(ledger._replace(generation=ledger.generation + 1))
        world.leases.drop(broken)
    except StateError as error:
        context.report.fault(error, task_id=broken.task_id)
        _result(context, action, "failed", reason=error.message)
        return
    # Its lease_id is not to be read any more; whoever replays the journal has it by its task.
    world.journal.append(Event("lease_undone", broken.task_id, reason=action.reason))
    _result(context, action, "done", reason=action.reason)


def _try(context: Context, action: Rebuild, facts: BrokenFacts) -> bool:
    tell_broken_lease(context.report, action)
    if not copy_aside(context, action.lease):
        return False
    try:
        lease = _lease(context.world, facts)
        is_written = context.world.leases.rebuild(action.lease, lease)
    except StateError as error:
        context.report.fault(error, task_id=action.lease.task_id)
        _result(context, action, "failed", reason=error.message)
        return False
    if is_written:
        context.report.tend += (action,)
        context.note("lease_rebuilt", lease, action.lease.why, state=lease.state)
        _result(context, action, "done", reason=action.reason, lease=lease)
    # Somebody was quicker, which is as good.
    return True


def _lease(world: World, facts: BrokenFacts) -> Lease:
    """Raises StateError when the disk fails."""
    ledger = facts.ledger
    assert isinstance(ledger, Ledger), "the plan rebuilds what the ledger knows"
    assert ledger.open is not None, "and only open runs"
    order = world.runs.order(ledger.task_id, ledger.runs)
    is_ours = order is not None and order.lease_id == ledger.open.lease_id
    # It counts as beaten now: a wrapper that lives gets its time to do so.
    lease = lease_of_open_run(world, ledger, ledger.open)
    lease = _with_order(_with_wrapper(lease, facts), order if is_ours else None)
    cgroup = world.processes.cgroup_named(containment_name(ledger.open.tag), facts.processes)
    lease = lease._replace(cgroup=cgroup, containment=_rung(cgroup))
    has_result = world.runs.outcome(lease.run_folder, None, lease.heartbeat_at) is not None
    return lease._replace(state=state_of(facts, has_result=has_result))


def _with_wrapper(lease: Lease, facts: BrokenFacts) -> Lease:
    """Whoever has adopted it, if the owner file says so."""
    wrapper = facts.owner.process if facts.owner is not None else None
    if wrapper is None:
        return lease
    return lease._replace(
        wrapper_pid=wrapper.pid,
        wrapper_start=wrapper.start,
        boot_id=wrapper.boot_id,
        pid_namespace=wrapper.pid_namespace,
    )


def _rung(cgroup: str) -> Rung:
    """What can be seen from outside; the wrapper says it better at its next beat."""
    if not cgroup:
        return "group"
    return "scope" if cgroup.endswith(".scope") else "cgroup"


def _with_order(lease: Lease, order: Order | None) -> Lease:
    """None: it cannot be read either. Then the settings of today stand in for those of the run, and nobody
    knows what it keeps: everything, to be sure (law 4)."""
    if order is None:
        return lease._replace(writes=(EVERYTHING,))
    return lease._replace(
        heartbeat_interval_s=order.heartbeat_s,
        hard_limit_s=order.limits.hard_s,
        soft_limit_s=order.limits.soft_s,
        grace_s=order.limits.grace_s,
        engine=order.engine,
        workspace=order.cwd,
        writes=order.writes,
        reads=order.reads,
        goal=order.goal,
        resources=order.resources,
    )


def _result(
    context: Context,
    action: Rebuild | Discard,
    result: ResultWord,
    *,
    reason: str,
    lease: Lease | None = None,
) -> None:
    kind: ActionKind = "rebuild" if isinstance(action, Rebuild) else "discard"
    agent, queue, lease_id = (
        (None, None, None) if lease is None else (lease.agent, lease.queue, lease.lease_id)
    )
    context.report.add(Result(kind, action.lease.task_id, agent, queue, lease_id, result, reason))
