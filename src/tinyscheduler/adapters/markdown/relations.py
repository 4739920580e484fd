"""Whether tasks may hang together as somebody wants them to; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tinyscheduler.adapters.markdown.sheet import Sheet
from tinyscheduler.errors import ServerRefused
from tinyscheduler.model.ids import TaskId, as_task_id
from tinyscheduler.model.task import Task


def check_relations(
    sheets: Mapping[TaskId, Sheet],
    task_id: TaskId | None,
    *,
    parent: TaskId | None,
    blocker: TaskId | None,
) -> None:
    """Both exist, and neither leads back to the task. ``task_id`` None: it is not there yet. Raises
    ServerRefused."""
    for word, other in (("Parent", parent), ("Blocking", blocker)):
        if other and as_task_id(other) not in sheets:
            raise ServerRefused(f"{word} task not found: {other}")
    for other, step in ((parent, _parent_of), (blocker, _blocker_of)):
        if other and task_id and _leads_to(sheets, as_task_id(other), goal=as_task_id(task_id), step=step):
            raise ServerRefused(f"Task {task_id} and task {other} would wait for each other")


def parents_of(sheets: Mapping[TaskId, Sheet], task_id: TaskId) -> Iterator[Sheet]:
    """Those above it, the nearest first; of a ring, which people can write, each one once."""
    seen = {task_id}
    above = sheets[task_id].task.parent_id if task_id in sheets else None
    while above is not None and above in sheets and above not in seen:
        seen.add(above)
        yield sheets[above]
        above = sheets[above].task.parent_id


def _parent_of(task: Task) -> TaskId | None:
    return task.parent_id


def _blocker_of(task: Task) -> TaskId | None:
    return task.blocked_by


def _leads_to(
    sheets: Mapping[TaskId, Sheet], start: TaskId, *, goal: TaskId, step: Callable[[Task], TaskId | None]
) -> bool:
    at: TaskId | None = start
    seen: set[TaskId] = set()
    while at is not None and at in sheets and at not in seen:
        if at == goal:
            return True
        seen.add(at)
        at = step(sheets[at].task)
    return False
