"""What a pass has seen that is odd, remembered for the passes to come."""

from __future__ import annotations

from tinyscheduler.errors import StateError
from tinyscheduler.model.sightings import Sightings
from tinyscheduler.reconcile.context import Context


def remember(context: Context, after: Sightings, *, before: Sightings) -> None:
    """Write what has changed. A disk that refuses is a fault and costs one more grace, nothing else."""
    if before.trouble:
        context.report.notes.append(f"{before.trouble}; what was seen since when is begun anew")
    elif after == before:
        return
    try:
        context.world.sightings.write(after._replace(trouble=""))
    except StateError as error:
        context.report.fault(error)


def forget_lost(context: Context) -> None:
    """No run is without a lease: those that were have it again, and a later loss is a new one."""
    before = context.world.sightings.read()
    remember(context, before._replace(lost={}), before=before)
