"""The history of a task as the public server tells it from its version 2.2 on: an entry for each field.

Apart from ``remark_json``, which reads that of our own server.
"""

from __future__ import annotations

from typing import Final

from tinyscheduler.adapters.mcp import task_json
from tinyscheduler.adapters.mcp.task_json import Unreadable
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.desk import TaskEvent
from tinyscheduler.model.ids import TaskId

DEEDS: Final = {"created": "created", "archived_at": "archived"}
"""What is told as a field and is none that anybody sets, in our words."""


def events_of(task_id: TaskId, value: object) -> tuple[TaskEvent, ...]:
    """Oldest first, one for each field that was changed. Raises ServerUnavailable."""
    if not isinstance(value, list):
        raise ServerUnavailable("the task server's answer holds no history")
    rows = (task_json.about(task_id, row, "task_id") for row in value)
    return tuple(task_json.or_unavailable(_event, row) for row in rows)


def _event(value: object) -> TaskEvent:
    """Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable("an entry of a history is not an object")
    at, field = task_json.instant(value.get("changed_at")), task_json.text_of(value.get("field_name"))
    if at is None or not field:
        raise Unreadable("an entry of a history has no usable time or field")
    by = task_json.text_of(value.get("changed_by"))
    if field in DEEDS:
        return TaskEvent(at, by, DEEDS[field], {})
    return TaskEvent(at, by, "updated", {field: (value.get("old_value"), value.get("new_value"))})
