"""What is known of a task that others wait for and that is not in the backlog."""

from typing import Literal, NamedTuple

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Task

PrerequisiteState = Literal["complete", "open", "archived", "gone", "unasked", "unknown"]
"""``archived``: put aside without being complete. ``gone``: the task server knows no such task.
``unasked``: too many had to be asked for in this pass. ``unknown``: the server gave no answer."""


class Prerequisite(NamedTuple):
    """One task, asked for by itself."""

    task_id: TaskId
    state: PrerequisiteState
    why: str = ""
    """Of ``unknown``: what the server said instead."""
    task: Task | None = None
    """As the server shows it; None: it did not."""
    remedy: str = ""
    """Of ``unknown``, where the server itself is well: what a person can do."""
