"""Give back tasks whose run has lost its lease (features A10): somebody removed it, or the disk did.

It is the settlement of a run that ended as ``lost``, and done as any other: what the run's result file
says counts, the server is told first and the ledger closed after it, and what others have done with the
task meanwhile stays. Loaded only where a ledger has an open run without a lease.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinyscheduler.errors import TinySchedulerError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import Lease, Outcome
from tinyscheduler.model.sightings import Sightings
from tinyscheduler.model.snapshot import Backlog, StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.lost import LOST_MAX, LostRun, LostVerdict, judge_lost, runs_without_lease
from tinyscheduler.ports import World
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.observe import moment
from tinyscheduler.reconcile.open_run import lease_of_open_run
from tinyscheduler.reconcile.report import Report
from tinyscheduler.reconcile.settling import settle_all
from tinyscheduler.reconcile.sighting import remember


def close_lost_runs(context: Context, snapshot: StartSnapshot) -> StartSnapshot:
    """The snapshot as it is after it; itself where nothing was due. Raises StateError when the ledgers
    cannot be read again."""
    world = context.world
    before = world.sightings.read()
    verdict = look_for_lost(world, snapshot, before)
    left: dict[TaskId, Task | None] = {}
    for run in due_of(verdict, context.report):
        if context.server.trouble is not None:
            break
        left.update(_settle(context, run))
    closed = {lost.run.lease_id for lost, _ in verdict.standings if lost.task.id in left}
    lost = {lease_id: seen for lease_id, seen in verdict.lost.items() if lease_id not in closed}
    remember(context, before._replace(lost=lost), before=before)
    return _without(context, snapshot, left) if left else snapshot


def look_for_lost(world: World, snapshot: StartSnapshot, before: Sightings) -> LostVerdict:
    """Where each run without a lease stands; the same for a pass and its preview."""
    found = [
        lost._replace(is_haunted=bool(world.processes.tree(lost.run.tag, ())))
        for lost in runs_without_lease(snapshot)
    ]
    verdict = judge_lost(found, before.lost, moment(world), grace_s=snapshot.policy.lost_grace_s)
    # Where a list could not be read, what it would show goes on as it was (law 4).
    is_whole = isinstance(snapshot.backlog, Known) and not snapshot.backlog.value.gaps
    return verdict if is_whole else verdict._replace(lost={**before.lost, **verdict.lost})


def due_of(verdict: LostVerdict, report: Report) -> list[LostRun]:
    """At most ``LOST_MAX``; the next pass takes the next ones."""
    due = [lost for lost, standing in verdict.standings if standing == "due"]
    if len(due) > LOST_MAX:
        report.limit(f"{LOST_MAX} runs without a lease in one pass")
    return due[:LOST_MAX]


def lease_of(world: World, lost: LostRun) -> Lease:
    """The finished lease that the run would have had by now; it is on no disk."""
    lease = lease_of_open_run(world, lost.ledger, lost.run)
    at = lease.heartbeat_at
    gone = Outcome("lost", at, summary="its lease is gone, and so are its processes")
    return lease._replace(state="finished", outcome=world.runs.outcome(lease.run_folder, None, at) or gone)


def _settle(context: Context, lost: LostRun) -> dict[TaskId, Task | None]:
    """The task as it is left; empty when it is still to be settled."""

    def fail(lease: Lease, error: TinySchedulerError) -> None:
        if context.server.trouble is None:
            context.fault(lease, error)
        context.result("settle", lease, "failed", reason=error.message)

    for lease, settled, _ in settle_all(context, [lease_of(context.world, lost)], fail):
        context.note("lost_task_found", lease, settled.outcome.kind)
        context.result("settle", lease, "done", reason="lost_task")
        return {lost.task.id: settled.task}
    return {}


def _without(context: Context, snapshot: StartSnapshot, left: dict[TaskId, Task | None]) -> StartSnapshot:
    """The tasks as they are left, and their ledgers."""
    assert isinstance(snapshot.backlog, Known), "lost runs are found by the tasks of a known backlog"
    ledgers = {**snapshot.ledgers, **context.world.ledgers.read(left)}
    return snapshot._replace(backlog=Known(_as_left(snapshot.backlog.value, left)), ledgers=ledgers)


def _as_left(backlog: Backlog, left: dict[TaskId, Task | None]) -> Backlog:
    again = [task for task in left.values() if task is not None and task.archived_at is None]
    return backlog._replace(
        tasks=(*_others(backlog.tasks, left), *(task for task in again if task.status == "idle")),
        working=(*_others(backlog.working, left), *(task for task in again if task.status == "working")),
    )


def _others(tasks: Sequence[Task], left: dict[TaskId, Task | None]) -> list[Task]:
    return [task for task in tasks if task.id not in left]
