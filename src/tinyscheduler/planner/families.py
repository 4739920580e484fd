"""Tasks and their subtasks, as far as a snapshot shows both (features D7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.ranking import natural_id


def open_subtasks(snapshot: StartSnapshot) -> Mapping[TaskId, Sequence[Task]]:
    """Of each open parent its subtasks that are not complete, by id. One that only the server knows, because
    it is in no list of ours, is missing."""
    backlog = snapshot.backlog
    if not isinstance(backlog, Known) or not backlog.value.open_parents:
        return {}
    asked = (
        found.task
        for found in snapshot.prerequisites.values()
        if found.state == "open" and found.task is not None
    )
    parents = backlog.value.open_parents
    found: dict[TaskId, dict[TaskId, Task]] = {}
    for task in (*asked, *backlog.value.working, *backlog.value.tasks):
        if task.parent_id is not None and task.parent_id in parents and task.parent_id != task.id:
            found.setdefault(task.parent_id, {})[task.id] = task
    return {
        parent: sorted(members.values(), key=lambda task: natural_id(task.id))
        for parent, members in found.items()
    }
