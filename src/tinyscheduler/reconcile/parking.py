"""The tag by which people see on the task server that a task is parked.

Only ours is added or taken away, of those that are there when that is done. The ledger knows whether it is
ours (``is_tagged``).
"""

from __future__ import annotations

from tinyscheduler.model.task import PARKED_TAG, TagChange, Task
from tinyscheduler.ports import TaskServer


def tagged(task: Task) -> TagChange | None:
    """Ours is added; None: it is there already."""
    return None if PARKED_TAG in task.tags else TagChange(added=(PARKED_TAG,))


def untagged(task: Task) -> TagChange | None:
    """Ours is taken away; None: it is not there."""
    return TagChange(removed=(PARKED_TAG,)) if PARKED_TAG in task.tags else None


def tag(server: TaskServer, task: Task) -> Task:
    """Nothing is sent when it is there. Raises TaskServerError."""
    tags = tagged(task)
    return task if tags is None else server.update(task.id, tags=tags)


def untag(server: TaskServer, task: Task) -> Task:
    """Only for a ledger that ``is_tagged``. Raises TaskServerError."""
    tags = untagged(task)
    return task if tags is None else server.update(task.id, tags=tags)
