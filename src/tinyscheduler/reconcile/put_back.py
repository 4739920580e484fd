"""An older lease that somebody has put back over that of a living run, out of a backup for example.

Every lease has a higher generation than the one before, and a task gets a new one only when it has none:
so what the file says is over, and the run that works has lost its lease. Such a file says as little of that
run as one that nobody can read, and is treated like it: its wrapper or the pass writes the lease anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinyscheduler.errors import StateError
from tinyscheduler.model.lease import BrokenLease, Lease, TaggedRun
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.ports import LeaseScan, World


def without_older(world: World, scan: LeaseScan, tagged: Sequence[TaggedRun]) -> LeaseScan:
    """With each of them among the broken ones."""
    found = [as_broken(world, lease, tagged) or lease for lease in scan.leases]
    leases = tuple(lease for lease in found if isinstance(lease, Lease))
    return LeaseScan(leases, scan.broken + tuple(one for one in found if isinstance(one, BrokenLease)))


def as_broken(world: World, lease: Lease, tagged: Sequence[TaggedRun]) -> BrokenLease | None:
    """None: it is no such lease. The ledger says which run is the last one, and its tag that it lives."""
    others = {run.lease_id for run in tagged if run.task_id == lease.task_id} - {lease.lease_id}
    if not others:
        return None
    try:
        ledger = world.ledgers.read([lease.task_id]).get(lease.task_id)
    except StateError:
        # Told by whoever needs it; without it nobody knows which of the two is the older one.
        return None
    if not isinstance(ledger, Ledger) or ledger.open is None or ledger.open.lease_id not in others:
        return None
    if ledger.generation <= lease.generation:
        return None
    why = (
        f"it is of an older run (generation {lease.generation}), and a later one works ({ledger.generation})"
    )
    path = f"{world.configuration.places.running}/task_{lease.task_id}.json"
    return BrokenLease(lease.task_id, path, why)
