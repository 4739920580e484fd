"""Counting what lies outside of our queues, for those who show it: names are read, nothing is written.

Mostly one page of all idle tasks says it. Where a server has more, its queues are named by one call, and
each that is not ours is counted by one page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from tinyscheduler.adapters.mcp import faults, task_json, wire
from tinyscheduler.adapters.mcp.fetch import PAGE_ROWS
from tinyscheduler.adapters.mcp.habits import Read
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.task import Task
from tinyscheduler.model.unserved import UNSERVED_MAX, Unserved

QUEUES_ASKED_MAX: Final = 20
"""Calls for one look: a server that many use has more names than anybody wants to read."""

_IDLE: Final[Mapping[str, wire.Argument]] = {"status": "idle", "limit": PAGE_ROWS, "offset": 0}

Place = tuple[QueueName | None, AgentName | None]


def unserved(read: Read, queues: Sequence[QueueName], agents: Sequence[AgentName]) -> tuple[Unserved, ...]:
    """See ``ports.TaskServer``. Raises TaskServerError."""
    rows = task_json.rows_of(read("list_tasks", _IDLE))
    if not rows.has_queues:
        return ()
    counts = _counted(rows.tasks, queues, agents)
    if rows.received < PAGE_ROWS and not rows.is_cut:
        return _largest_first(counts, cut=())
    cut: set[QueueName | None] = {None}
    for name in _other_queues(read, queues)[:QUEUES_ASKED_MAX]:
        of_queue: dict[str, wire.Argument] = {**_IDLE, "queue_name": name}
        page = task_json.rows_of(read("get_queue_tasks", of_queue))
        counts = Counter({place: count for place, count in counts.items() if place[0] != name})
        counts.update(_counted(page.tasks, queues, agents))
        if page.received >= PAGE_ROWS or page.is_cut:
            cut.add(name)
    return _largest_first(counts, cut=cut)


def _counted(
    tasks: Iterable[Task], queues: Collection[QueueName], agents: Collection[AgentName]
) -> Counter[Place]:
    """A filter that an older server ignores is applied here again."""
    return Counter(
        (task.queue, task.assigned_to)
        for task in tasks
        if task.status == "idle" and task.archived_at is None
        if task.queue not in queues and task.assigned_to not in agents
    )


def _other_queues(read: Read, queues: Collection[QueueName]) -> list[QueueName]:
    """Those that are not ours. Raises TaskServerError."""
    try:
        answer = read("list_queues", {})
    except faults.UnknownTool:
        return []
    names = answer.get("queues") if isinstance(answer, dict) else None
    found = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    return sorted(QueueName(name) for name in found if name and name not in queues)


def _largest_first(counts: Counter[Place], *, cut: Collection[QueueName | None]) -> tuple[Unserved, ...]:
    found = [Unserved(queue, who, count, queue in cut) for (queue, who), count in counts.items()]
    found.sort(key=lambda one: (-one.tasks, one.queue or "", one.assigned_to or ""))
    return tuple(found[:UNSERVED_MAX])
