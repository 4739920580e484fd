"""Look at what lies where no agent looks. Reads names and numbers only, and touches nothing (features G2)."""

from __future__ import annotations

from tinyscheduler.errors import TaskServerError
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.snapshot import Backlog
from tinyscheduler.ports import TaskServer, World
from tinyscheduler.reconcile.observe_tasks import asked_for
from tinyscheduler.views.seen import UnservedSeen


def look_for_unserved(world: World, server: TaskServer, backlog: Known[Backlog] | Unknown) -> UnservedSeen:
    """What the backlog has left out. Where that is unknown, this is not asked for: it has been said why."""
    configuration = world.configuration
    if isinstance(backlog, Unknown):
        return UnservedSeen(None)
    queues, agents = asked_for(world, server)
    names = tuple(agent.name for agent in configuration.agents)
    try:
        return UnservedSeen(server.unserved(queues, agents), configuration.queues, names)
    except TaskServerError as error:
        return UnservedSeen(None, configuration.queues, names, why=error.message)
