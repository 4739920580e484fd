"""Write down that a run is silent (features B5): a wrapper may not, so it counts its notices in its lease
and the next pass tells them, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.lease import Lease
from tinyscheduler.reconcile.context import Context


def tell_silence(
    context: Context, leases: Sequence[Lease], told: Mapping[LeaseId, int]
) -> Mapping[LeaseId, int]:
    """How many notices of each run are in the journal now; a run that was heard of since begins anew."""
    for lease in leases:
        for notice in range(told.get(lease.lease_id, 0) + 1, lease.stall_notices + 1):
            context.note("limit_reached", lease, "silent", notice=notice)
            context.report.limit(f"task {lease.task_id}: nothing was heard of its run, notice {notice}")
    return {lease.lease_id: lease.stall_notices for lease in leases if lease.stall_notices}
