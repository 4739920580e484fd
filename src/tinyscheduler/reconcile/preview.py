"""``run --dry-run``: the plan of the next pass, by the same functions, without a single write."""

from __future__ import annotations

from tinyscheduler.errors import StateError
from tinyscheduler.planner.intents import held_by
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.tend import plan_tend
from tinyscheduler.ports import World
from tinyscheduler.reconcile.fetching import fetch_into
from tinyscheduler.reconcile.guard import GuardedServer
from tinyscheduler.reconcile.intent_look import foresee
from tinyscheduler.reconcile.memory import Memory
from tinyscheduler.reconcile.observe import observe_start, observe_tend, task_ids_of
from tinyscheduler.reconcile.report import Report
from tinyscheduler.reconcile.telling import tell_odd, tell_plan


def preview(world: World) -> Report:
    """A Report with plans and no results. Starts are planned as if nothing were tended before."""
    report = Report(world.pass_id, world.clock.now())
    server = GuardedServer(world.server, Memory(world))
    try:
        tend = observe_tend(world)
        report.scanned = task_ids_of(tend)
        tended = plan_tend(tend)
        report.tended(tended)
        tell_odd(report, tended)
        report.answers += foresee(world, server, tend)
        backlog = fetch_into(report, world, server)
        leases = [facts.lease for facts in tend.leases]
        snapshot = observe_start(world, server, leases, tend.broken, backlog, refused=held_by(report.answers))
        plan = plan_start(snapshot)
        report.planned(plan)
        tell_plan(report, plan)
    except StateError as error:
        report.fault(error)
    if not world.state.state_id() and report.scanned:
        report.notes.append("the state folder was copied: the next pass sets these leases aside first")
    if report.tend:
        report.notes.append("starts are planned again after tending")
    report.ended_at = world.clock.now()
    return report
