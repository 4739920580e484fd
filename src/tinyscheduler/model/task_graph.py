"""Who waits for whom, as ``graph`` shows it."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from tinyscheduler.model.ids import QueueName, TaskId

Mark = Literal["", "ring", "failed"]
"""``ring``: it waits for itself. ``failed``: it waits for what will not be complete by itself."""


class GraphNode(NamedTuple):
    """One task."""

    task_id: TaskId
    title: str
    queue: QueueName | None
    state: str
    """``starts``, ``running``, ``settling``, a held reason, ``complete``, ``archived``, ``gone``, or
    ``unknown``."""
    mark: Mark = ""


class GraphEdge(NamedTuple):
    """One task waits for another."""

    task_id: TaskId
    waits_for: TaskId
    is_fulfilled: bool


class TaskGraph(NamedTuple):
    """Everything that was seen, by id."""

    nodes: Mapping[TaskId, GraphNode]
    edges: tuple[GraphEdge, ...]
    rings: tuple[tuple[TaskId, ...], ...]
    """Of tasks that wait for each other, one way round each, from the smallest id on."""
