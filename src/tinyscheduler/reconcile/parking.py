"""The tag by which people see on the task server that a task is parked.

A list of tags is replaced as a whole, so a new one is made from the list of an answer just read, and
only ours is added or taken away. The ledger knows whether it is ours (``is_tagged``).
"""

from __future__ import annotations

from tinyscheduler.model.task import PARKED_TAG, Task
from tinyscheduler.ports import TaskServer


def tagged(task: Task) -> tuple[str, ...] | None:
    """The task's tags with ours; None: it is there already."""
    return None if PARKED_TAG in task.tags else (*task.tags, PARKED_TAG)


def untagged(task: Task) -> tuple[str, ...] | None:
    """The task's tags without ours; None: it is not there."""
    left = tuple(tag for tag in task.tags if tag != PARKED_TAG)
    return None if left == task.tags else left


def tag(server: TaskServer, task: Task) -> Task:
    """Nothing is sent when it is there. Raises TaskServerError."""
    tags = tagged(task)
    return task if tags is None else server.update(task.id, tags=tags)


def untag(server: TaskServer, task: Task) -> Task:
    """Only for a ledger that ``is_tagged``. Raises TaskServerError."""
    tags = untagged(task)
    return task if tags is None else server.update(task.id, tags=tags)
