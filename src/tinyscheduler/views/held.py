"""Why a task is held, in words and as JSON: the same for every command that says it.

The model of the sentence: ``queue dev 4/4, since 12:03:00Z, 5m ago; the first run in its way ends by
12:40:00Z at the latest``. What to do about it, the lever, is said beside it.
"""

from __future__ import annotations

from datetime import datetime

from tinyscheduler.kit.fields import instant_text_or_none
from tinyscheduler.model.explanation import Row
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.reason import Held
from tinyscheduler.views.wording import ago_text, time_text

DIGITS_MAX = 64
"""Longer is no id; Python refuses to read numbers of more than 4,300 digits."""


def held_json(held: Held) -> dict[str, object]:
    """``{task_id reason value limit since next ends_by lever}``."""
    return {
        "task_id": id_json(held.task_id),
        "reason": held.reason,
        "value": held.value,
        "limit": held.limit,
        **_times_json(held),
        "lever": held.lever,
    }


def row_json(row: Row) -> dict[str, object]:
    """``{name verdict value limit since next ends_by lever}``."""
    return {
        "name": row.name,
        "verdict": row.verdict,
        "value": row.value,
        "limit": row.limit,
        **_times_json(row),
        "lever": row.lever,
    }


def found_text(found: Held | Row, now: datetime) -> str:
    """What was found, since when, and when it ends as far as anybody can say."""
    parts = [found.value]
    if found.since is not None:
        parts.append(f"since {ago_text(found.since, now)}")
    text = ", ".join(parts)
    if found.ends_by_at is not None:
        reason = found.reason if isinstance(found, Held) else found.name
        which = "it" if reason == "leased" else "the first run in its way"
        text += f"; {which} ends by {time_text(found.ends_by_at, now)} at the latest"
    if found.next_look_at is not None:
        text += f"; looked at again {ago_text(found.next_look_at, now)}"
    return text


def id_json(task_id: TaskId) -> int | str:
    """A number where the id is one."""
    if len(task_id) > DIGITS_MAX or not (task_id.isascii() and task_id.isdigit()):
        return task_id
    return int(task_id) if str(int(task_id)) == task_id else task_id


def _times_json(found: Held | Row) -> dict[str, object]:
    return {
        "since": instant_text_or_none(found.since),
        "next": instant_text_or_none(found.next_look_at),
        "ends_by": instant_text_or_none(found.ends_by_at),
    }
