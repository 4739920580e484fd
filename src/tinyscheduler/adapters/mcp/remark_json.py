"""From the server's JSON to what was said around a task: its links, and what became of it.

Apart from ``task_json`` because no pass needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tinyscheduler.adapters.mcp import task_json
from tinyscheduler.adapters.mcp.task_json import Unreadable
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.desk import TaskEvent
from tinyscheduler.model.task import Link, TaskDetail

MANY: Final = 2**53
"""No server has so many of anything: what says so is not believed."""


def detail_of(value: object) -> TaskDetail:
    """A task with its comments and links, oldest first. Raises ServerUnavailable."""
    detail = task_json.detail_of(value)
    rows = value.get("links") if isinstance(value, dict) else None
    links = [link for row in (rows if isinstance(rows, list) else ()) if (link := _link_or_none(row))]
    left_out = value.get("comments_left_out") if isinstance(value, dict) else None
    return detail._replace(
        links=tuple(sorted(links, key=lambda link: task_json.number_key(link.id))),
        comments_left_out=left_out if isinstance(left_out, int) and 0 < left_out < MANY else 0,
    )


def link_of(value: object) -> Link:
    """One link. Raises ServerUnavailable."""
    return task_json.or_unavailable(_link, value)


def history_of(value: object) -> tuple[TaskEvent, ...]:
    """Oldest first. Raises ServerUnavailable."""
    rows = value.get("history") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        raise ServerUnavailable("the task server's answer holds no history")
    return tuple(task_json.or_unavailable(_event, row) for row in rows)


def _link_or_none(value: object) -> Link | None:
    """What cannot be read decides nothing; the others still can."""
    try:
        return _link(value)
    except Unreadable:
        return None


def _link(value: object) -> Link:
    """Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable("a link is not an object")
    link_id, created_at = task_json.id_of(value.get("id")), task_json.instant(value.get("created_at"))
    url = task_json.text_of(value.get("url"))
    if link_id is None or created_at is None or not url:
        raise Unreadable("a link has no usable id, url or created_at")
    return Link(
        id=link_id,
        url=url,
        description=task_json.text_of(value.get("description")) or "",
        author=task_json.text_of(value.get("created_by")),
        created_at=created_at,
    )


def _event(value: object) -> TaskEvent:
    """Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable("an event is not an object")
    at, action = task_json.instant(value.get("at")), task_json.text_of(value.get("action"))
    if at is None or not action:
        raise Unreadable("an event has no usable time or action")
    return TaskEvent(at, task_json.text_of(value.get("by")), action, _changes(value.get("changes")))


def _changes(value: object) -> Mapping[str, tuple[object, object]]:
    found = value if isinstance(value, dict) else {}
    return {
        str(field): (pair[0], pair[1])
        for field, pair in found.items()
        if isinstance(pair, list) and len(pair) == 2
    }
