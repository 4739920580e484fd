"""Why one task stands where it stands: every predicate with its verdict, and the one reason."""

from datetime import datetime
from typing import Literal, NamedTuple

from tinyscheduler.model.action import Start
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.task import Task

RowVerdict = Literal["passed", "holds", "skipped"]
"""``skipped``: it is only looked at when all rows before it have passed."""

Standing = Literal["complete", "archived", "running", "settling", "starts", "held"]
"""``starts``: the next pass starts it, if the world stays as it is."""


class Row(NamedTuple):
    """One predicate."""

    name: HeldReason
    verdict: RowVerdict
    value: str
    """What was found, for people."""
    lever: str = ""
    limit: str = ""
    since: datetime | None = None
    next_look_at: datetime | None = None
    """None: the next pass."""
    ends_by_at: datetime | None = None


class Explanation(NamedTuple):
    """The plan's answer for one task, spelt out."""

    task: Task
    standing: Standing
    rows: tuple[Row, ...]
    """In the order in which the planner asks; the first that holds is the reason."""
    held: Held | None
    """The one reason and the one lever; None when nothing holds it, or it is done."""
    start: Start | None
    """What the next pass does; None unless ``standing`` is ``starts``."""
    tasks_ahead: int | None
    """Runnable tasks that come before it; None when it does not compete."""
    band: str = ""
    """As what it counts now: critical, high, normal, low, or overdue."""
    waited_s: float = 0.0
    """For room, as far as any pass has seen."""
