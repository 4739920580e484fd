"""Adoption: of all who want to run one lease, exactly one may (design 6; features B10).

The exclusive create of the owner file decides, not the lease: a pass that gives up on a start links
the same name, so a slow wrapper can never revive what was undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.errors import Blind, StateError
from tinyscheduler.model.lease import Lease, Owner
from tinyscheduler.wrapper.heartbeat import HeldLease, what_is_there

if TYPE_CHECKING:
    from tinyscheduler.model.order import Order
    from tinyscheduler.ports import Clock, Enclosure, LeaseStore, Processes
    from tinyscheduler.wrapper.log import Log


def adopt(
    order: Order,
    *,
    leases: LeaseStore,
    processes: Processes,
    clock: Clock,
    log: Log,
    enclosure: Enclosure | None = None,
) -> HeldLease | None:
    """Become the one writer of the lease. None: somebody else was first, or there is nothing to adopt;
    then nothing of ours is left on disk. ``enclosure`` is what will hold the agent: the lease names
    it before anybody is in it. Raises StateError."""
    host = processes.host()
    if host.blindness:
        raise Blind(
            f"the lease is not taken: {host.blindness} says nothing here, so nobody could tell whether "
            "this wrapper lives",
            hint="mount all of /proc here",
        )
    owner = Owner(order.lease_id, "wrapper", processes.me(), machine_id=host.machine_id, host=host.name)
    first = leases.take(order.task_id, owner)
    if first != owner:
        log.say(f"left: the lease was {_what_happened(first, order)}")
        return None
    lease = leases.read(order.task_id)
    if not isinstance(lease, Lease) or lease.lease_id != order.lease_id or lease.state != "starting":
        leases.drop_owner(order.task_id, order.lease_id)
        log.say(f"left: {what_is_there(lease)}")
        return None
    lease = _adopted(lease, processes, clock)
    if enclosure is not None:
        lease = lease._replace(containment=enclosure.rung, cgroup=enclosure.cgroup)
    held = HeldLease(lease, owner, leases=leases, clock=clock, log=log)
    try:
        leases.write(held.lease)
    except StateError:
        leases.drop_owner(order.task_id, order.lease_id)
        raise
    return held


def _adopted(lease: Lease, processes: Processes, clock: Clock) -> Lease:
    me, host, now_s = processes.me(), processes.host(), clock.monotonic()
    return lease._replace(
        state="running",
        host=host.name,
        machine_id=host.machine_id,
        boot_id=me.boot_id,
        pid_namespace=me.pid_namespace,
        wrapper_pid=me.pid,
        wrapper_start=me.start,
        heartbeat_at=clock.now(),
        # The machine that runs the agent times it; the pass that wrote the lease may be elsewhere.
        start_monotonic=now_s,
        heartbeat_monotonic=now_s,
    )


def _what_happened(first: Owner, order: Order) -> str:
    if first.lease_id != order.lease_id:
        return f"taken under another lease_id, {first.lease_id}"
    return "revoked" if first.by == "revoked" else "adopted by another wrapper"
