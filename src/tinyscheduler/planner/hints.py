"""Read what a task says about itself: its tags, and the front matter of its description."""

from __future__ import annotations

from tinyscheduler.model.hints import NO_HINTS, Hints
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Task


def hints_of(task: Task) -> Hints:
    """``NO_HINTS`` where it says nothing."""
    after = tuple(TaskId(tag[6:]) for tag in task.tags if tag.startswith("after:"))
    return Hints(after=after) if after else NO_HINTS
