"""Waits and cursor <-> JSON, loaded only by a pass that has tasks which wait.

A row is a list and not an object, and a place and an instant stand once: ten thousand rows are read and
written within a pass that has other things to do. ``columns`` tells people what is what.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast, get_args

from tinyscheduler.kit.fields import NUMBER_MAX, Fields, exact_instant_text
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.waiting import ATTENTION_ASKED, NOBODY_WAITS, Cursor, Waiting, Waits

SCHEMA = 2
SCHEMA_OF_SIGHTINGS = 1
"""What an older program kept under this name is kept elsewhere now; forgetting it costs one grace."""

COLUMNS = (
    "created_at", "place", "reason", "held_since", "since", "waited_sec", "starving_since", "starved_sec",
    "said", "inversions",
)  # fmt: skip
"""Those after ``since`` are left out where there is nothing to say."""
_NOTHING_TO_SAY = (0.0, None, 0.0, 0, ())
_REASONS: Mapping[object, HeldReason] = {reason: reason for reason in get_args(HeldReason)}

Place = tuple[QueueName | None, AgentName | None]


def waits_to_json(waits: Waits) -> bytes:
    """One row a line, so that a person finds a task."""
    places: dict[Place, int] = {}
    text = _Texts()
    tasks = {task_id: _row(found, places, text) for task_id, found in waits.tasks.items()}
    head = f'"schema": {SCHEMA},\n"source": {json.dumps(waits.source)},\n"columns": {_dump(COLUMNS)}'
    rows = _dump(tasks)
    if not any("]" in task_id for task_id in tasks):
        rows = rows.replace('],"', '],\n"')
    return f'{{\n{head},\n"places": {_dump(list(places))},\n"tasks": {rows}\n}}\n'.encode()


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


class _Texts(dict[datetime | None, str | None]):
    """Instants as text, each made once: many tasks came at once."""

    def __missing__(self, moment: datetime | None) -> str | None:
        if moment is None:
            return None
        # What ``exact_instant_text`` makes of it, without looking for the zone that it is in anyway.
        text = moment.isoformat()[:-6] + "Z" if moment.tzinfo is UTC else exact_instant_text(moment)
        self[moment] = text
        return text


def _row(waiting: Waiting, places: dict[Place, int], text: _Texts) -> tuple[object, ...]:
    place = places.setdefault(waiting[1:3], len(places))
    row = (text[waiting.created_at], place, waiting.reason, text[waiting.held_since], text[waiting.since])
    if waiting[6:] == _NOTHING_TO_SAY:
        return row
    waited_s, starving_since, starved_s, said, inversions = waiting[6:]
    return (*row, waited_s, text[starving_since], starved_s, said, inversions)


def waits_from_json(found: object) -> Waits:
    """Raises ValueError naming what is wrong."""
    fields = Fields(found)
    schema = fields.whole("schema")
    if schema == SCHEMA_OF_SIGHTINGS:
        return NOBODY_WAITS
    if schema != SCHEMA:
        raise ValueError(f"it is of schema {schema}, this program knows {SCHEMA}")
    places = [_place(row) for row in _list(fields.raw("places"), "places")]
    rows, tasks = _Rows(places), fields.inner("tasks")
    read = {TaskId(name): rows.waiting(name, tasks.raw(name)) for name in tasks.names()}
    return Waits(fields.text("source"), read)


class _Instants(dict[object, datetime]):
    """Instants by their text, each read once. Raises ValueError and TypeError."""

    def __missing__(self, text: object) -> datetime:
        moment = datetime.fromisoformat(cast("str", text))
        if moment.tzinfo is None:
            raise ValueError("a time is without its zone")
        found = self[text] = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
        return found


class _Rows:
    """What rows have in common."""

    def __init__(self, places: list[Place]) -> None:
        self._places = dict(enumerate(places))
        self._instants = _Instants()

    def waiting(self, name: str, found: object) -> Waiting:
        """Raises ValueError naming the task."""
        instants = self._instants
        try:
            created, place, reason, held, since, *rest = cast("list[object]", found)
            queue, agent = self._places[cast("int", place)]
            first = instants[created], queue, agent, _REASONS[reason], instants[held]
            since_at = None if since is None else instants[since]
            return Waiting(*first, since_at, *(self._rest(rest) if rest else ()))
        except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
            raise ValueError(f"task {name[:80]} has a row that is none") from error

    def _rest(self, cells: list[object]) -> tuple[float, datetime | None, float, int, tuple[TaskId, ...]]:
        waited, starving, starved, said, inversions = cells
        ids = tuple(map(_task_id, _list(inversions, "inversions")))
        told = min(_whole(said), ATTENTION_ASKED)
        starving_at = None if starving is None else self._instants[starving]
        return _seconds(waited), starving_at, _seconds(starved), told, ids


def _list(found: object, name: str) -> list[object]:
    if not isinstance(found, list):
        raise ValueError(f"{name[:80]} is not a list")
    return found


def _place(found: object) -> Place:
    row = _list(found, "a place")
    if len(row) != len(("queue", "assignee")) or any(not isinstance(name, str | None) for name in row):
        raise ValueError("a place is a queue and an assignee")
    queue, agent = cast("list[str | None]", row)
    for name in row:
        # The store is asked about them. Half a surrogate raises UnicodeEncodeError, which is a ValueError.
        str(name).encode()
    return None if queue is None else QueueName(queue), None if agent is None else AgentName(agent)


def _seconds(found: object) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= NUMBER_MAX:
        raise ValueError("a length of time is none")
    return float(found)


def _whole(found: object) -> int:
    if type(found) is not int or found < 0:
        raise ValueError("a number is none")
    return found


def _task_id(found: object) -> TaskId:
    if not isinstance(found, str):
        raise TypeError("an id is no text")
    return TaskId(found)


def cursor_to_json(cursor: Cursor) -> Mapping[str, object]:
    """One section, because other turns may come."""
    return {"schema": 1, "bands": {"place": cursor.place, "owed": list(cursor.owed)}}


def cursor_from_json(found: object) -> Cursor:
    """Raises ValueError naming the first field that is wrong."""
    fields = Fields(found)
    fields.choice("schema", (1,))
    bands = fields.inner("bands")
    return Cursor(_whole(bands.raw("place")), tuple(map(_whole, _list(bands.raw("owed"), "owed"))))
