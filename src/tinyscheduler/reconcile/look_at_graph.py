"""Look at who waits for whom: what ``graph`` shows. Takes no lock and writes nothing."""

from __future__ import annotations

from tinyscheduler.model.knowledge import Known
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.task_graph import task_graph
from tinyscheduler.reconcile.guard import GuardedServer
from tinyscheduler.reconcile.intent_look import foresee
from tinyscheduler.reconcile.look import ReadSide
from tinyscheduler.reconcile.memory import Memory
from tinyscheduler.reconcile.observe_tasks import fetch, observe_start, tended_as_seen
from tinyscheduler.reconcile.second_look import observed_leases
from tinyscheduler.views.graph import GraphSeen


def look_at_graph(side: ReadSide) -> GraphSeen:
    """All that was seen, of one moment. Raises StateError when leases or ledgers cannot be read at all."""
    world = side.world
    tend = observed_leases(world)
    server = GuardedServer(world.server, Memory(world))
    server.meet(tend)
    backlog, _ = fetch(world, server)
    snapshot = observe_start(world, server, tended_as_seen(tend, backlog, foresee(world, server, tend)))
    plan = plan_start(snapshot)
    return GraphSeen(
        task_graph(snapshot, plan),
        server_unknown=None if isinstance(backlog, Known) else backlog.why,
        gaps=backlog.value.gaps if isinstance(backlog, Known) else (),
        limits=plan.limits_reached,
    )
