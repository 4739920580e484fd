"""Why a task waits for others: the rows of ``rules`` about dependencies (features D10)."""

from __future__ import annotations

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.snapshot import Backlog
from tinyscheduler.model.task import Task
from tinyscheduler.planner.dependencies import (
    NO_GRAPH,
    UNASKED,
    Graph,
    Wait,
    edges_of,
    graph_of,
    ring_of,
    wait_of,
)
from tinyscheduler.planner.task_holds import parked
from tinyscheduler.planner.view import Finding, View

NAMES_MAX = 5
"""Of tasks, in one sentence; the others are counted."""
RING_NAMES_MAX = 12


def blocked(task: Task, view: View) -> Finding | None:
    """What it waits for is under way, or will be."""
    graph = view.graph()
    others = graph.waits.get(task.id)
    if others is None or task.id in graph.rings or task.id in graph.failing:
        return None
    waits = [(other, graph.own[other]) for other in others]
    if len(waits) == 1:
        return Finding(f"waits for task {_clause(waits[0], graph)}", waits[0][1].lever)
    shown = "; ".join(f"task {_clause(wait, graph)}" for wait in waits[:NAMES_MAX])
    more = f"; and {len(waits) - NAMES_MAX} more" if len(waits) > NAMES_MAX else ""
    return Finding(f"waits for {len(waits)} tasks: {shown}{more}", waits[0][1].lever)


def dependency_failed(task: Task, view: View) -> Finding | None:
    """What it waits for will not be complete by itself."""
    graph = view.graph()
    failure = graph.failing.get(task.id)
    if failure is None:
        return None
    wait = graph.own[failure.root]
    way = "" if failure.by_way_of == failure.root else f", by way of task {failure.by_way_of}"
    return Finding(f"waits{way} for task {failure.root}, which {wait.why}", wait.lever)


def cycle(task: Task, view: View) -> Finding | None:
    """It waits for itself."""
    graph = view.graph()
    if task.id not in graph.rings:
        return None
    ring = ring_of(task.id, graph)
    lever = f"take one of them out: task {ring[-1]} need not wait for {ring[0]}"
    return Finding(ring_text(ring), lever)


def ring_text(ring: tuple[TaskId, ...]) -> str:
    """``1 -> 2 -> 3 -> 1``; of a long one both ends."""
    if len(ring) <= RING_NAMES_MAX:
        return " -> ".join((*ring, ring[0]))
    left_out = f"({len(ring) - RING_NAMES_MAX + 1} more)"
    return " -> ".join((*ring[: RING_NAMES_MAX - 2], left_out, ring[-1], ring[0]))


def graph_in(view: View) -> Graph:
    """Of everything that the snapshot has."""
    backlog = view.snapshot.backlog
    if not isinstance(backlog, Known):
        return NO_GRAPH
    asked = [found.task for found in view.snapshot.prerequisites.values() if found.task is not None]
    edges = edges_of((*backlog.value.tasks, *backlog.value.working, *asked), view.hints)
    if not edges:
        return NO_GRAPH
    tasks = _by_id(backlog.value)
    blockers = {task.blocked_by for task in tasks.values() if task.is_blocked}

    def known(task_id: TaskId) -> Wait:
        found = _known(task_id, tasks, view)
        is_said = found is UNASKED and task_id in blockers
        return Wait("open", "is not complete", f"complete task {task_id}") if is_said else found

    return graph_of(edges, known)


def _by_id(backlog: Backlog) -> dict[TaskId, Task]:
    return {task.id: task for task in (*backlog.working, *backlog.tasks)}


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
    return Wait("open", f"is {task.status}", f"complete task {task_id}")


def _clause(wait: tuple[TaskId, Wait], graph: Graph) -> str:
    other, known = wait
    if other in graph.rings:
        return f"{other}, which waits for itself: {ring_text(ring_of(other, graph))}"
    return f"{other}, which {known.why}"
