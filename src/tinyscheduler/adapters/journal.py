"""``ports.Journal``: one JSONL file a day, one appender (the holder of the pass lock)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime

from tinyscheduler.errors import StateError
from tinyscheduler.kit import files, json_text
from tinyscheduler.kit.fields import identifier_value, instant_text
from tinyscheduler.model.event import EVENT_VERSION, Event


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
    ) -> None:
        self._folder = folder
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
            if not os.path.exists(path):
                self._open_day(path, at)
            elif path != self._looked_at:
                _end_torn_line(path)
            self._looked_at = path
            files.append(path, self._line(event, at))
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
        files.make_folder(self._folder)
        first = {
            "v": EVENT_VERSION,
            "at": instant_text(at),
            "pass": self._pass_id,
            "event": "day_opened",
            "leases": self._opening(),
        }
        files.append(path, json_text.dump_line(first))


def _end_torn_line(path: str) -> None:
    """A power cut may leave half a line; without its end it would take the next fact with it."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        size = os.fstat(handle).st_size
        is_whole = size == 0 or os.pread(handle, 1, size - 1) == b"\n"
    finally:
        os.close(handle)
    if not is_whole:
        files.append(path, b"\n")
