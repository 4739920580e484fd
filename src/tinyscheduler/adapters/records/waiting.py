"""``state/waiting.json`` and ``state/cursors.json``: what the order of starts remembers.

One file for all tasks and not one per task: ten thousand wait at once, and a pass rewrites it when one of
them came, went or got another reason. Renamed into place without a sync, because a power cut costs waited
time and nothing else. Nobody waits: no file, and an idle pass loads none of what reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.adapters.records.trouble import parsed, set_aside, state_error
from tinyscheduler.kit import files, json_text

if TYPE_CHECKING:
    from tinyscheduler.kit.disk import Files
    from tinyscheduler.model.waiting import Cursor, Waits

FILE_BYTES_MAX = 16_000_000
"""Some 150 bytes for each waiting task; a file beyond a hundred thousand of them is not ours."""
CURSOR_BYTES_MAX = 10_000


class FileWaits:
    """``ports.WaitStore`` over one file, which need not exist."""

    def __init__(self, path: str, quarantine: str, *, disk: Files = files) -> None:
        self._path = path
        self._quarantine = quarantine
        self._disk = disk
        self._known: Waits | None = None
        """What was read or written last: a pass asks several times and is the one writer."""

    def read(self, *, anew: bool = False) -> Waits:
        """See the port."""
        if anew or self._known is None:
            self._known = self._load()
        return self._known

    def write(self, waits: Waits) -> None:
        """See the port."""
        self._known = None
        try:
            if waits.tasks:
                from tinyscheduler.adapters.records.waiting_json import waits_to_json

                self._disk.replace(self._path, waits_to_json(waits), sync_file=False, sync_folder=False)
            else:
                self._disk.remove(self._path)
        except OSError as error:
            raise state_error(self._path, error) from error
        self._known = waits

    def set_aside(self) -> str | None:
        """See the port."""
        self._known = None
        return set_aside(self._disk, self._path, quarantine=self._quarantine)

    def _load(self) -> Waits:
        from tinyscheduler.model.waiting import NOBODY_WAITS, Waits

        found = parsed(self._disk, self._path, _waits, limit=FILE_BYTES_MAX, is_synced=False)
        return Waits(trouble=found) if isinstance(found, str) else found or NOBODY_WAITS


class FileCursors:
    """``ports.CursorStore`` over one file, which need not exist."""

    def __init__(self, path: str, quarantine: str, *, disk: Files = files) -> None:
        self._path = path
        self._quarantine = quarantine
        self._disk = disk

    def read(self) -> Cursor:
        """See the port."""
        from tinyscheduler.adapters.records.waiting_json import cursor_from_json
        from tinyscheduler.model.waiting import FIRST_TURN, Cursor

        found = parsed(self._disk, self._path, cursor_from_json, limit=CURSOR_BYTES_MAX, is_synced=False)
        return Cursor(trouble=found) if isinstance(found, str) else found or FIRST_TURN

    def write(self, cursor: Cursor) -> None:
        """See the port."""
        from tinyscheduler.adapters.records.waiting_json import cursor_to_json

        try:
            data = json_text.dump(cursor_to_json(cursor))
            self._disk.replace(self._path, data, sync_file=False, sync_folder=False)
        except OSError as error:
            raise state_error(self._path, error) from error

    def set_aside(self) -> str | None:
        """See the port."""
        return set_aside(self._disk, self._path, quarantine=self._quarantine)


def _waits(found: object) -> Waits:
    """Loads what reads it only where there is something to read."""
    from tinyscheduler.adapters.records.waiting_json import waits_from_json

    return waits_from_json(found)
