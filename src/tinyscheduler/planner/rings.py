"""Rings in a graph: tasks that wait for themselves, of any length.

Tarjan's strongly connected components without recursion: a chain of 100,000 tasks is deeper than Python
lets a function call itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from tinyscheduler.model.ids import TaskId
from tinyscheduler.planner.ranking import natural_id

Edges = Mapping[TaskId, tuple[TaskId, ...]]


class _Visit(NamedTuple):
    task_id: TaskId
    rest: Iterator[TaskId]


class _Search:
    """What Tarjan's search knows at one moment."""

    def __init__(self, edges: Edges) -> None:
        self.edges = edges
        self.order: dict[TaskId, int] = {}
        self.low: dict[TaskId, int] = {}
        self.open: dict[TaskId, None] = {}
        """Visited and in no ring yet, in the order of their visits."""
        self.rings: dict[TaskId, tuple[TaskId, ...]] = {}

    def visit(self, task_id: TaskId) -> _Visit:
        self.order[task_id] = self.low[task_id] = len(self.order)
        self.open[task_id] = None
        return _Visit(task_id, iter(self.edges[task_id]))

    def close(self, task_id: TaskId) -> None:
        """All that were visited since and are still open belong together."""
        members: list[TaskId] = []
        while not members or members[-1] != task_id:
            members.append(self.open.popitem()[0])
        if len(members) > 1 or task_id in self.edges[task_id]:
            ring = tuple(sorted(members, key=natural_id))
            self.rings.update(dict.fromkeys(members, ring))


def rings_of(edges: Edges, waiting: Mapping[TaskId, Sequence[TaskId]]) -> dict[TaskId, tuple[TaskId, ...]]:
    """Of each task that waits for itself, all those that it shares this with, smallest id first.
    ``waiting`` has the same edges, from their ends."""
    search = _Search(_knot(edges, waiting))
    for start in search.edges:
        if start not in search.order:
            _search_from(start, search)
    return search.rings


def _knot(edges: Edges, waiting: Mapping[TaskId, Sequence[TaskId]]) -> Edges:
    """What is left when tasks are taken away that wait for nobody, again and again: where nothing waits for
    itself, nothing, and that is how it nearly always is."""
    counts: dict[TaskId, int] = {}
    free: list[TaskId] = []
    for task_id, others in edges.items():
        count = 0
        for other in others:
            if other in edges:
                count += 1
        counts[task_id] = count
        if not count:
            free.append(task_id)
    for task_id in free:
        for other in waiting.get(task_id, ()):
            counts[other] -= 1
            if not counts[other]:
                free.append(other)
    return {task_id: edges[task_id] for task_id, count in counts.items() if count}


def _search_from(start: TaskId, search: _Search) -> None:
    path = [search.visit(start)]
    low, order = search.low, search.order
    while path:
        task_id, rest = path[-1]
        for other in rest:
            if other not in search.edges:
                continue
            if other not in order:
                path.append(search.visit(other))
                break
            if other in search.open:
                low[task_id] = min(low[task_id], order[other])
        else:
            path.pop()
            if low[task_id] == order[task_id]:
                search.close(task_id)
            if path:
                low[path[-1].task_id] = min(low[path[-1].task_id], low[task_id])


def ring_through(task_id: TaskId, edges: Edges, members: Collection[TaskId]) -> tuple[TaskId, ...]:
    """A shortest way from the task back to itself, begun at the smallest id on it."""
    before: dict[TaskId, TaskId] = {}
    front = [task_id]
    while front and task_id not in before:
        reached: list[TaskId] = []
        for here in front:
            for other in sorted(edges.get(here, ()), key=natural_id):
                if other in members and other not in before:
                    before[other] = here
                    reached.append(other)
        front = reached
    way = [before[task_id]]
    while way[-1] != task_id:
        way.append(before[way[-1]])
    way.reverse()
    start = min(range(len(way)), key=lambda at: natural_id(way[at]))
    return (*way[start:], *way[:start])
