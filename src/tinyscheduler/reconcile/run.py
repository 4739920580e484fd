"""One pass: lock, tend, start, record. It reads like its specification (design 4)."""

from __future__ import annotations

from tinyscheduler.errors import StateError
from tinyscheduler.model.action import StartPlan
from tinyscheduler.model.event import Event
from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import BrokenLease, Lease
from tinyscheduler.model.reason import Held
from tinyscheduler.model.snapshot import Backlog, StartSnapshot, TendSnapshot
from tinyscheduler.model.waiting import NOBODY_WAITS
from tinyscheduler.planner.tend import plan_tend
from tinyscheduler.ports import World
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.fetching import fetch_into
from tinyscheduler.reconcile.guard import GuardedServer
from tinyscheduler.reconcile.memory import Memory
from tinyscheduler.reconcile.observe import check_asked, check_sight, observe_tend, task_ids_of
from tinyscheduler.reconcile.observe_tasks import Tended, observe_start
from tinyscheduler.reconcile.record import record
from tinyscheduler.reconcile.report import Report
from tinyscheduler.reconcile.telling import tell_pauses, tell_plan, tell_unready

Permitted = frozenset[tuple[TaskId, AgentName]]
"""Starts that a person has approved."""
LOOKS_MAX = 5
"""How often a pass looks once more because it was poked: agents that end in a moment could keep it
for ever, and the next pass comes within a minute anyway."""
REPLANS_MAX = 3
"""How often slots of lost claims are given to other tasks in one pass."""


def run_once(world: World) -> Report:
    """Hold the lock for one pass, and look again while somebody asks for it.

    The Report covers all looks. A busy lock is a Report too: exit 75, nothing done but a poke.
    """
    report = Report(world.pass_id, world.clock.now())
    try:
        report.is_lock_busy = not _lock(world)
    except StateError as error:
        report.fault(error)
    if report.is_lock_busy:
        from tinyscheduler.reconcile.holding import lock_seen

        report.lock = lock_seen(world)
    if report.exit_code:
        return report
    report = locked_look(world)
    for _ in range(LOOKS_MAX - 1):
        # Asked after letting go: whoever came earlier has poked, whoever comes now finds it free.
        if not world.lock.was_poked() or not world.lock.acquire():
            break
        report = locked_look(world).absorb(report)
    return report


def _lock(world: World) -> bool:
    """Try; if it is busy, poke and try once more, in case the holder left between the two."""
    if world.lock.acquire():
        world.lock.was_poked()
        return True
    world.lock.poke()
    return world.lock.acquire()


def locked_look(world: World, *, only: Permitted | None = None) -> Report:
    """For whoever holds the lock, which is let go. ``only``: the starts that may be made; None: all."""
    try:
        check_sight(world)
        world.state.open()
        return one_look(world, only=only)
    except StateError as error:
        report = Report(world.pass_id, world.clock.now())
        report.fault(error)
        return report
    finally:
        world.lock.release()


def one_look(world: World, *, only: Permitted | None = None) -> Report:
    """Tend, start, record; later steps run whatever the earlier ones met (law 12)."""
    began = world.clock.monotonic()
    report = Report(world.pass_id, world.clock.now())
    report.notes += world.state.notices()
    memory = Memory(world, report)
    context = Context(world, GuardedServer(world.server, memory), report, memory)
    world.journal.append(Event("pass_began"))
    try:
        snapshot = _mended(context, observe_tend(world))
        leases = _tend(context, snapshot)
        check_asked(snapshot)
        deadline = began + world.configuration.policy.pass_limit_s
        refused = _obey(context, snapshot, leases, deadline=deadline)
        _make_scheduled(context, deadline=deadline)
        leases, backlog = _heed(context, leases, fetch_into(report, world, context.server))
        _start(context, Tended(leases, snapshot.broken, backlog, refused), only, deadline=deadline)
        _sweep(context, leases, snapshot.broken, deadline=deadline)
    except StateError as error:
        # A pass that cannot read or write its own state gives no verdict on others (law 12).
        report.fault(error)
    if context.server.trouble is not None:
        # Also where the step that met it had an answer of its own: unknown is in the exit code (law 4).
        report.server_fault(context.server.trouble)
    report.notes += world.engine.notices()
    report.duration_s = world.clock.monotonic() - began
    report.ended_at = world.clock.now()
    record(context)
    return report


def _mended(context: Context, snapshot: TendSnapshot) -> TendSnapshot:
    """With what could be rebuilt of leases that nobody could read, so that it is tended in this pass."""
    if not snapshot.remains:
        return snapshot
    from tinyscheduler.reconcile.rebuild import rebuild_all

    return observe_tend(context.world) if rebuild_all(context, snapshot) else snapshot


def _tend(context: Context, snapshot: TendSnapshot) -> list[Lease]:
    report = context.report
    report.scanned = task_ids_of(snapshot)
    context.server.meet(snapshot)
    if snapshot.intents or snapshot.broken_intents:
        from tinyscheduler.reconcile.intents import receive

        receive(context, snapshot)
    plan = plan_tend(snapshot)
    report.tended(plan)
    if not plan.actions:
        return []
    # Imported when there is something to do: most passes have nothing, and each is a new process.
    from tinyscheduler.reconcile.tend import apply_tend

    return apply_tend(context, plan)


def _obey(
    context: Context, snapshot: TendSnapshot, leases: list[Lease], *, deadline: float
) -> dict[TaskId, Held]:
    """Do what commands have asked for. Before the backlog is fetched, so that it shows what was done."""
    if not snapshot.intents:
        return {}
    from tinyscheduler.reconcile.intents import obey

    return obey(context, snapshot, leases, deadline=deadline)


def _make_scheduled(context: Context, *, deadline: float) -> None:
    """Tasks that have come due by the clock. Before the backlog is fetched, so that they are in it."""
    store = context.world.schedules
    if store is not None:
        from tinyscheduler.reconcile.schedules import make_due

        make_due(context, store, deadline=deadline)


def _heed(
    context: Context, leases: list[Lease], backlog: Known[Backlog] | Unknown
) -> tuple[list[Lease], Known[Backlog] | Unknown]:
    """End what the server no longer wants."""
    if not leases:
        return leases, backlog
    from tinyscheduler.reconcile.desired import heed

    return heed(context, leases, backlog)


def _start(context: Context, tended: Tended, only: Permitted | None, *, deadline: float) -> None:
    """Plan and start; where a claim was lost its slot is planned again, a few times."""
    context.memory.seen(tended.leases)
    snapshot = _observe(context, tended)
    tell_pauses(context.report, snapshot.pauses)
    tell_unready(context.report, snapshot.unready)
    for _ in range(REPLANS_MAX):
        plan = _plan(snapshot) if only is None else permitted(_plan(snapshot), only, context.report)
        context.report.planned(plan)
        tell_plan(context.report, plan)
        lost = _launch_all(context, plan, tended.leases, deadline=deadline) if plan.starts else {}
        if plan.starts and snapshot.policy.band_weights:
            from tinyscheduler.reconcile.waits import keep_turns

            keep_turns(context, snapshot, plan, tended.leases)
        if not lost:
            break
        refused = {**tended.refused, **lost}
        asked = snapshot.prerequisites
        tended = tended._replace(backlog=snapshot.backlog, refused=refused, prerequisites=asked)
        snapshot = observe_start(context.world, context.server, tended)
    if context.world.waits.read() != NOBODY_WAITS or plan.held or plan.starts:
        from tinyscheduler.reconcile.waits import remember_waits

        remember_waits(context, snapshot, plan, tended.leases)


def _plan(snapshot: StartSnapshot) -> StartPlan:
    """Most passes find no task, and each is a new process: the planner is loaded where there is one."""
    backlog = snapshot.backlog
    if isinstance(backlog, Unknown) or not (backlog.value.tasks or backlog.value.working):
        return StartPlan((), ())
    from tinyscheduler.planner.start import plan_start

    return plan_start(snapshot)


def permitted(plan: StartPlan, only: Permitted, report: Report) -> StartPlan:
    """Without the starts that nobody has approved: tending has made room for them."""
    starts = tuple(start for start in plan.starts if (start.task.id, start.agent.name) in only)
    begun = {start.task.id for start in starts}
    rest = [start.task.id for start in plan.starts if start.task.id not in begun]
    if not rest:
        return plan
    report.notes.append(f"{len(rest)} more may start now; the next pass does it")
    why, lever = "it is not in the plan that is applied", "the next pass starts it"
    held = (*plan.held, *(Held(task_id, "pacing", why, lever=lever) for task_id in rest))
    return plan._replace(starts=starts, held=held)


def _sweep(
    context: Context, leases: list[Lease], broken: tuple[BrokenLease, ...], *, deadline: float
) -> None:
    """What the past has left, once a day."""
    if context.world.attic.is_due(context.world.clock.now()):
        from tinyscheduler.reconcile.sweep import sweep

        sweep(context, leases, broken, deadline=deadline)


def _observe(context: Context, tended: Tended) -> StartSnapshot:
    """With the tasks of lost runs as they are once those are settled."""
    snapshot = observe_start(context.world, context.server, tended)
    if snapshot.ledgers:
        from tinyscheduler.planner.view import has_open_run
        from tinyscheduler.reconcile.lost import close_lost_runs

        if has_open_run(snapshot):
            return close_lost_runs(context, snapshot)
    if isinstance(tended.backlog, Known) and (tended.leases or tended.broken):
        from tinyscheduler.reconcile.sighting import forget_lost

        forget_lost(context)
    return snapshot


def _launch_all(
    context: Context, plan: StartPlan, leases: list[Lease], *, deadline: float
) -> dict[TaskId, Held]:
    """See ``starting``."""
    from tinyscheduler.reconcile.starting import launch_all

    return launch_all(context, plan, leases, deadline=deadline)
