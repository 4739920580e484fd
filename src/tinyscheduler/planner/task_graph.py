"""The graph of dependencies with what the plan says of each task: what ``graph`` shows (features D10)."""

from __future__ import annotations

from collections.abc import Iterator

from tinyscheduler.model.action import StartPlan
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.task_graph import GraphEdge, GraphNode, Mark, TaskGraph
from tinyscheduler.planner.dependencies import Graph, ring_of
from tinyscheduler.planner.ranking import natural_id
from tinyscheduler.planner.view import View, view_of


def task_graph(snapshot: StartSnapshot, plan: StartPlan) -> TaskGraph:
    """Every task that was seen, and every one that somebody waits for."""
    view = view_of(snapshot)
    tasks, graph = _tasks(snapshot), view.graph()
    edges = sorted(
        (edge for task in tasks.values() for edge in _edges(task, view, graph)),
        key=lambda edge: (natural_id(edge.task_id), natural_id(edge.waits_for)),
    )
    states = _states(plan, view)
    ids = {*tasks, *(edge.waits_for for edge in edges)}
    nodes = {
        task_id: _node(task_id, tasks.get(task_id), states, view) for task_id in sorted(ids, key=natural_id)
    }
    first_of_rings = sorted({ring[0] for ring in graph.rings.values()}, key=natural_id)
    return TaskGraph(nodes, tuple(edges), tuple(ring_of(task_id, graph) for task_id in first_of_rings))


def _tasks(snapshot: StartSnapshot) -> dict[TaskId, Task]:
    backlog = snapshot.backlog
    listed = (*backlog.value.working, *backlog.value.tasks) if isinstance(backlog, Known) else ()
    asked = (found.task for found in snapshot.prerequisites.values() if found.task is not None)
    return {task.id: task for task in (*asked, *listed)}


def _edges(task: Task, view: View, graph: Graph) -> Iterator[GraphEdge]:
    waits = graph.waits.get(task.id, ())
    others = (*([task.blocked_by] if task.blocked_by is not None else []), *view.hints(task).after)
    for other in dict.fromkeys(others):
        yield GraphEdge(task.id, other, other not in waits)
    ring = graph.rings.get(task.id, ())
    for part in graph.parts.get(task.id, ()) if ring else ():
        if part in ring and part not in others:
            yield GraphEdge(task.id, part, False)


def _states(plan: StartPlan, view: View) -> dict[TaskId, str]:
    """What runs says more than why it is not started once more."""
    states: dict[TaskId, str] = {held.task_id: held.reason for held in plan.held}
    states |= {start.task.id: "starts" for start in plan.starts}
    states |= dict.fromkeys(view.broken, "running")
    for lease in view.leases.values():
        states[lease.task_id] = "settling" if lease.state == "finished" else "running"
    return states


def _node(task_id: TaskId, task: Task | None, states: dict[TaskId, str], view: View) -> GraphNode:
    asked = view.snapshot.prerequisites.get(task_id)
    state = states.get(task_id)
    if state is None and asked is not None and asked.state in ("complete", "archived", "gone"):
        state = asked.state
    if state is None:
        state = "unknown" if task is None else _status(task)
    graph = view.graph()
    failed: Mark = "failed" if task_id in graph.failing else ""
    mark: Mark = "ring" if task_id in graph.rings else failed
    return GraphNode(task_id, "" if task is None else task.title, task and task.queue, state, mark)


def _status(task: Task) -> str:
    if task.status == "complete":
        return "complete"
    return "archived" if task.archived_at is not None else task.status
