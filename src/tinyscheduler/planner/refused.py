"""A task that the task server refuses to let anybody begin: too long to be read, or its page too full.

It is remembered as a denial in its ledger, with a delay that grows: else each pass would try it first, in
vain and in silence, for ever. Apart from ``control_holds``, whose denials are those of a command.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tinyscheduler.model.lease import Lease, Outcome
from tinyscheduler.model.ledger import Ledger, PastRun
from tinyscheduler.model.policy import Policy
from tinyscheduler.planner.control_holds import last_denial, with_few_denials
from tinyscheduler.planner.retry import after_run

SERVER_MARK: Final = "task-server"
"""By which its no is known; no mark of a command looks so."""


def last_refusal(ledger: Ledger) -> PastRun | None:
    """None: the last thing that happened to the task was something else."""
    last = last_denial(ledger)
    return last if last is not None and last.result_hash == SERVER_MARK else None


def after_refusal(ledger: Ledger, lease: Lease, why: str, *, now: datetime, policy: Policy) -> Ledger:
    """With its no as the last thing that happened."""
    after = after_run(with_few_denials(ledger), lease, Outcome("denied", now, summary=why), policy)
    said = after.outcomes[-1]._replace(result_hash=SERVER_MARK)
    return after._replace(outcomes=(*after.outcomes[:-1], said))


def refusal_lever(task_id: str, hint: str = "") -> str:
    """What helps at once; it is tried again by itself."""
    deed = hint or "mend what it says of the task"
    return f"{deed}; it is tried again by itself, or at once after: tinyscheduler retry {task_id}"
