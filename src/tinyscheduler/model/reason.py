"""Why a task is held: the closed list of contracts.md, first match wins in this order."""

from datetime import datetime
from typing import Literal, NamedTuple

from tinyscheduler.model.ids import TaskId

HeldReason = Literal[
    "estop", "paused", "server_unknown", "queue_unknown", "not_ours", "leased", "settling",
    "working_elsewhere", "ledger_unreadable", "parked", "disabled", "parent_open", "blocked",
    "dependency_failed", "cycle", "needs_approval", "not_before", "cooldown", "no_recipe",
    "bad_task", "no_agent", "no_capability", "out_of_scope", "path_held", "goal_held",
    "account_limited", "agent_quarantined", "inactive_hours", "pressure", "disk", "resources",
    "queue_cap", "agent_full", "global_cap", "pacing", "denied",
]  # fmt: skip


class Held(NamedTuple):
    """One task that is not started, and the one lever that would release it."""

    task_id: TaskId
    reason: HeldReason
    value: str
    """What was found, for people: ``4 of 4 slots of dev-1``."""
    limit: str = ""
    since: datetime | None = None
    next_look_at: datetime | None = None
    """None: the next pass."""
    lever: str = ""
    ends_by_at: datetime | None = None
    """When the first of the runs that are in the way ends at the latest; None: nobody can say, or none is."""
