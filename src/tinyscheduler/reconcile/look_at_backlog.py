"""Look at everything that waits: what ``backlog`` shows. Takes no lock and writes nothing."""

from __future__ import annotations

from tinyscheduler.model.knowledge import Known
from tinyscheduler.planner.lineup import lineup
from tinyscheduler.planner.start import plan_start
from tinyscheduler.reconcile.done_first import done_first
from tinyscheduler.reconcile.guard import GuardedServer
from tinyscheduler.reconcile.intent_look import foresee
from tinyscheduler.reconcile.look import ReadSide, runs_of
from tinyscheduler.reconcile.memory import Memory
from tinyscheduler.reconcile.observe_tasks import fetch, observe_start, tended_as_seen
from tinyscheduler.reconcile.second_look import observed_leases
from tinyscheduler.reconcile.unserved import look_for_unserved
from tinyscheduler.views.backlog import BacklogSeen


def look_at_backlog(side: ReadSide) -> BacklogSeen:
    """What runs and what waits, of one moment. Raises StateError when leases or ledgers cannot be read at
    all."""
    world = side.world
    tend = observed_leases(world)
    server = GuardedServer(world.server, Memory(world))
    server.meet(tend)
    backlog, _ = fetch(world, server)
    foreseen = foresee(world, server, tend)
    snapshot = observe_start(world, server, tended_as_seen(tend, backlog, foreseen))
    plan = plan_start(snapshot)
    known = backlog.value if isinstance(backlog, Known) else None
    return BacklogSeen(
        now=snapshot.now,
        runs=runs_of(world, tend),
        waiters=lineup(snapshot, plan),
        server_unknown=None if isinstance(backlog, Known) else backlog.why,
        gaps=() if known is None else known.gaps,
        limits=plan.limits_reached,
        done_first=done_first(world, tend),
        unserved=look_for_unserved(world, server, backlog),
    )
