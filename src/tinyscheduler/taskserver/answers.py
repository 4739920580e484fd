"""Rows as the JSON texts that clients of the public server read (tinytask.md 3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# The SDK brings it along. Python's own writer has no fast way to indent: 3 ms instead of 0.1 for fifty tasks.
from pydantic_core import to_json

from tinyscheduler.taskstore.rows import (
    CommentRow,
    HistoryRow,
    LinkRow,
    Page,
    QueueStats,
    TaskRow,
    TaskWithRelations,
)
from tinyscheduler.taskstore.said import Comments, Links


def text(answer: Mapping[str, object] | Sequence[object]) -> str:
    """Indented, and characters beyond ASCII as they are, like the public server."""
    return to_json(answer, indent=2).decode()


def task(row: TaskRow) -> dict[str, object]:
    """All sixteen keys, in their order."""
    return row._asdict()


def each(rows: Sequence[TaskRow | CommentRow | LinkRow]) -> list[dict[str, object]]:
    """With all its keys, as ``task``."""
    return [row._asdict() for row in rows]


def task_with_relations(found: TaskWithRelations) -> dict[str, object]:
    """A task with ``comments`` and ``links`` behind its own keys."""
    left_out = {"comments_left_out": found.comments_left_out, "links_left_out": found.links_left_out}
    return {
        **task(found.task),
        "comments": each(found.comments),
        "links": each(found.links),
        **{name: count for name, count in left_out.items() if count},
    }


def page(found: Page) -> dict[str, object]:
    """A list of tasks."""
    return {"count": len(found.tasks), "tasks": each(found.tasks), **cut(found)}


def queues(names: Sequence[str]) -> dict[str, object]:
    """A list of queues."""
    return {"count": len(names), "queues": names}


def without_descriptions(found: Mapping[str, object]) -> dict[str, object]:
    """A list, as the public server gives it from its 2.1 on to those who do not ask for them."""
    rows = found["tasks"]
    assert isinstance(rows, list)
    shown = [{name: value for name, value in row.items() if name != "description"} for row in rows]
    return {**found, "tasks": shown}


def cut(found: Page) -> dict[str, object]:
    """``is_cut`` only where it is so: the public server never cuts."""
    return {"is_cut": True} if found.is_cut else {}


def deleted(what: str, number: int) -> str:
    """In one line, as the public server says it."""
    said = {"success": True, "message": f"{what} {number} deleted successfully", "id": number}
    return to_json(said).decode()


def comments(task_id: int, found: Comments) -> dict[str, object]:
    """Of a task; what is left out is named only where it is so, as with ``page``."""
    answer = {"task_id": task_id, "count": len(found.rows), "comments": each(found.rows)}
    return {**answer, "comments_left_out": found.left_out} if found.left_out else answer


def links(task_id: int, found: Links) -> dict[str, object]:
    """As ``comments``."""
    answer = {"task_id": task_id, "count": len(found.rows), "links": each(found.rows)}
    return {**answer, "links_left_out": found.left_out} if found.left_out else answer


def history(entries: Sequence[HistoryRow]) -> str:
    """A list with an entry for each field, all values as text: so the public server tells it from its 2.2
    on. Those of one change have its id."""
    told = [
        {
            "id": entry.id,
            "task_id": entry.task_id,
            "field_name": field,
            "old_value": _as_text(old),
            "new_value": _as_text(new),
            "changed_by": entry.by,
            "changed_at": entry.at,
        }
        for entry in entries
        for field, (old, new) in (entry.changes or _deed(entry)).items()
    ]
    return text(told)


def _deed(entry: HistoryRow) -> dict[str, tuple[object, object]]:
    """What is no change of a field stands there as if it were one."""
    match entry.action:
        case "created":
            return {"created": (None, "idle")}
        case "archived":
            return {"archived_at": (None, entry.at)}
    return {entry.action: (None, None)}


def _as_text(value: object) -> str | None:
    """Numbers, lists and truth values as JSON."""
    return value if value is None or isinstance(value, str) else to_json(value).decode()


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
