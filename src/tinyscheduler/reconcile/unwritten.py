"""Runs of which nobody is left, and whose end the disk has refused: for commands that wait for the end.

Such a lease stays as it was, so that slot and task are held, and the next pass tries again. But whoever
waits for processes need not wait for the disk.
"""

from __future__ import annotations

from collections.abc import Mapping

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import BrokenLease, Lease, cgroup_of
from tinyscheduler.ports import RunRef, World
from tinyscheduler.reconcile.observe import facts_or_trouble, moment, roots_of, tag_of
from tinyscheduler.reconcile.report import Report


def unwritten_ends(world: World, report: Report) -> Mapping[TaskId, str]:
    """Why, for each task whose run this pass has tried to end and of which no process is left. Raises
    StateError."""
    failed = {result.task_id: result.reason for result in report.results if result.result == "failed"}
    if not failed:
        return {}
    leases = [lease for lease in world.leases.scan().leases if lease.task_id in failed]
    # Asked before the look at the processes: whoever takes a start over by then is seen there.
    known = [run for lease in leases if (run := _known_run(world, lease)) is not None]
    trees = world.processes.trees([run for _, run in known])
    return {
        lease.task_id: failed[lease.task_id]
        for (lease, _), tree in zip(known, trees, strict=True)
        if lease.state != "finished" and not tree
    }


def _known_run(world: World, lease: Lease) -> tuple[Lease, RunRef] | None:
    """None: whether anybody works there cannot be told from here (law 4)."""
    facts = facts_or_trouble(world, lease, moment(world))
    if isinstance(facts, BrokenLease) or facts.wrapper == "unknown":
        return None
    roots = roots_of(lease, facts.owner)
    return lease, RunRef(tag_of(world, lease), roots, cgroup_of(lease, world.state.state_id()))
