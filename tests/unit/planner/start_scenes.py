"""What the tests of starting plans share."""

from __future__ import annotations

from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.planner.start import plan_start


def started(snapshot: StartSnapshot) -> list[tuple[str, str]]:
    """Task and agent, in the order of the starts."""
    return [(start.task.id, start.agent.name) for start in plan_start(snapshot).starts]


def order_of(snapshot: StartSnapshot) -> list[str]:
    return [task_id for task_id, _ in started(snapshot)]
