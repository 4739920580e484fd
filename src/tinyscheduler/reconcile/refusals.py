"""A server that says no for good to what it is told of a run: heard three times, over three passes
(features B11). Then the run is ``unsettled`` and a person is told; nothing waits for ever."""

from __future__ import annotations

from tinyscheduler.errors import ServerRefused, TaskUnreadable
from tinyscheduler.model.lease import Lease, Outcome
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.reconcile.context import Context

REFUSALS_MAX = 3
"""A server that says no for good says it again; three passes are for what a person mends meanwhile."""


def after_refusals(context: Context, lease: Lease, ledger: Ledger, error: ServerRefused) -> Outcome:
    """The run's outcome once it has been said often enough. Raises ``error`` before that, and for as long as
    nobody can read the task; StateError."""
    if isinstance(error, TaskUnreadable):
        raise error
    run = ledger.open
    if run is not None and run.refusals + 1 < REFUSALS_MAX:
        counted = run._replace(refusals=run.refusals + 1)
        context.world.ledgers.write(ledger._replace(open=counted))
        raise error
    context.report.fault(error, task_id=lease.task_id)
    return Outcome("unsettled", context.world.clock.now(), summary=error.message)
