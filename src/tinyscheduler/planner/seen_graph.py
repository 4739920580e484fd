"""The graph of what a snapshot has seen: who waits for whom, and how each prerequisite stands.

Apart from ``dependency_holds``, whose rows are part of the table that each pass loads.
"""

from __future__ import annotations

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.task import Task
from tinyscheduler.planner.dependencies import (
    NO_GRAPH,
    UNASKED,
    Graph,
    Wait,
    edges_of,
    graph_of,
    until_complete,
    wait_of,
)
from tinyscheduler.planner.task_holds import parked
from tinyscheduler.planner.view import View


def graph_in(view: View) -> Graph:
    """Of everything that the snapshot has."""
    backlog = view.snapshot.backlog
    if not isinstance(backlog, Known):
        return NO_GRAPH
    asked = [found.task for found in view.snapshot.prerequisites.values() if found.task is not None]
    edges = edges_of((*backlog.value.tasks, *backlog.value.working, *asked), view.hints)
    if not edges:
        return NO_GRAPH
    listed = (*backlog.value.working, *backlog.value.tasks)
    wanted = {other for others in edges.values() for other in others}
    tasks = {task.id: task for task in listed if task.id in wanted}
    blockers = {task.blocked_by for task in listed if task.is_blocked}

    def known(task_id: TaskId) -> Wait:
        found = _known(task_id, tasks, view)
        is_said = found is UNASKED and task_id in blockers
        return Wait("open", "is not complete", until_complete(task_id)) if is_said else found

    families = view.subtasks().items()
    return graph_of(edges, known, {parent: tuple(task.id for task in tasks) for parent, tasks in families})


def _known(task_id: TaskId, tasks: dict[TaskId, Task], view: View) -> Wait:
    lease = view.leases.get(task_id)
    if lease is not None:
        is_over = lease.state == "finished"
        why = "has run and is settled next" if is_over else f"runs on {lease.agent}"
        return Wait("open", why, "wait for its run to end")
    task = tasks.get(task_id)
    found = view.snapshot.prerequisites.get(task_id) if task is None else None
    if found is not None and found.state == "open":
        task = found.task
    if task is None:
        return wait_of(found, task_id)
    finding = parked(task, view)
    if finding is not None:
        return Wait("failed", f"is parked: {finding.value}", f"tinyscheduler retry {task_id}")
    return Wait("open", f"is {task.status}", until_complete(task_id))
