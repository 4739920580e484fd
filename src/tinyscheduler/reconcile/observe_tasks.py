"""Look for what waits: the backlog, and everything that starting depends on. Reads only, writes nothing.

Apart from ``observe``, which looks at what runs. The same functions serve the pass, the dry run, ``status``,
``explain``, ``backlog`` and ``graph`` (law 9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.errors import TaskServerError
from tinyscheduler.model.agent import Unready
from tinyscheduler.model.hours import ALL_OPEN, ClosedHours
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.intent import NOTHING_ASKED, Foreseen
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import BrokenLease, Lease
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.machine import NOT_LOOKED_AT, MachineState
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import Held
from tinyscheduler.model.resources import Resources
from tinyscheduler.model.snapshot import (
    Backlog,
    StartSnapshot,
    TendSnapshot,
)
from tinyscheduler.model.waiting import FIRST_TURN, Waiting
from tinyscheduler.ports import TaskServer, World

if TYPE_CHECKING:
    from tinyscheduler.model.prerequisite import Prerequisite


class Tended(NamedTuple):
    """What is left when tending is over: what starts have to reckon with."""

    leases: list[Lease]
    """Those that this pass starts join them."""
    broken: Sequence[BrokenLease]
    backlog: Known[Backlog] | Unknown
    refused: Mapping[TaskId, Held]
    """Tasks that this pass has already refused to start."""
    prerequisites: Mapping[TaskId, Prerequisite] | None = None
    """What this pass has asked for already; None: nothing."""
    foreseen: Foreseen = NOTHING_ASKED
    """For those who only look; the pass itself has done all that by then."""


def tended_as_seen(tend: TendSnapshot, backlog: Known[Backlog] | Unknown, foreseen: Foreseen) -> Tended:
    """For those who only look: as if nothing had to be tended, and what is asked for were done."""
    leases = [facts.lease for facts in tend.leases]
    if not foreseen.answers:
        # Nearly always, and what answers intents takes a tenth of what looking at one task imports.
        return Tended(leases, tend.broken, backlog, {}, foreseen=foreseen)
    from tinyscheduler.planner.intents import held_by

    return Tended(leases, tend.broken, backlog, held_by(foreseen.answers), foreseen=foreseen)


def observe_start(world: World, server: TaskServer, tended: Tended) -> StartSnapshot:
    """What starting depends on. Raises StateError when the ledgers cannot be listed."""
    leases, backlog = tended.leases, tended.backlog
    asked = _without_lease(leases, backlog.value) if isinstance(backlog, Known) else []
    ledgers: Mapping[TaskId, Ledger | BrokenLedger] = world.ledgers.read(asked) if asked else {}
    prerequisites = _prerequisites(world, server, tended) if asked else {}
    if prerequisites:
        from tinyscheduler.reconcile.prerequisites import pasts_of

        ledgers = {**ledgers, **pasts_of(world.ledgers, prerequisites)}
    ledgers = {**ledgers, **tended.foreseen.ledgers} if tended.foreseen.ledgers else ledgers
    machine, policy = world.gauge.read() if asked else NOT_LOOKED_AT, world.configuration.policy
    snapshot = StartSnapshot(
        now=world.clock.now(),
        source=server.source,
        backlog=backlog,
        leases=tuple(leases),
        broken=tuple(tended.broken),
        ledgers=ledgers,
        agents=world.configuration.agents,
        policy=policy,
        is_estopped=world.state.is_estopped(),
        free_mb=world.state.free_mb(),
        state_id=world.state.state_id(),
        pauses=world.pauses.read(),
        closed_hours=_closed_hours(world) if asked else ALL_OPEN,
        machine=machine,
        refused=tended.refused,
        breakers=world.breakers.read(),
        accounts=world.accounts.read(),
        waiting=waiting_of(world, server) if asked else {},
        cursor=world.cursors.read() if asked and policy.band_weights else FIRST_TURN,
        prerequisites=prerequisites,
        totals=_totals(machine, policy),
        unready=_unready(world) if asked else {},
    )
    return _tried_again(snapshot, tended.foreseen) if tended.foreseen.tried_again else snapshot


def _tried_again(snapshot: StartSnapshot, foreseen: Foreseen) -> StartSnapshot:
    from tinyscheduler.planner.intent_effects import accounts_tried_again, breakers_tried_again

    agents = [agent for agent in snapshot.agents if agent.name in foreseen.tried_again]
    return snapshot._replace(
        breakers=breakers_tried_again(snapshot.breakers, agents, snapshot.now),
        accounts=accounts_tried_again(snapshot.accounts, agents, snapshot.now),
    )


def _prerequisites(world: World, server: TaskServer, tended: Tended) -> Mapping[TaskId, Prerequisite]:
    if tended.prerequisites is not None or not isinstance(tended.backlog, Known):
        return tended.prerequisites or {}
    from tinyscheduler.reconcile.prerequisites import prerequisites_of

    leased = [lease.task_id for lease in tended.leases]
    return prerequisites_of(server, tended.backlog.value, leased, world.clock.now())


def _totals(machine: MachineState, policy: Policy) -> Resources | None:
    if machine is NOT_LOOKED_AT:
        return None
    from tinyscheduler.planner.resources import totals_of

    return totals_of(machine, policy)


def _unready(world: World) -> Mapping[AgentName, Unready]:
    agents = world.configuration.agents
    if all(value.literal is not None for agent in agents for value in agent.env):
        return {}
    from tinyscheduler.reconcile.agent_values import unready

    return unready(agents, world.environ)


def _closed_hours(world: World) -> ClosedHours:
    configuration = world.configuration
    if not configuration.policy.queue_hours and all(not agent.hours for agent in configuration.agents):
        return ALL_OPEN
    from tinyscheduler.reconcile.hours import closed_hours

    return closed_hours(configuration, world.clock.now())


def waiting_of(world: World, server: TaskServer, *, anew: bool = False) -> Mapping[TaskId, Waiting]:
    """Of this server's tasks."""
    waits = world.waits.read(anew=anew)
    if not waits.tasks or waits.source != server.source:
        return {}
    from tinyscheduler.planner.wait_life import credible

    return credible(waits.tasks, world.clock.now())


def _without_lease(leases: Sequence[Lease], backlog: Backlog) -> list[TaskId]:
    """Tasks whose ledger decides something: of those that are worked on the lease says it all."""
    leased = {lease.task_id for lease in leases}
    waiting = [task.id for task in backlog.tasks]
    return waiting + [task.id for task in backlog.working if task.id not in leased]


def fetch(world: World, server: TaskServer) -> tuple[Known[Backlog] | Unknown, TaskServerError | None]:
    """The backlog, or why it is unknown; the error is for the report."""
    queues, names = asked_for(world, server)
    if not queues and not names:
        return Known(Backlog(())), None
    try:
        backlog = server.backlog(queues, names, world.configuration.policy.max_fetch)
    except TaskServerError as error:
        return Unknown(error.message), error
    return Known(backlog), None


def asked_for(world: World, server: TaskServer) -> tuple[list[QueueName], list[AgentName]]:
    """Our queues and agents, and those of tasks that wait: when somebody takes an agent out of agent-control
    its tasks are still there, and somebody has to say that nobody serves them (features D7)."""
    configuration = world.configuration
    agents = [agent.name for agent in configuration.agents]
    waiting = waiting_of(world, server, anew=True).values()
    queues = {*configuration.queues, *(found.queue for found in waiting if found.queue is not None)}
    former = {found.assigned_to for found in waiting if found.assigned_to is not None} - set(agents)
    return sorted(queues), [*agents, *sorted(former)]
