"""``run --dry-run``: the plan of the next pass, by the same functions, without a single write."""

from __future__ import annotations

from collections.abc import Sequence

from tinyscheduler.errors import StateError
from tinyscheduler.model.action import Keep, Settle, TendPlan, Undo
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.snapshot import Backlog, StartSnapshot, TendSnapshot
from tinyscheduler.planner.lost import runs_without_lease
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.tend import plan_tend
from tinyscheduler.ports import World
from tinyscheduler.reconcile.basis import basis_of
from tinyscheduler.reconcile.context import trouble_elsewhere
from tinyscheduler.reconcile.fetching import fetch_into
from tinyscheduler.reconcile.guard import GuardedServer
from tinyscheduler.reconcile.intent_look import foresee
from tinyscheduler.reconcile.memory import Memory
from tinyscheduler.reconcile.observe import check_asked, check_sight, observe_tend, task_ids_of
from tinyscheduler.reconcile.observe_tasks import observe_start, tended_as_seen
from tinyscheduler.reconcile.report import Report
from tinyscheduler.reconcile.telling import tell_odd, tell_of_another_server, tell_plan, tell_unready
from tinyscheduler.reconcile.unserved import look_for_unserved
from tinyscheduler.views.seen import problem_text
from tinyscheduler.views.unserved import unserved_problems


def preview(world: World) -> Report:
    """A Report with plans and no results. Starts are planned as if nothing were tended before."""
    report = Report(world.pass_id, world.clock.now())
    server = GuardedServer(world.server, Memory(world))
    try:
        check_sight(world)
        is_copy = not world.state.state_id()
        tend = observe_tend(world)
        report.scanned = task_ids_of(tend)
        server.meet(tend)
        plan = plan_tend(tend)
        report.tended(plan)
        tell_odd(report, plan)
        _tell_elsewhere(report, plan, server)
        check_asked(tend)
        foreseen = foresee(world, server, tend)
        report.answers += foreseen.answers
        if world.schedules is not None:
            from tinyscheduler.reconcile.schedules import foresee as foresee_schedules

            foresee_schedules(report, world, world.schedules)
        kept = [action.lease for action in plan.actions if isinstance(action, Keep)]
        backlog = fetch_into(report, world, server)
        backlog = _heed(report, world, server, tend=_only(tend, kept), backlog=backlog)
        tended = tended_as_seen(tend, backlog, foreseen)
        snapshot = observe_start(world, server, tended)
        _look_for_lost(report, world, snapshot)
        starts = plan_start(snapshot)
        report.planned(starts)
        report.basis = basis_of(tend, snapshot, starts.starts)
        tell_unready(report, snapshot.unready)
        tell_plan(report, starts)
        report.notes += map(problem_text, unserved_problems(look_for_unserved(world, server, backlog)))
        if is_copy and report.scanned:
            report.notes.append("the state folder was copied: the next pass sets these leases aside first")
    except StateError as error:
        report.fault(error)
    # Whom a requeued task is given back to, the server says when it is done.
    if report.tend or any(a.word == "waits" and a.intent.kind == "requeue" for a in report.answers):
        report.notes.append("the pass tends first and then looks again: it may start other tasks than these")
    report.ended_at = world.clock.now()
    return report


def _tell_elsewhere(report: Report, plan: TendPlan, server: GuardedServer) -> None:
    """What the pass will not be able to settle or to undo, now or when its run has ended."""
    for action in plan.actions:
        if isinstance(action, Settle | Undo):
            error = trouble_elsewhere(action.lease, server.source)
            if error is not None:
                report.fault(error, task_id=action.lease.task_id)
        elif isinstance(action, Keep):
            tell_of_another_server(report, action.lease, server.source)


def _only(tend: TendSnapshot, leases: Sequence[Lease]) -> TendSnapshot:
    """What else there is was planned before."""
    ids = {lease.lease_id for lease in leases}
    return tend._replace(leases=tuple(facts for facts in tend.leases if facts.lease.lease_id in ids))


def _heed(
    report: Report,
    world: World,
    server: GuardedServer,
    *,
    tend: TendSnapshot,
    backlog: Known[Backlog] | Unknown,
) -> Known[Backlog] | Unknown:
    """What the server no longer wants; unknown where it turns out to have other data."""
    if not tend.leases:
        return backlog
    from tinyscheduler.reconcile.desired import as_desired, plan_unwanted

    report.tended(plan_unwanted(as_desired(world, server, tend, backlog=backlog)))
    if server.trouble is None:
        return backlog
    report.server_fault(server.trouble)
    return Unknown(server.trouble.message)


def _look_for_lost(report: Report, world: World, snapshot: StartSnapshot) -> None:
    if not runs_without_lease(snapshot):
        return
    from tinyscheduler.reconcile.lost import due_of, lease_of, look_for_lost

    verdict = look_for_lost(world, snapshot, world.sightings.read())
    due = tuple(Settle(lease_of(world, lost), "lost_task") for lost in due_of(verdict, report))
    report.tended(TendPlan(due))
