"""Look: read the world into the snapshots that the planner gets. Reads only, writes nothing.

The same functions serve the pass, the dry run, ``status`` and ``explain`` (law 9).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.errors import StateError, TaskServerError, Unreadable
from tinyscheduler.model.hours import ALL_OPEN, ClosedHours
from tinyscheduler.model.ids import AgentName, LeaseId, QueueName, TaskId
from tinyscheduler.model.intent import INTENTS_MAX
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import BrokenLease, Lease, Owner, ProcessRef, TaggedRun, lease_tag
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.machine import NOT_LOOKED_AT, MachineState
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import Held
from tinyscheduler.model.resources import Resources
from tinyscheduler.model.sightings import Moment, age_s
from tinyscheduler.model.snapshot import (
    Backlog,
    BrokenFacts,
    LeaseFacts,
    Liveness,
    StartSnapshot,
    TendSnapshot,
)
from tinyscheduler.model.waiting import FIRST_TURN, Waiting
from tinyscheduler.planner.life import stale_after_s
from tinyscheduler.ports import TaskServer, World

if TYPE_CHECKING:
    from tinyscheduler.model.prerequisite import Prerequisite


def moment(world: World) -> Moment:
    """Now, by both clocks."""
    return Moment(world.clock.now(), world.clock.monotonic(), world.processes.host().boot_id)


def observe_tend(world: World) -> TendSnapshot:
    """Every lease with what the machine says about it. Raises StateError when the folder is unreadable."""
    # Before the leases: whoever starts from here on has a lease by then, and is not met without one.
    tagged = tagged_runs(world)
    now = moment(world)
    scan = world.leases.scan()
    facts, broken = [], list(scan.broken)
    for lease in scan.leases:
        found = facts_or_trouble(world, lease, now)
        if isinstance(found, BrokenLease):
            broken.append(found)
        else:
            facts.append(found)
    asked = world.intents.scan(INTENTS_MAX)
    remains = _remains(world, scan.broken, tagged) if scan.broken else ()
    snapshot = TendSnapshot(
        now.at,
        tuple(facts),
        _with_agents(broken, remains),
        world.state.is_estopped(),
        world.configuration.policy,
        asked.intents,
        asked.broken,
        asked.left_out,
        tagged,
        remains,
    )
    if not asked.intents:
        return snapshot
    from tinyscheduler.reconcile.intent_look import with_ends

    return with_ends(world, snapshot)


def tagged_runs(world: World) -> tuple[TaggedRun, ...]:
    """Runs of this state folder that have processes; a tag that names no run is nobody's."""
    try:
        state_id = world.state.state_id()
    except StateError:
        # Said where the folder is opened or shown; without our id nobody is ours.
        return ()
    found = []
    for tag, processes in world.processes.tagged(state_id).items():
        _, task_id, lease_id = (*tag.split(":"), "", "")[:3]
        if tag == lease_tag(state_id, TaskId(task_id), LeaseId(lease_id)):
            found.append(TaggedRun(TaskId(task_id), LeaseId(lease_id), tag, processes))
    return tuple(found)


def _remains(
    world: World, broken: Sequence[BrokenLease], tagged: Sequence[TaggedRun]
) -> tuple[BrokenFacts, ...]:
    from tinyscheduler.reconcile.remains import remains_of

    return remains_of(world, broken, tagged)


def _with_agents(broken: Sequence[BrokenLease], remains: Sequence[BrokenFacts]) -> tuple[BrokenLease, ...]:
    """Whose slots they hold: the ledger remembers who runs, whatever the lease says."""
    agents = {
        facts.lease.task_id: facts.ledger.open.agent
        for facts in remains
        if isinstance(facts.ledger, Ledger) and facts.ledger.open is not None
    }
    return tuple(lease._replace(agent=agents.get(lease.task_id)) for lease in broken)


def task_ids_of(snapshot: TendSnapshot) -> list[TaskId]:
    """Of all leases, readable ones first."""
    return [
        *(facts.lease.task_id for facts in snapshot.leases),
        *(broken.task_id for broken in snapshot.broken),
    ]


def facts_or_trouble(world: World, lease: Lease, now: Moment) -> LeaseFacts | BrokenLease:
    """A lease about which the disk says nothing more is as good as broken: nobody knows what to do."""
    try:
        return lease_facts(world, lease, now)
    except StateError as error:
        return BrokenLease(lease.task_id, lease.run_folder, error.message)


def lease_facts(world: World, lease: Lease, now: Moment) -> LeaseFacts:
    """Raises StateError when the disk fails."""
    owner, is_owner_unreadable = None, False
    # A lease that names its wrapper was adopted; only before that the owner file knows more.
    if lease.state == "starting":
        try:
            owner = world.leases.owner(lease.task_id)
        except Unreadable:
            is_owner_unreadable = True
    beat_age_s = age_s(Moment(lease.heartbeat_at, lease.heartbeat_monotonic, lease.boot_id), now)
    if beat_age_s > stale_after_s(lease.heartbeat_interval_s):
        beat_age_s = min(beat_age_s, touched_age_s(world, lease.task_id, now.at))
    return LeaseFacts(
        lease,
        _wrapper_liveness(world, lease, owner),
        owner,
        lease.boot_id == now.boot_id,
        beat_age_s,
        age_s(Moment(lease.created_at, lease.start_monotonic, lease.boot_id), now),
        is_owner_unreadable=is_owner_unreadable,
    )


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


def tended_as_seen(
    tend: TendSnapshot, backlog: Known[Backlog] | Unknown, refused: Mapping[TaskId, Held]
) -> Tended:
    """For those who only look: as if nothing had to be tended."""
    return Tended([facts.lease for facts in tend.leases], tend.broken, backlog, refused)


def observe_start(world: World, server: TaskServer, tended: Tended) -> StartSnapshot:
    """What starting depends on. Raises StateError when the ledgers cannot be listed."""
    leases, backlog = tended.leases, tended.backlog
    asked = _without_lease(leases, backlog.value) if isinstance(backlog, Known) else []
    ledgers: Mapping[TaskId, Ledger | BrokenLedger] = world.ledgers.read(asked) if asked else {}
    prerequisites = _prerequisites(world, server, tended) if asked else {}
    if prerequisites:
        from tinyscheduler.reconcile.prerequisites import parked_of

        ledgers = {**ledgers, **parked_of(world.ledgers, prerequisites)}
    machine, policy = world.gauge.read() if asked else NOT_LOOKED_AT, world.configuration.policy
    return StartSnapshot(
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


def _closed_hours(world: World) -> ClosedHours:
    configuration = world.configuration
    if not configuration.policy.queue_hours and all(not agent.hours for agent in configuration.agents):
        return ALL_OPEN
    from tinyscheduler.reconcile.hours import closed_hours

    return closed_hours(configuration, world.clock.now())


def waiting_of(world: World, server: TaskServer, *, anew: bool = False) -> Mapping[TaskId, Waiting]:
    """Of this server's tasks."""
    waits = world.waits.read(anew=anew)
    return waits.tasks if waits.source == server.source else {}


def _without_lease(leases: Sequence[Lease], backlog: Backlog) -> list[TaskId]:
    """Tasks whose ledger decides something: of those that are worked on the lease says it all."""
    leased = {lease.task_id for lease in leases}
    waiting = [task.id for task in backlog.tasks]
    return waiting + [task.id for task in backlog.working if task.id not in leased]


def fetch(world: World, server: TaskServer) -> tuple[Known[Backlog] | Unknown, TaskServerError | None]:
    """The backlog, or why it is unknown; the error is for the report."""
    queues, names = _asked_for(world, server)
    if not queues and not names:
        return Known(Backlog(())), None
    try:
        backlog = server.backlog(queues, names, world.configuration.policy.max_fetch)
    except TaskServerError as error:
        return Unknown(error.message), error
    return Known(backlog), None


def _asked_for(world: World, server: TaskServer) -> tuple[list[QueueName], list[AgentName]]:
    """Our queues and agents, and those of tasks that wait: when somebody takes an agent out of agent-control
    its tasks are still there, and somebody has to say that nobody serves them (features D7)."""
    configuration = world.configuration
    agents = [agent.name for agent in configuration.agents]
    waiting = waiting_of(world, server, anew=True).values()
    queues = {*configuration.queues, *(found.queue for found in waiting if found.queue is not None)}
    former = {found.assigned_to for found in waiting if found.assigned_to is not None} - set(agents)
    return sorted(queues), [*agents, *sorted(former)]


def tag_of(world: World, lease: Lease) -> str:
    """Of every process of the run."""
    return lease_tag(world.state.state_id(), lease.task_id, lease.lease_id)


def roots_of(lease: Lease, owner: Owner | None) -> list[ProcessRef]:
    """Wrapper and agent as far as they are known."""
    roots = [lease.wrapper, owner.process if owner is not None else None]
    if lease.agent_pid is not None and lease.agent_start is not None:
        roots.append(ProcessRef(lease.agent_pid, lease.agent_start, lease.boot_id, lease.pid_namespace))
    return [root for root in roots if root is not None]


def _wrapper_liveness(world: World, lease: Lease, owner: Owner | None) -> Liveness:
    host = world.processes.host()
    if lease.machine_id != host.machine_id:
        # Another machine's processes cannot be seen from here (law 4), and its boot id is no news.
        return "unknown"
    is_mine = owner is not None and owner.lease_id == lease.lease_id
    wrapper = lease.wrapper or (owner.process if owner is not None and is_mine else None)
    if wrapper is not None:
        return world.processes.liveness(wrapper)
    if lease.boot_id == host.boot_id and lease.pid_namespace != host.pid_namespace:
        return "unknown"
    return "dead"


def touched_age_s(world: World, task_id: TaskId, now: datetime) -> float:
    """Of the lease file. On a full disk a wrapper cannot rewrite its lease and beats by touching the
    file. A time in the future proves nothing: the clock was set back since."""
    touched_at = world.leases.touched_at(task_id)
    if touched_at is None or touched_at > now:
        return math.inf
    return (now - touched_at).total_seconds()
