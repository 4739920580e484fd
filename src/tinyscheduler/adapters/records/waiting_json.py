"""Waits and cursor <-> JSON, loaded only by a pass that has tasks which wait.

A row is a list and not an object, and a place and an instant stand once: ten thousand rows are read and
written within a pass that has other things to do. ``columns`` tells people what is what.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
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
_REASONS = frozenset(get_args(HeldReason))

Place = tuple[QueueName | None, AgentName | None]


def waits_to_json(waits: Waits) -> bytes:
    """One row a line, so that a person finds a task."""
    places: dict[Place, int] = {}
    text = _Texts().of
    tasks = {task_id: _row(found, places, text) for task_id, found in waits.tasks.items()}
    head = f'"schema": {SCHEMA},\n"source": {json.dumps(waits.source)},\n"columns": {_dump(COLUMNS)}'
    rows = _dump(tasks)
    if not any("]" in task_id for task_id in tasks):
        rows = rows.replace('],"', '],\n"')
    return f'{{\n{head},\n"places": {_dump(list(places))},\n"tasks": {rows}\n}}\n'.encode()


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


class _Texts:
    """Remembers what it has written: many tasks came at once."""

    def __init__(self) -> None:
        self._known: dict[datetime | None, str | None] = {None: None}

    def of(self, moment: datetime | None) -> str | None:
        """As ``exact_instant_text``."""
        known = self._known.get(moment)
        if known is None and moment is not None:
            known = self._known[moment] = exact_instant_text(moment)
        return known


def _row(
    waiting: Waiting, places: dict[Place, int], text: Callable[[datetime | None], str | None]
) -> list[object]:
    created_at, queue, agent, reason, held_since, since, *rest = waiting
    place = places.setdefault((queue, agent), len(places))
    row: list[object] = [text(created_at), place, reason, text(held_since), text(since)]
    waited_s, starving_since, starved_s, said, inversions = rest
    if waited_s or starving_since or starved_s or said or inversions:
        row += [waited_s, text(waiting.starving_since), starved_s, said, inversions]
    return row


def waits_from_json(found: object) -> Waits:
    """Raises ValueError naming what is wrong."""
    fields = Fields(found)
    schema = fields.whole("schema")
    if schema == SCHEMA_OF_SIGHTINGS:
        return NOBODY_WAITS
    if schema != SCHEMA:
        raise ValueError(f"it is of schema {schema}, this program knows {SCHEMA}")
    places = [_place(row) for row in _list(fields.raw("places"), "places")]
    reader = _Rows(places)
    tasks = fields.inner("tasks")
    return Waits(
        fields.text("source"), {TaskId(name): reader.read(name, tasks.raw(name)) for name in tasks.names()}
    )


class _Rows:
    """Remembers instants: many tasks came at once."""

    def __init__(self, places: list[Place]) -> None:
        self._places = places
        self._instants: dict[object, datetime | None] = {None: None}

    def read(self, name: str, found: object) -> Waiting:
        """Raises ValueError naming the task."""
        try:
            created, place, reason, held, since, *rest = cast("list[object]", found)
            queue, agent = self._places[_whole(place)]
            first = self._instant(created), queue, agent, _reason(reason), self._instant(held)
            return Waiting(*first, self._instant_or_none(since), *(self._rest(rest) if rest else ()))
        except (ValueError, TypeError, IndexError, OverflowError) as error:
            raise ValueError(f"task {name[:80]} has a row that is none") from error

    def _rest(self, row: list[object]) -> tuple[float, datetime | None, float, int, tuple[TaskId, ...]]:
        waited, starving, starved, said, inversions = row
        since = self._instant_or_none(starving)
        ids = tuple(map(_task_id, _list(inversions, "inversions")))
        return _seconds(waited), since, _seconds(starved), min(_whole(said), ATTENTION_ASKED), ids

    def _instant(self, text: object) -> datetime:
        found = self._instant_or_none(text)
        if found is None:
            raise ValueError("a time is missing")
        return found

    def _instant_or_none(self, text: object) -> datetime | None:
        known = self._instants.get(text)
        if known is None and text is not None:
            moment = datetime.fromisoformat(cast("str", text))
            if moment.tzinfo is None:
                raise ValueError("a time is without its zone")
            known = self._instants[text] = moment.astimezone(UTC)
        return known


def _list(found: object, name: str) -> list[object]:
    if not isinstance(found, list):
        raise ValueError(f"{name[:80]} is not a list")
    return found


def _place(found: object) -> Place:
    row = _list(found, "a place")
    if len(row) != len(("queue", "assignee")) or any(not isinstance(name, str | None) for name in row):
        raise ValueError("a place is a queue and an assignee")
    queue, agent = cast("list[str | None]", row)
    return None if queue is None else QueueName(queue), None if agent is None else AgentName(agent)


def _seconds(found: object) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= NUMBER_MAX:
        raise ValueError("a length of time is none")
    return float(found)


def _whole(found: object) -> int:
    if type(found) is not int or found < 0:
        raise ValueError("a number is none")
    return found


def _reason(found: object) -> HeldReason:
    if found not in _REASONS:
        raise ValueError("a reason is unknown")
    return cast("HeldReason", found)


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
