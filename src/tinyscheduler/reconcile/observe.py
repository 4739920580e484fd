"""Look: read the world into the snapshots that the planner gets. Reads only, writes nothing.

The same functions serve the pass, the dry run, ``status`` and ``explain`` (law 9).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from tinyscheduler.errors import Blind, StateError, Unreadable
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.intent import INTENTS_MAX
from tinyscheduler.model.lease import BrokenLease, Lease, Owner, ProcessRef, TaggedRun, lease_tag
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.sightings import Moment, age_s
from tinyscheduler.model.snapshot import (
    BrokenFacts,
    LeaseFacts,
    Liveness,
    TendSnapshot,
)
from tinyscheduler.planner.life import stale_after_s
from tinyscheduler.ports import IntentScan, LeaseScan, World


def moment(world: World) -> Moment:
    """Now, by both clocks."""
    return Moment(world.clock.now(), world.clock.monotonic(), world.processes.host().boot_id)


def check_sight(world: World) -> None:
    """Raises Blind where no process can be told dead from alive: nothing may be ended, settled or started
    from there (law 4)."""
    blindness = world.processes.host().blindness
    if blindness:
        raise Blind(
            f"nothing is done: {blindness} says nothing here, so nobody can tell which processes live",
            hint="mount all of /proc, for the pid namespace it is used in (in systemd units ProcSubset=all, "
            "with unshare --mount-proc), or run it outside",
        )


def observe_tend(world: World) -> TendSnapshot:
    """Every lease with what the machine says about it. Raises StateError when the folder is unreadable."""
    # Before the leases: whoever starts from here on has a lease by then, and is not met without one.
    tagged = tagged_runs(world)
    now = moment(world)
    scan = _without_older(world, world.leases.scan(), tagged)
    facts, broken = [], list(scan.broken)
    for lease in scan.leases:
        found = facts_or_trouble(world, lease, now)
        if isinstance(found, BrokenLease):
            broken.append(found)
        else:
            facts.append(found)
    asked, trouble = _asked(world)
    remains = _remains(world, scan.broken, tagged) if scan.broken else ()
    snapshot = TendSnapshot(
        now.at,
        tuple(facts),
        with_agents(broken, remains),
        world.state.is_estopped(),
        world.configuration.policy,
        asked.intents,
        asked.broken,
        asked.left_out,
        tagged,
        remains,
        trouble,
    )
    if not asked.intents:
        return snapshot
    from tinyscheduler.reconcile.intent_look import with_ends

    return with_ends(world, snapshot)


def check_asked(snapshot: TendSnapshot) -> None:
    """Raises StateError where nobody knows what is asked: a stop may be among it, so nothing is started
    (law 4)."""
    if snapshot.intents_unknown:
        raise StateError(
            snapshot.intents_unknown,
            hint="make it a folder that this user may read; runs are looked after, but nothing is started",
        )


def _asked(world: World) -> tuple[IntentScan, str]:
    """What is asked, or why nobody knows: runs are looked after all the same."""
    try:
        return world.intents.scan(INTENTS_MAX), ""
    except StateError as error:
        return IntentScan((), ()), error.message


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


def _without_older(world: World, scan: LeaseScan, tagged: Sequence[TaggedRun]) -> LeaseScan:
    leased = {(lease.task_id, lease.lease_id) for lease in scan.leases}
    # In nearly all passes everybody who carries a tag has its lease, and nothing more is read.
    if all((run.task_id, run.lease_id) in leased for run in tagged):
        return scan
    from tinyscheduler.reconcile.put_back import without_older

    return without_older(world, scan, tagged)


def _remains(
    world: World, broken: Sequence[BrokenLease], tagged: Sequence[TaggedRun]
) -> tuple[BrokenFacts, ...]:
    from tinyscheduler.reconcile.remains import remains_of

    return remains_of(world, broken, tagged)


def with_agents(broken: Sequence[BrokenLease], remains: Sequence[BrokenFacts]) -> tuple[BrokenLease, ...]:
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
    """A lease about which the disk says nothing more is as good as broken: nobody knows what to do. Named by
    its owner file, which is what could not be read."""
    try:
        return lease_facts(world, lease, now)
    except StateError as error:
        path = f"{world.configuration.places.running}/task_{lease.task_id}.owner"
        return BrokenLease(lease.task_id, path, error.message.removeprefix(f"{path}: "))


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
    if host.is_elsewhere(lease.machine_id, lease.host):
        # Another machine's processes cannot be seen from here (law 4), and its boot id is no news.
        return "unknown"
    is_mine = owner is not None and owner.lease_id == lease.lease_id
    wrapper = lease.wrapper or (owner.process if owner is not None and is_mine else None)
    if wrapper is not None:
        return world.processes.liveness(wrapper)
    if host.blindness or not lease.boot_id:
        return "unknown"
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
