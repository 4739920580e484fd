"""Idle tasks whose ledger has an open run although there is no lease: somebody removed it, or the
disk lost it. Closed when no process of the run is left, so that the task may run again.

Tasks that are ``working`` without a lease may be a person's and are not looked at here (features A10).
"""

from __future__ import annotations

from collections.abc import Iterator

from tinyscheduler.model.event import Event
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import Outcome
from tinyscheduler.model.ledger import Ledger, OpenRun
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.planner.retry import after_run
from tinyscheduler.reconcile.context import Context

SETTLED_AFTER_S = 120
"""A lease that is being written, copied or restored by a person is back by then (features A10)."""


def close_lost_runs(context: Context, snapshot: StartSnapshot) -> bool:
    """True: ledgers were changed, so look again. Raises StateError."""
    world, is_changed = context.world, False
    for ledger, run in _open_without_lease(snapshot):
        if world.processes.tree(run.tag, ()):
            context.report.trouble(
                f"task {ledger.task_id}: processes of a run without a lease still work on it",
                hint=f"they carry TINYSCHEDULER_LEASE={run.tag} in their environment; end them",
                reference="orphan",
            )
            continue
        outcome = Outcome("lost", snapshot.now, summary="its lease is gone, and so are its processes")
        world.ledgers.write(after_run(ledger, run, outcome, snapshot.policy))
        world.journal.append(
            Event("lost_task_found", ledger.task_id, run.lease_id, ledger.generation, run.agent)
        )
        is_changed = True
    return is_changed


def _open_without_lease(snapshot: StartSnapshot) -> Iterator[tuple[Ledger, OpenRun]]:
    if not isinstance(snapshot.backlog, Known):
        return
    leased = {lease.task_id for lease in snapshot.leases} | {b.task_id for b in snapshot.broken}
    for task in snapshot.backlog.value.tasks:
        ledger = snapshot.ledgers.get(task.id)
        if task.id in leased or not isinstance(ledger, Ledger) or ledger.open is None:
            continue
        is_same = (ledger.source, ledger.task_created_at) == (snapshot.source, task.created_at)
        age_s = (snapshot.now - ledger.open.at).total_seconds()
        if is_same and not 0 <= age_s < SETTLED_AFTER_S:
            yield ledger, ledger.open
