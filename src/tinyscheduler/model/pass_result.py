"""What became of a pass's actions, and what went wrong: for records, views and exit codes."""

from datetime import datetime
from typing import Literal, NamedTuple

from tinyscheduler.model.action import ActionKind
from tinyscheduler.model.ids import AgentName, LeaseId, QueueName, TaskId

ResultWord = Literal["done", "held", "failed"]


class Result(NamedTuple):
    """What became of one planned action."""

    kind: ActionKind
    task_id: TaskId
    agent: AgentName | None
    queue: QueueName | None
    lease_id: LeaseId | None
    result: ResultWord
    reason: str


class FaultSeen(NamedTuple):
    """One thing that went wrong, for people and for the exit code."""

    reference: str
    message: str
    hint: str
    is_server: bool


ScheduleWord = Literal["due", "made", "failed", "unclear"]
"""``due`` is for those who only look; ``unclear``: it may have been made, which the next pass finds out."""


class ScheduledTask(NamedTuple):
    """A task of a schedule, for one instant."""

    schedule: str
    due_at: datetime
    title: str
    queue: str | None
    assigned_to: str | None
    came: ScheduleWord
    task_id: TaskId | None = None
    """None: there is none yet."""
