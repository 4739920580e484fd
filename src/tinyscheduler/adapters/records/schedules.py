"""``state/schedules.json``: what is decided of schedules, and what was begun.

Durable: a task is written down as begun before it is made, and as made before the next one is, so that a
crash in between is looked into and never answered with a second task (ADR 0032). Only a pass that has
schedules loads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.adapters.records.trouble import parsed, set_aside, state_error
from tinyscheduler.kit import files, json_text
from tinyscheduler.kit.fields import (
    Fields,
    exact_instant_text,
    identifier_value,
)
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.schedule import NOTHING_REMEMBERED, Begun, Fired, Memories, Remembered

if TYPE_CHECKING:
    from datetime import datetime

    from tinyscheduler.kit.disk import Files

SCHEMA = 1
FILE_BYTES_MAX = 1_000_000
"""Some 500 bytes for each schedule; a file beyond two thousand of them is not ours."""


class FileSchedules:
    """``ports.ScheduleStore`` over one file, which need not exist."""

    def __init__(self, path: str, quarantine: str, *, disk: Files = files) -> None:
        self._path = path
        self._quarantine = quarantine
        self._disk = disk

    def read(self) -> Memories:
        """See the port."""
        found = parsed(self._disk, self._path, _memories, limit=FILE_BYTES_MAX)
        return Memories(trouble=found) if isinstance(found, str) else found or NOTHING_REMEMBERED

    def write(self, memories: Memories) -> None:
        """See the port."""
        rows = {name: _to_json(found) for name, found in sorted(memories.schedules.items())}
        try:
            self._disk.replace(self._path, json_text.dump({"schema": SCHEMA, "schedules": rows}))
        except OSError as error:
            raise state_error(self._path, error) from error

    def set_aside(self) -> str | None:
        """See the port."""
        return set_aside(self._disk, self._path, quarantine=self._quarantine)


def _to_json(found: Remembered) -> dict[str, object]:
    begun, last = found.begun, found.last
    return {
        "rule": found.rule,
        "decided_until": exact_instant_text(found.decided_until),
        "next_at": _text(found.next_at),
        "begun": begun and {"instant": _text(begun.instant), "at": _text(begun.at)},
        "last": last
        and {
            "instant": _text(last.instant),
            "task_id": identifier_value(last.task_id),
            "at": _text(last.at),
        },
        "unsure_until": _text(found.unsure_until),
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else exact_instant_text(moment)


def _memories(found: object) -> Memories:
    """Raises ValueError naming the first field that is wrong."""
    fields = Fields(found)
    fields.choice("schema", (SCHEMA,))
    rows = fields.inner("schedules")
    return Memories({name: _remembered(rows.inner(name)) for name in rows.names()})


def _remembered(fields: Fields) -> Remembered:
    begun, last = fields.inner_or_none("begun"), fields.inner_or_none("last")
    return Remembered(
        fields.text("rule"),
        fields.instant("decided_until"),
        fields.instant_or_none("next_at"),
        None if begun is None else Begun(begun.instant("instant"), begun.instant("at")),
        None
        if last is None
        else Fired(last.instant("instant"), TaskId(last.identifier("task_id")), last.instant("at")),
        fields.instant_or_none("unsure_until"),
    )
