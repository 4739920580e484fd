"""End what works without a lease (features B9): its lease was removed by hand, or lost with the disk.

Apart from ``reclaim``, which goes from a lease to its processes; this goes the other way, where the
danger is another one: that the lease is there after all. So it is looked for again right before the
signal, when whoever was about to drop the tag has dropped it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinyscheduler.errors import StateError
from tinyscheduler.model.action import StopOrphan
from tinyscheduler.model.event import Event, EventName
from tinyscheduler.model.lease import ProcessRef, TaggedRun, containment_name
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.pass_result import Result, ResultWord
from tinyscheduler.ports import RunRef
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.stop import WRAPPER_EXTRA_S, end_trees
from tinyscheduler.reconcile.telling import tell_ended_orphan, tell_orphan

SECOND_LOOK_S = 1.0
"""A wrapper between the settlement of its lease and its exec into a pass, which drops the tag, needs
some milliseconds; on a machine that swaps, some hundred."""


def stop_orphans(context: Context, actions: Sequence[StopOrphan]) -> None:
    """One grace for all. Raises nothing: what cannot be ended is reported, and the next pass tries
    again (law 12)."""
    runs = _still_there(context, [action.run for action in actions])
    if not runs:
        return
    grace_s = context.world.configuration.policy.grace_s + WRAPPER_EXTRA_S
    survivors = end_trees(
        context.world,
        [RunRef(run.tag, run.processes, _cgroup(context, run)) for run in runs],
        ask=lambda _place: None,
        grace_s=lambda: grace_s,
    )
    for run, left in zip(runs, survivors, strict=True):
        _conclude(context, run, left)


def _still_there(context: Context, runs: Sequence[TaggedRun]) -> list[TaggedRun]:
    """With the processes that carry the tag now."""
    processes = context.world.processes
    processes.wait_gone([process for run in runs for process in run.processes], SECOND_LOOK_S)
    tagged = processes.tagged(context.world.state.state_id())
    found = [run._replace(processes=tagged[run.tag]) for run in runs if run.tag in tagged]
    return [run for run in found if _has_no_lease(context, run) and not _is_in_another_folder(context, run)]


def _cgroup(context: Context, run: TaggedRun) -> str:
    """Its lease would have named it; whoever has dropped the tag and left the tree is still in it."""
    return context.world.processes.cgroup_named(containment_name(run.tag), run.processes)


def _has_no_lease(context: Context, run: TaggedRun) -> bool:
    """A broken one may be its lease; that was decided when the plan was made."""
    try:
        found = context.world.leases.read(run.task_id)
    except StateError as error:
        context.report.fault(error, task_id=run.task_id)
        return False
    return getattr(found, "lease_id", None) != run.lease_id


def _is_in_another_folder(context: Context, run: TaggedRun) -> bool:
    """RUNNING_DIR was changed while it ran: its lease is where its order says, and not lost at all."""
    world = context.world
    running = world.configuration.places.running
    try:
        ledger = world.ledgers.read([run.task_id]).get(run.task_id)
    except StateError as error:
        context.report.fault(error, task_id=run.task_id)
        return True
    order = world.runs.order(run.task_id, ledger.runs) if isinstance(ledger, Ledger) and ledger.runs else None
    if order is None or order.lease_id != run.lease_id or order.running_folder == running:
        return False
    context.report.trouble(
        f"task {run.task_id}: its run keeps its lease in {order.running_folder}, not in {running}",
        hint="set RUNNING_DIR back until it has ended; until then nobody looks after it",
        reference="orphan",
    )
    return True


def _conclude(context: Context, run: TaggedRun, survivors: Sequence[ProcessRef]) -> None:
    if survivors:
        run = run._replace(processes=tuple(survivors))
        _note(context, "tree_survived", run)
        tell_orphan(context.report, run)
        _result(context, run, "failed", reason="its processes survived")
    else:
        _note(context, "orphan_stopped", run)
        tell_ended_orphan(context.report, run)
        _result(context, run, "done", reason="no_lease")


def _note(context: Context, name: EventName, run: TaggedRun) -> None:
    pids = [process.pid for process in run.processes]
    context.world.journal.append(
        Event(name, run.task_id, run.lease_id, reason="no_lease", detail=(("pids", pids),))
    )


def _result(context: Context, run: TaggedRun, result: ResultWord, *, reason: str) -> None:
    context.report.add(Result("stop_orphan", run.task_id, None, None, run.lease_id, result, reason))
