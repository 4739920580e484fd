"""Write down who waits and whose turn it is (features D8, D9, D17).

Runs after the starts of a pass, and only where there is somebody who waits, or was. Apart from
``planner.waits``, which says what is to be remembered.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from tinyscheduler.errors import StateError
from tinyscheduler.kit.fields import identifier_value
from tinyscheduler.model.action import StartPlan
from tinyscheduler.model.event import Event
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.waiting import Waiting, Waits
from tinyscheduler.planner.line import moved
from tinyscheduler.planner.waits import remembered
from tinyscheduler.reconcile.context import Context

INVERSIONS_MAX: Final = 100
"""Events in one pass; the others are told by the next ones."""
HOLDERS_MAX: Final = 20
"""Remembered of one task; who waits for more has been told of often enough."""


def keep_turns(context: Context, snapshot: StartSnapshot, plan: StartPlan, leases: Collection[Lease]) -> None:
    """Where bands take turns: the round goes on by what was really started."""
    turns = [(start.turn, start.task.id) for start in plan.starts if start.turn is not None]
    if not turns:
        return
    leased = {lease.task_id for lease in leases}
    cursors = context.world.cursors
    if snapshot.cursor.trouble:
        context.report.notes.append(f"{snapshot.cursor.trouble}; the round of turns begins anew")
    cursor = moved(snapshot.cursor, turns, snapshot.policy, leased.__contains__)
    try:
        if snapshot.cursor.trouble:
            cursors.set_aside()
        cursors.write(cursor._replace(trouble=""))
    except StateError as error:
        context.report.fault(error)


def remember_waits(
    context: Context, snapshot: StartSnapshot, plan: StartPlan, leases: Collection[Lease]
) -> None:
    """A disk that refuses is a fault, and costs waited time and nothing else."""
    store = context.world.waits
    before = store.read()
    if not isinstance(snapshot.backlog, Known):
        return
    after = remembered(snapshot, plan, leases)
    if any(found.starving_since is not None for found in after.values()):
        from tinyscheduler.reconcile.starving import tell_starving

        after = tell_starving(context, snapshot, plan, after)
    after = _inversions_told(context, snapshot, plan, after)
    if not before.trouble and (before.source, before.tasks) == (snapshot.source, after):
        return
    try:
        if before.trouble:
            context.report.notes.append(f"{before.trouble}; how long tasks have waited is begun anew")
            store.set_aside()
        store.write(Waits(snapshot.source, after))
    except StateError as error:
        context.report.fault(error)


def _inversions_told(
    context: Context, snapshot: StartSnapshot, plan: StartPlan, waiting: dict[TaskId, Waiting]
) -> dict[TaskId, Waiting]:
    """An event for each pair, once in the life of a wait (features D17)."""
    if not snapshot.leases and all(held.reason != "blocked" for held in plan.held):
        return waiting
    from tinyscheduler.planner.inversion import inversions

    new = [
        pair
        for pair in inversions(snapshot, plan)
        if pair.task_id in waiting and pair.holder not in waiting[pair.task_id].inversions
    ]
    for pair in new[:INVERSIONS_MAX]:
        reason = f"a {pair.band} task waits for a {pair.holder_band} one: its {pair.by}"
        detail = (("holder", identifier_value(pair.holder)), ("by", pair.by))
        context.world.journal.append(Event("priority_inversion", pair.task_id, reason=reason, detail=detail))
        found = waiting[pair.task_id]
        waiting[pair.task_id] = found._replace(inversions=(*found.inversions, pair.holder)[-HOLDERS_MAX:])
    return waiting
