"""End runs whose wrapper is gone, silent or too late, and write down how they ended."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tinyscheduler.errors import StateError
from tinyscheduler.model.action import Reclaim
from tinyscheduler.model.lease import Lease, Outcome, ProcessRef
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.stop import Doomed, stop_runs


def reclaim_all(context: Context, actions: Sequence[Reclaim]) -> list[Lease]:
    """Stop them together under one grace. The leases as they are now: ``finished`` where the tree is
    proven gone, unchanged where it is not, so that slot and task stay held (law 1)."""
    if not actions:
        return []
    doomed = [_doom(context, action) for action in actions]
    survivors = stop_runs(context.world, doomed, tell=context.fault)
    return [_conclude(context, action, survivors[action.lease.lease_id]) for action in actions]


def tell_survivors(context: Context, lease: Lease, survivors: Sequence[ProcessRef]) -> None:
    """What cannot be ended is reported and keeps its slot."""
    pids = ", ".join(str(process.pid) for process in survivors)
    context.note("tree_survived", lease, "not gone after KILL", pids=[p.pid for p in survivors])
    context.report.trouble(
        f"task {lease.task_id}: processes {pids} of its run cannot be ended",
        hint="look at them with ps; the task stays held until they are gone",
        reference="tree-survived",
    )


def _doom(context: Context, action: Reclaim) -> Doomed:
    owner = None
    try:
        owner = context.world.leases.owner(action.lease.task_id)
    except StateError as error:
        # A lease that names its wrapper needs no owner file.
        context.fault(action.lease, error)
    context.note("stop_asked", action.lease, action.reason)
    return Doomed(action.lease, owner, action.outcome)


def _conclude(context: Context, action: Reclaim, survivors: Sequence[ProcessRef]) -> Lease:
    lease = action.lease
    if survivors:
        tell_survivors(context, lease, survivors)
        context.result("reclaim", lease, "failed", "its processes survived")
        return lease
    context.note("tree_gone", lease, action.reason)
    try:
        finished = _finish(context, action)
    except StateError as error:
        context.report.fault(error, task_id=lease.task_id)
        context.result("reclaim", lease, "failed", error.message)
        return lease
    context.result("reclaim", finished, "done", action.reason)
    return finished


def _finish(context: Context, action: Reclaim) -> Lease:
    """The wrapper's own last word first, then the run's result file, then our reason (B11)."""
    world = context.world
    current = world.leases.read(action.lease.task_id)
    if not isinstance(current, Lease) or current.lease_id != action.lease.lease_id:
        raise StateError(
            f"the lease of task {action.lease.task_id} changed while its processes were ended",
            hint="look at state/running and state/quarantine; the next pass looks again",
        )
    if current.state == "finished":
        return current
    now = world.clock.now()
    said = world.runs.outcome(current.run_folder, None, now, workspace=current.workspace)
    outcome = said or Outcome(action.outcome, now, summary=_summary(action))
    finished = current._replace(state="finished", outcome=outcome)
    world.leases.write(finished)
    context.note("run_finished", finished, action.reason, outcome=outcome.kind)
    return finished


def _summary(action: Reclaim) -> str:
    log = os.path.join(action.lease.run_folder, "output.log")
    return f"ended by the scheduler: {action.reason.replace('_', ' ')}; see {log}"
