"""Why a task waits for others: the rows of ``rules`` about dependencies (features D10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Task
from tinyscheduler.planner.view import Finding, View

if TYPE_CHECKING:
    from tinyscheduler.planner.dependencies import Graph, Wait

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
        return Finding(f"waits for task {_clause(waits[0], graph)}", _lever(waits[0], graph))
    shown = "; ".join(f"task {_clause(wait, graph)}" for wait in waits[:NAMES_MAX])
    more = f"; and {len(waits) - NAMES_MAX} more" if len(waits) > NAMES_MAX else ""
    lever = f"all of them have to be complete; of task {waits[0][0]}: {_lever(waits[0], graph)}"
    return Finding(f"waits for {len(waits)} tasks: {shown}{more}", lever)


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
    ring = _ring(task.id, graph)
    return Finding(ring_text(ring), _opened(ring))


def ring_text(ring: tuple[TaskId, ...]) -> str:
    """``1 -> 2 -> 3 -> 1``; of a long one both ends."""
    if len(ring) <= RING_NAMES_MAX:
        return " -> ".join((*ring, ring[0]))
    left_out = f"({len(ring) - RING_NAMES_MAX + 1} more)"
    return " -> ".join((*ring[: RING_NAMES_MAX - 2], left_out, ring[-1], ring[0]))


def _ring(task_id: TaskId, graph: Graph) -> tuple[TaskId, ...]:
    # An idle pass has this table and no task.
    from tinyscheduler.planner.dependencies import ring_of

    return ring_of(task_id, graph)


def _opened(ring: tuple[TaskId, ...]) -> str:
    return f"take one of them out: task {ring[-1]} need not wait for {ring[0]}"


def _lever(wait: tuple[TaskId, Wait], graph: Graph) -> str:
    """Of a ring nobody will see the end by waiting."""
    other, known = wait
    return _opened(_ring(other, graph)) if other in graph.rings else known.lever


def _clause(wait: tuple[TaskId, Wait], graph: Graph) -> str:
    other, known = wait
    if other in graph.rings:
        return f"{other}, which waits for itself: {ring_text(_ring(other, graph))}"
    return f"{other}, which {known.why}"
