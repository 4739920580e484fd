"""The journal's words: facts in the past tense. Data with a version, not log lines (A9)."""

from typing import Literal, NamedTuple

from tinyscheduler.model.ids import AgentName, LeaseId, TaskId

EVENT_VERSION = 1

EventName = Literal[
    "day_opened", "pass_began", "pass_ended", "lease_created", "claim_won", "claim_lost", "claim_unknown",
    "run_started", "run_adopted", "run_revoked", "stop_asked", "tree_gone", "tree_survived",
    "run_finished", "task_settled", "task_requeued", "task_parked", "task_released", "task_approved",
    "task_starved", "priority_inversion", "agent_quarantined", "account_limited", "breaker_opened",
    "breaker_closed",
    "lease_quarantined", "lease_rebuilt", "lease_undone", "orphan_stopped", "lost_task_found",
    "settings_changed", "settings_rejected", "intent_applied", "limit_reached", "schedule_fired",
    "schedule_missed", "notice_sent", "notice_failed", "start_denied", "old_files_swept",
]  # fmt: skip


class Event(NamedTuple):
    """One fact. ``at`` and ``pass`` are added by the journal."""

    name: EventName
    task_id: TaskId | None = None
    lease_id: LeaseId | None = None
    generation: int | None = None
    agent: AgentName | None = None
    reason: str = ""
    detail: tuple[tuple[str, object], ...] = ()
    """Further fields, JSON values only."""
