"""Carry out a TendPlan. One failure never stops the rest (law 12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

from tinyscheduler.errors import ServerUnavailable, StateError, TaskServerError, TinySchedulerError
from tinyscheduler.model.action import (
    ActionKind,
    Discard,
    Keep,
    Quarantine,
    Rebuild,
    Reclaim,
    Release,
    Revoke,
    Settle,
    StopOrphan,
    TendAction,
    TendPlan,
    Undo,
)
from tinyscheduler.model.event import Event
from tinyscheduler.model.lease import BrokenLease, Lease
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.reclaim import reclaim_all
from tinyscheduler.reconcile.settling import settle_all
from tinyscheduler.reconcile.telling import (
    tell_broken_lease,
    tell_lease_elsewhere,
    tell_of_another_server,
)
from tinyscheduler.reconcile.undo import revoke, undo


def apply_tend(context: Context, plan: TendPlan) -> list[Lease]:
    """The leases that are left, as they are on disk now. Never raises for one action's failure."""
    left: list[Lease] = []
    reclaims = [action for action in plan.actions if isinstance(action, Reclaim | Release)]
    finished = [action.lease for action in plan.actions if isinstance(action, Settle)]
    reclaimed = reclaim_all(context, reclaims)
    left += reclaimed.left
    left += _settle_all(context, finished + reclaimed.finished)
    _stop_orphans(context, [action for action in plan.actions if isinstance(action, StopOrphan)])
    for action in plan.actions:
        left += _apply(context, action)
    for limit in plan.limits_reached:
        context.report.limit(limit)
    return left


def _apply(context: Context, action: TendAction) -> list[Lease]:
    match action:
        case Keep(lease, reason, is_trouble):
            if is_trouble:
                _tell_kept(context, lease, reason)
            tell_of_another_server(context.report, lease, context.server.source)
            return [lease]
        case Revoke(lease, reason):
            return _try(context, action, lambda: revoke(context, lease, reason))
        case Undo(lease, reason):
            return _try(context, action, lambda: undo(context, lease, reason))
        case Quarantine() | Rebuild():
            # One that could be rebuilt has been, before the plan was made.
            tell_broken_lease(context.report, action)
            copy_aside(context, action.lease)
            return []
        case Discard():
            _discard(context, action)
            return []
        case Reclaim() | Release() | Settle() | StopOrphan():
            return []  # Done before, all together.
        case _:
            assert_never(action)


def _settle_all(context: Context, leases: Sequence[Lease]) -> list[Lease]:
    """Those that are still to be settled."""
    left: list[Lease] = []

    def fail(lease: Lease, error: TinySchedulerError) -> None:
        _tell_failed(context, lease, error, kind="settle")
        left.append(lease)

    if leases:
        for lease, _, _ in settle_all(context, leases, fail):
            kind = lease.outcome.kind if lease.outcome is not None else "finished"
            context.result("settle", lease, "done", reason=kind)
    return left


def _try(context: Context, action: Revoke | Undo, act: Callable[[], bool]) -> list[Lease]:
    """Empty when the lease is gone."""
    lease, reason = action
    kind: ActionKind = "revoke" if isinstance(action, Revoke) else "undo"
    try:
        is_gone = act()
    except (StateError, TaskServerError) as error:
        _tell_failed(context, lease, error, kind=kind)
        return [lease]
    context.result(kind, lease, "done" if is_gone else "held", reason=reason)
    return [] if is_gone else [lease]


def _tell_failed(context: Context, lease: Lease, error: TinySchedulerError, *, kind: ActionKind) -> None:
    if context.server.trouble is not None and isinstance(error, ServerUnavailable):
        # Once, not once for each task that had something to say.
        context.report.server_fault(error)
    else:
        context.report.fault(error, task_id=lease.task_id)
    context.result(kind, lease, "failed", reason=error.message)


def _tell_kept(context: Context, lease: Lease, reason: str) -> None:
    if reason == "kill_limit":
        context.result("keep", lease, "held", reason=reason)
    else:
        tell_lease_elsewhere(context.report, lease)


def _stop_orphans(context: Context, actions: list[StopOrphan]) -> None:
    if actions:
        from tinyscheduler.reconcile.orphans import stop_orphans

        stop_orphans(context, actions)


def _discard(context: Context, action: Discard) -> None:
    from tinyscheduler.reconcile.rebuild import discard

    tell_broken_lease(context.report, action)
    if copy_aside(context, action.lease):
        discard(context, action)


def copy_aside(context: Context, broken: BrokenLease) -> bool:
    """Once for each content. False: it could not be copied, so it must stay."""
    try:
        copy = context.world.leases.quarantine(broken)
    except StateError as error:
        context.report.fault(error, task_id=broken.task_id)
        return False
    if copy is not None:
        context.world.journal.append(
            Event("lease_quarantined", broken.task_id, reason=broken.why, detail=(("copy", copy),))
        )
    return True
