"""What past runs and days have left in the state folder, and what becomes of it."""

from datetime import datetime
from typing import Literal, NamedTuple

from tinyscheduler.model.ids import TaskId

RemainsKind = Literal["run", "ledger", "journal", "passes", "log"]
SweepVerdict = Literal["keep", "remove", "ask"]
"""``ask``: only the task server knows whether the task is over."""


class Remains(NamedTuple):
    """One run folder, ledger or file of a day."""

    kind: RemainsKind
    name: str
    """Of the file; of a run folder ``task_<id>/<attempt>``."""
    touched_at: datetime
    """When something was last written there; of a day's file, the end of that day."""
    task_id: TaskId | None = None
    """None: a day's file."""
    attempt: int = 0
    """Of a run folder."""
    is_newest: bool = False
    """The run folder of its task that was written last."""
