"""Heed what the server wants now: end runs whose task was given to somebody else (features B7).

After the lists are fetched, because they are what a run is compared with, and before starts are planned,
because a run that is ended frees its slot. Loaded only in a pass that has leases. A server that cannot
be asked changes nothing (law 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tinyscheduler.errors import ServerUnavailable, StateError, TaskNotFound, TaskServerError
from tinyscheduler.model.action import Reclaim, TendPlan
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.sightings import Sightings
from tinyscheduler.model.snapshot import Backlog, LeaseFacts, TendSnapshot
from tinyscheduler.planner.desired import (
    ASKED_MAX,
    Drift,
    Verdict,
    drift_of,
    drift_text,
    judge,
    odd_leases,
    to_ask,
)
from tinyscheduler.planner.tend import plan_tend
from tinyscheduler.ports import TaskServer, World
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.observe import lease_facts, moment
from tinyscheduler.reconcile.sighting import remember
from tinyscheduler.reconcile.silence import tell_silence


def heed(
    context: Context, leases: list[Lease], backlog: Known[Backlog] | Unknown
) -> tuple[list[Lease], Known[Backlog] | Unknown]:
    """The leases that are left, and the backlog as far as it is still true. Never raises for one run's
    failure."""
    before = context.world.sightings.read()
    after = before._replace(notices=tell_silence(context, leases, before.notices))
    unwanted: Mapping[LeaseId, str] = {}
    if isinstance(backlog, Known):
        verdict = look_at_drift(
            context.world, context.server, _Shown(leases, backlog.value), before=before, tell=context.fault
        )
        if verdict is not None:
            after, unwanted = after._replace(drift=verdict.drift), verdict.unwanted
            if verdict.left_out:
                context.report.limit(f"{ASKED_MAX} runs compared with the server in one pass")
    remember(context, after, before=before)
    if context.server.trouble is not None:
        return leases, Unknown(context.server.trouble.message)
    if not unwanted or not isinstance(backlog, Known):
        return leases, backlog
    left = _end(context, leases, unwanted)
    gone = {lease.task_id for lease in leases} - {lease.task_id for lease in left}
    return left, Known(_without_working(backlog.value, gone))


class _Shown(NamedTuple):
    """What runs here, and what the server shows."""

    leases: Sequence[Lease]
    backlog: Backlog


def look_at_drift(
    world: World,
    server: TaskServer,
    shown: _Shown,
    *,
    before: Sightings,
    tell: Callable[[Lease, TaskServerError], None],
) -> Verdict | None:
    """Which runs are unwanted, the same for a pass and for those who only look. None: the server stopped
    answering, so nobody knows."""
    now, leases = moment(world), shown.leases
    odd = odd_leases(leases, shown.backlog, server.source)
    seen: dict[LeaseId, Drift | None] = {
        lease.lease_id: None for lease in leases if _runs(lease) and lease not in odd
    }
    asked = to_ask(odd, before.drift.keys(), now)
    for lease in asked:
        try:
            task = server.get(lease.task_id).task
            is_parent = task.status == "idle" and server.has_open_children(task.id)
            seen[lease.lease_id] = drift_of(lease, task, is_open_parent=is_parent)
        except TaskNotFound:
            seen[lease.lease_id] = drift_of(lease, None)
        except ServerUnavailable:
            return None
        except TaskServerError as error:
            tell(lease, error)
    running = {lease.lease_id for lease in leases if _runs(lease)}
    known = {lease_id: sighting for lease_id, sighting in before.drift.items() if lease_id in running}
    verdict = judge(seen, known, now, grace_s=world.configuration.policy.handover_grace_s)
    return verdict._replace(left_out=len(odd) - len(asked))


def as_desired(
    world: World, server: TaskServer, tend: TendSnapshot, *, backlog: Known[Backlog] | Unknown
) -> TendSnapshot:
    """For those who only look: each run with what the server shows otherwise, once a pass has seen it
    too: a run may have ended between the reading of its lease and the server's answer. As it was where
    nobody knows; a task that the server refuses to show is left to the pass to tell."""
    leases = [facts.lease for facts in tend.leases]
    if not leases or not isinstance(backlog, Known):
        return tend
    before = world.sightings.read()
    shown = _Shown(leases, backlog.value)
    verdict = look_at_drift(world, server, shown, before=before, tell=lambda _lease, _error: None)
    if verdict is None:
        return tend
    grace_s = world.configuration.policy.handover_grace_s
    drift = {lease_id: seen for lease_id, seen in verdict.drift.items() if lease_id in before.drift}
    facts = tuple(
        known._replace(
            unwanted=verdict.unwanted.get(known.lease.lease_id, ""),
            drift=drift_text(drift.get(known.lease.lease_id), grace_s=grace_s),
        )
        for known in tend.leases
    )
    return tend._replace(leases=facts)


def plan_unwanted(tend: TendSnapshot) -> TendPlan:
    """What is done about runs that are not wanted any more, apart from what this machine says of them."""
    facts = tuple(known for known in tend.leases if known.unwanted)
    return plan_tend(TendSnapshot(tend.now, facts, (), tend.is_estopped, tend.policy))


def with_unwanted(facts: Sequence[LeaseFacts], unwanted: Mapping[LeaseId, str]) -> list[LeaseFacts]:
    """Those that are not wanted any more, saying why."""
    return [
        known._replace(unwanted=unwanted[known.lease.lease_id])
        for known in facts
        if known.lease.lease_id in unwanted
    ]


def _runs(lease: Lease) -> bool:
    return lease.state in ("starting", "running")


def _end(context: Context, leases: list[Lease], unwanted: Mapping[LeaseId, str]) -> list[Lease]:
    """By the ordinary rules, over the leases as they are now: a run may have ended since."""
    named = [lease for lease in leases if lease.lease_id in unwanted]
    facts = with_unwanted([known for lease in named for known in _facts(context, lease)], unwanted)
    plan = _plan(context, facts)
    context.report.tended(plan)
    from tinyscheduler.reconcile.tend import apply_tend

    acted = {known.lease.task_id for known in facts}
    return [lease for lease in leases if lease.task_id not in acted] + apply_tend(context, plan)


def _plan(context: Context, facts: Sequence[LeaseFacts]) -> TendPlan:
    world, policy = context.world, context.world.configuration.policy
    killed = sum(isinstance(action, Reclaim) for action in context.report.tend)
    # The limit is one for the whole pass (features A8).
    policy = policy._replace(kills_max=max(0, policy.kills_max - killed))
    is_estopped = world.state.is_estopped()
    return plan_unwanted(TendSnapshot(world.clock.now(), tuple(facts), (), is_estopped, policy))


def _facts(context: Context, lease: Lease) -> list[LeaseFacts]:
    """Nothing where the lease is another's by now, or cannot be read: the next pass says what that is."""
    world = context.world
    try:
        found = world.leases.read(lease.task_id)
        if not isinstance(found, Lease) or found.lease_id != lease.lease_id:
            return []
        return [lease_facts(world, found, moment(world))]
    except StateError as error:
        context.fault(lease, error)
        return []


def _without_working(backlog: Backlog, gone: set[TaskId]) -> Backlog:
    """A run that was settled is worked on no more. What was idle before was left so, and a claim looks
    again."""
    return backlog._replace(working=tuple(task for task in backlog.working if task.id not in gone))
