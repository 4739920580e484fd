"""Tasks that wait, as ``backlog`` shows them: each with its place in the line and what it waits for."""

from datetime import datetime
from typing import NamedTuple

from tinyscheduler.model.action import Start
from tinyscheduler.model.reason import Held
from tinyscheduler.model.task import Task


class Waiter(NamedTuple):
    """One task that is not running."""

    task: Task
    band: str
    """As what it counts now: critical, high, normal, low, or overdue."""
    waiting_since: datetime | None
    """Since when it could start if there were room, as far as any pass has seen; None: not now."""
    waited_s: float
    """With what it had waited before; a wait for anything but room does not count."""
    answer: Start | Held
    """The plan's."""
