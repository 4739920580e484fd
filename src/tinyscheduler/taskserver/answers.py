"""Rows as the JSON texts that clients of the public server read (tinytask.md 3.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tinyscheduler.taskstore.rows import CommentRow, LinkRow, QueueStats, TaskRow, TaskWithRelations


def text(answer: Mapping[str, object]) -> str:
    """Indented, and characters beyond ASCII as they are, like the public server."""
    return json.dumps(answer, indent=2, ensure_ascii=False)


def task(row: TaskRow) -> dict[str, object]:
    """All sixteen keys, in their order."""
    return row._asdict()


def tasks(rows: Sequence[TaskRow]) -> list[dict[str, object]]:
    """Each as ``task``."""
    return [row._asdict() for row in rows]


def task_with_relations(found: TaskWithRelations) -> dict[str, object]:
    """A task with ``comments`` and ``links`` behind its own keys."""
    return {**task(found.task), "comments": remarks(found.comments), "links": remarks(found.links)}


def remarks(rows: Sequence[CommentRow | LinkRow]) -> list[dict[str, object]]:
    """Comments or links."""
    return [row._asdict() for row in rows]


def queue_stats(queue: str, stats: QueueStats) -> dict[str, object]:
    """Counts by status in an object of their own."""
    return {
        "queue_name": queue,
        "total_tasks": stats.total_tasks,
        "by_status": {"idle": stats.idle, "working": stats.working, "complete": stats.complete},
        "assigned": stats.assigned,
        "unassigned": stats.unassigned,
        "agents": stats.agents,
    }
