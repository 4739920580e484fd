"""Why a task waits for others: the rows of ``rules`` about subtasks and dependencies (features D7, D10)."""

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


def parent_open(task: Task, view: View) -> Finding | None:
    """Work is what its subtasks are."""
    if task.id not in view.open_parents:
        return None
    value, graph = "it has subtasks that are not complete", view.graph()
    if task.id in graph.rings:
        ring = _ring(task.id, graph)
        return Finding(f"{value}, and waits for itself: {_ring_words(ring, graph)}", _opened(ring, graph))
    subtasks = view.subtasks().get(task.id)
    if not subtasks:
        return Finding(value, "complete its subtasks")
    shown = ", ".join(f"{subtask.id} ({subtask.status})" for subtask in subtasks[:NAMES_MAX])
    more = f" and {len(subtasks) - NAMES_MAX} more" if len(subtasks) > NAMES_MAX else ""
    lever = f"complete its subtasks; what keeps the first one: tinyscheduler explain {subtasks[0].id}"
    return Finding(f"{value}: {shown}{more}", lever)


def blocked(task: Task, view: View) -> Finding | None:
    """What it waits for is under way, or will be."""
    graph = view.graph()
    others = graph.waits.get(task.id)
    if others is None or task.id in graph.rings or task.id in graph.failing:
        return None
    waits = [(other, graph.own[other]) for other in others]
    lever = _of_its_own(_lever(waits[0], graph, view), task, others[0])
    if len(waits) == 1:
        return Finding(f"waits for task {_clause(waits[0], graph, view)}", lever)
    shown = "; ".join(f"task {_clause(wait, graph, view)}" for wait in waits[:NAMES_MAX])
    more = f"; and {len(waits) - NAMES_MAX} more" if len(waits) > NAMES_MAX else ""
    all_of_them = f"all of them have to be complete; of task {others[0]}: {lever}"
    return Finding(f"waits for {len(waits)} tasks: {shown}{more}", all_of_them)


def dependency_failed(task: Task, view: View) -> Finding | None:
    """What it waits for will not be complete by itself."""
    graph = view.graph()
    failure = graph.failing.get(task.id)
    if failure is None:
        return None
    wait = graph.own[failure.root]
    way = "" if failure.by_way_of == failure.root else f", by way of task {failure.by_way_of},"
    is_own = failure.last == task.id
    lever = _of_its_own(wait.lever, task, failure.root) if is_own else _of_another(wait.lever, failure.last)
    return Finding(f"waits{way} for task {failure.root}, which {wait.why}", lever)


def _of_its_own(lever: str, task: Task, other: TaskId) -> str:
    # An idle pass has this table and no task.
    from tinyscheduler.planner.dependencies import with_way_out

    return with_way_out(lever, task, other)


def _of_another(lever: str, task_id: TaskId) -> str:
    from tinyscheduler.planner.dependencies import OUT_OF_ITS

    return lever.replace(OUT_OF_ITS, f"out of what task {task_id} waits for")


def cycle(task: Task, view: View) -> Finding | None:
    """It waits for itself."""
    graph = view.graph()
    if task.id not in graph.rings:
        return None
    ring = _ring(task.id, graph)
    return Finding(_ring_words(ring, graph), _opened(ring, graph))


def ring_text(ring: tuple[TaskId, ...]) -> str:
    """``1 -> 2 -> 3 -> 1``; of a long one both ends."""
    if len(ring) <= RING_NAMES_MAX:
        return " -> ".join((*ring, ring[0]))
    left_out = f"({len(ring) - RING_NAMES_MAX + 1} more)"
    return " -> ".join((*ring[: RING_NAMES_MAX - 2], left_out, ring[-1], ring[0]))


def _ring_words(ring: tuple[TaskId, ...], graph: Graph) -> str:
    """With the places where nobody has written down that one waits for the next."""
    parts = [(here, there) for here, there in _steps(ring) if not _is_wait(here, there, graph)]
    words = ", ".join(f"{there} is a subtask of {here}" for here, there in parts[:NAMES_MAX])
    return f"{ring_text(ring)}; {words}" if words else ring_text(ring)


def _steps(ring: tuple[TaskId, ...]) -> list[tuple[TaskId, TaskId]]:
    return list(zip(ring, (*ring[1:], ring[0]), strict=True))


def _is_wait(here: TaskId, there: TaskId, graph: Graph) -> bool:
    return there in graph.waits.get(here, ())


def _ring(task_id: TaskId, graph: Graph) -> tuple[TaskId, ...]:
    # An idle pass has this table and no task.
    from tinyscheduler.planner.dependencies import ring_of

    return ring_of(task_id, graph)


def _opened(ring: tuple[TaskId, ...], graph: Graph) -> str:
    """By a step that somebody has written down; there is none where two are each other's subtasks."""
    written = [(here, there) for here, there in _steps(ring) if _is_wait(here, there, graph)]
    if not written:
        return f"take one of them out: tinyscheduler task move {ring[0]} --top"
    here, there = written[-1]
    return f"take one of them out: task {here} need not wait for {there}"


def _lever(wait: tuple[TaskId, Wait], graph: Graph, view: View) -> str:
    """Of a ring, or of what is held itself, nobody will see the end by waiting."""
    other, known = wait
    if other in graph.rings:
        return _opened(_ring(other, graph), graph)
    hold = view.blockers().hold_of(other)
    if hold is not None and hold.lever:
        return f"of task {other}: {hold.lever}; or if it is done: tinyscheduler task done {other}"
    is_chain = other in graph.waits and other not in view.leases
    return f"{known.lever}; what keeps it: tinyscheduler explain {other}" if is_chain else known.lever


def _clause(wait: tuple[TaskId, Wait], graph: Graph, view: View) -> str:
    """How it stands, and what keeps it; of a chain the next step and no further."""
    other, known = wait
    if other in graph.rings:
        return f"{other}, which waits for itself: {_ring_words(_ring(other, graph), graph)}"
    hold = view.blockers().hold_of(other)
    if hold is not None:
        return f"{other}, which {known.why}, held as {hold.reason}: {hold.value}"
    first, *rest = graph.waits.get(other, ()) or (None,)
    if first is None or other in view.leases:
        return f"{other}, which {known.why}"
    more = f" and {len(rest)} more" if rest else ""
    return f"{other}, which {known.why} and waits for task {first}{more}"
