"""Which tasks wait for which, and what that means for each of them (features D10).

An edge goes from a task to one that has to be complete before it. Everything that was seen takes part:
the backlog, what is worked on, and the tasks that had to be asked for by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from tinyscheduler.model.hints import BEGINNINGS, Hints
from tinyscheduler.model.ids import TaskId, as_task_id
from tinyscheduler.model.prerequisite import Prerequisite
from tinyscheduler.model.task import Task
from tinyscheduler.planner.ranking import natural_id
from tinyscheduler.planner.rings import ring_through, rings_of

HintsOf = Callable[[Task], Hints]
Edges = Mapping[TaskId, tuple[TaskId, ...]]

NOTHING: Edges = {}

Standing = Literal["fulfilled", "open", "failed"]
"""Of a prerequisite, for those who wait for it. ``failed``: it will not be complete by itself."""


class Wait(NamedTuple):
    """What is known of one prerequisite."""

    standing: Standing
    why: str
    """Goes on where "task 7 " begins: ``is parked: 3 attempts``."""
    lever: str


OUT_OF_ITS = "out of what it waits for"
"""In a lever, of whoever is told; told to another it has to name the task."""
FULFILLED = Wait("fulfilled", "is complete", "")
UNASKED = Wait("open", "was not looked at yet", "wait; a later pass asks for it")


class Failure(NamedTuple):
    """Why a task waits in vain."""

    root: TaskId
    """The task that has failed."""
    by_way_of: TaskId
    """Its own prerequisite on the way there; often the root."""
    last: TaskId
    """Who waits for the root itself: often this task. There the lever is."""


Failing = Mapping[TaskId, Failure]


class Graph(NamedTuple):
    """Everything that waits."""

    waits: Edges
    """Of each task that waits for others, those that are not complete; in the order in which it says them."""
    rings: Mapping[TaskId, tuple[TaskId, ...]]
    """Of each task that waits for itself, all tasks that it shares this with, smallest id first."""
    own: Mapping[TaskId, Wait]
    """What is known of each prerequisite, by itself."""
    failing: Failing
    """Of each task that waits for one that has failed, and is in no ring."""
    parts: Edges
    """Of each task with subtasks those that are not complete: it waits for them, too, as far as rings go."""


NO_GRAPH = Graph({}, {}, {}, {}, {})


def edges_of(tasks: Iterable[Task], hints: HintsOf) -> dict[TaskId, tuple[TaskId, ...]]:
    """Of each task that waits for any, what it waits for. A blocker that the server counts as complete is
    left out; what ``after`` names has to be looked at."""
    edges: dict[TaskId, tuple[TaskId, ...]] = {}
    for task in tasks:
        after = hints(task).after if task.tags or task.description[:1] in BEGINNINGS else ()
        blocker = task.blocked_by if task.is_blocked else None
        if blocker is not None:
            edges[task.id] = (blocker, *(other for other in after if other != blocker))
        elif after:
            edges[task.id] = after
    return edges


def graph_of(edges: Edges, known: Callable[[TaskId], Wait], parts: Edges = NOTHING) -> Graph:
    """``known`` says what is known of a prerequisite by itself, asked once for each. What
    ``parts`` alone would make of them is no matter of who waits for whom."""
    if not edges:
        return NO_GRAPH
    own: dict[TaskId, Wait] = {}
    for others in edges.values():
        for other in others:
            if other not in own:
                own[other] = known(other)
    waits = _unfulfilled(edges, own)
    waiting = _turned(waits)
    whole = joined(waits, parts)
    rings = rings_of(whole, waiting if whole is waits else _turned(whole))
    return Graph(waits, rings, own, _failures(waiting, rings, own), parts)


def blocker_counts(graph: Graph) -> Mapping[TaskId, int]:
    """How many tasks wait directly for each (features D6)."""
    counts: dict[TaskId, int] = {}
    for others in graph.waits.values():
        for other in others:
            counts[other] = counts.get(other, 0) + 1
    return counts


def ring_of(task_id: TaskId, graph: Graph) -> tuple[TaskId, ...]:
    """A shortest way from the task back to itself, from the smallest id on it; it must be in a ring."""
    members = graph.rings[task_id]
    return ring_through(task_id, joined(graph.waits, graph.parts, members), frozenset(members))


def joined(waits: Edges, parts: Edges, members: Iterable[TaskId] | None = None) -> Edges:
    """Both, of all tasks or of these."""
    if not parts:
        return waits
    return {
        task_id: tuple(dict.fromkeys((*waits.get(task_id, ()), *parts.get(task_id, ()))))
        for task_id in ((*waits, *parts) if members is None else members)
    }


def outside(edges: Edges, seen: frozenset[TaskId] | set[TaskId]) -> list[TaskId]:
    """Prerequisites of which nothing is known yet, by id."""
    found = {other for others in edges.values() for other in others if other not in seen}
    return sorted(found, key=natural_id)


def until_complete(task_id: TaskId) -> str:
    """The lever of whoever waits for a task that runs by itself some day, or that a person does."""
    return f"wait for it, or if it is done: tinyscheduler task done {task_id}"


def way_out(task: Task, other: TaskId) -> str:
    """The lever after which the task no longer waits for the other."""
    flags = [f"--untag {tag}" for tag in task.tags if _is_after(tag, other)]
    if task.blocked_by == other:
        flags.append("--blocked-by ''")
    # Front matter takes an editor.
    return f"tinyscheduler task update {task.id} {' '.join(flags)}" if flags else _drop(other)


def _drop(other: TaskId) -> str:
    return f"take {other} {OUT_OF_ITS}"


def _is_after(tag: str, other: TaskId) -> bool:
    name, _, number = tag.partition(":")
    return name == "after" and as_task_id(number) == other


def with_way_out(lever: str, task: Task, other: TaskId) -> str:
    """A lever of ``wait_of``, told to who waits."""
    return lever.replace(_drop(other), way_out(task, other))


def wait_of(found: Prerequisite | None, task_id: TaskId) -> Wait:
    """What is known of a prerequisite that is in no list of ours; None: nobody has asked."""
    drop = _drop(task_id)
    match found.state if found is not None else "unasked":
        case "complete":
            return FULFILLED
        case "open":
            status = found.task.status if found is not None and found.task is not None else "open"
            return Wait("open", f"is {status}", until_complete(task_id))
        case "archived":
            return Wait(
                "failed",
                "was archived without being complete",
                f"tinyscheduler task done {task_id}, or {drop}",
            )
        case "gone":
            return Wait("failed", "does not exist", drop)
        case "unknown":
            why = found.why if found is not None else ""
            deed = (found.remedy if found is not None else "") or "make the task server answer"
            return Wait("open", f"could not be asked for: {why}", f"{deed}, or {drop}")
        case "unasked":
            return UNASKED


def _unfulfilled(edges: Edges, own: Mapping[TaskId, Wait]) -> Edges:
    done = {other for other, wait in own.items() if wait.standing == "fulfilled"}
    if not done:
        return edges
    left = {task_id: tuple(o for o in others if o not in done) for task_id, others in edges.items()}
    return {task_id: others for task_id, others in left.items() if others}


def _turned(waits: Edges) -> Mapping[TaskId, Sequence[TaskId]]:
    """Of each prerequisite, who waits for it."""
    waiting: dict[TaskId, list[TaskId]] = {}
    for task_id, others in waits.items():
        for other in others:
            if other in waiting:
                waiting[other].append(task_id)
            else:
                waiting[other] = [task_id]
    return waiting


def _failures(
    waiting: Mapping[TaskId, Sequence[TaskId]],
    rings: Mapping[TaskId, Sequence[TaskId]],
    own: Mapping[TaskId, Wait],
) -> Failing:
    """Found from the end: whoever waits for what has failed waits in vain, and so on. Each task has the
    shortest way; of two the one by the smaller ids."""
    failing: dict[TaskId, Failure] = {}
    front = [(other, other) for other, wait in own.items() if wait.standing == "failed"]
    while front:
        if len(front) > 1:
            front.sort(key=lambda found: natural_id(found[0]))
        reached: list[tuple[TaskId, TaskId]] = []
        for other, root in front:
            for task_id in waiting.get(other, ()):
                if task_id not in failing and task_id not in rings:
                    failing[task_id] = Failure(root, other, task_id if other == root else failing[other].last)
                    reached.append((task_id, root))
        front = reached
    return failing
