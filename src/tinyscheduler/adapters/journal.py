"""``ports.Journal``: one JSONL file a day, one appender (the holder of the pass lock)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from tinyscheduler.errors import StateError
from tinyscheduler.kit import files, json_text
from tinyscheduler.kit.fields import identifier_value, instant_text
from tinyscheduler.model.event import EVENT_VERSION, Event

if TYPE_CHECKING:
    from tinyscheduler.kit.disk import Files


class JsonlJournal:
    """Facts of one pass, appended as they happen: a crash loses none that came before it.

    ``opening`` gives the leases with which a day begins, so that a replay may start at any day.
    """

    def __init__(
        self,
        folder: str,
        *,
        pass_id: str,
        now: Callable[[], datetime],
        opening: Callable[[], list[dict[str, object]]],
        disk: Files = files,
    ) -> None:
        self._folder = folder
        self._disk = disk
        self._pass_id = pass_id
        self._now = now
        self._opening = opening
        self._failures = 0
        self._looked_at = ""

    def append(self, event: Event) -> None:
        """Never raises: the journal never fails a pass (features A9)."""
        at = self._now()
        path = f"{self._folder}/journal_{at:%Y%m%d}.jsonl"
        try:
            if not self._disk.exists(path):
                self._open_day(path, at)
            elif path != self._looked_at:
                self._disk.end_torn_line(path)
            self._looked_at = path
            self._disk.append(path, self._line(event, at))
        except (OSError, ValueError, TypeError, StateError):
            self._failures += 1

    def failures(self) -> int:
        """How many facts could not be written by this object."""
        return self._failures

    def _line(self, event: Event, at: datetime) -> bytes:
        """A fact about the pass itself has no task fields; they are left out, not null."""
        about = {
            "task_id": None if event.task_id is None else identifier_value(event.task_id),
            "lease_id": event.lease_id,
            "generation": event.generation,
            "agent": event.agent,
            "reason": event.reason or None,
        }
        return json_text.dump_line(
            {
                "v": EVENT_VERSION,
                "at": instant_text(at),
                "pass": self._pass_id,
                "event": event.name,
                **{name: value for name, value in about.items() if value is not None},
                **dict(event.detail),
            }
        )

    def _open_day(self, path: str, at: datetime) -> None:
        self._disk.make_folder(self._folder)
        first = {
            "v": EVENT_VERSION,
            "at": instant_text(at),
            "pass": self._pass_id,
            "event": "day_opened",
            "leases": self._opening(),
        }
        self._disk.append(path, json_text.dump_line(first))
