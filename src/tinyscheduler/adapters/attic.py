"""``ports.Attic``: run folders, ledgers and the files of past days, listed by age and removed one by one.

A pass only asks ``is_due``; the rest is for one pass a day. What is removed is not synced: a power cut
brings it back, and the next sweep takes it away again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tinyscheduler.errors import StateError
from tinyscheduler.kit import files
from tinyscheduler.kit.fields import name_between
from tinyscheduler.model.ids import TaskId

if TYPE_CHECKING:
    # At run time by the one pass a day that has something to name.
    from tinyscheduler.model.remains import Remains, RemainsKind

STAMP_BYTES_MAX = 100
ATTEMPT_DIGITS_MAX = 9

_DAY_FILES: Mapping[RemainsKind, tuple[str, str]] = {
    "journal": ("journal_", ".jsonl"),
    "passes": ("passes_", ".jsonl"),
    "log": ("scheduler_", ".log"),
}
_WRITTEN = ("order.json", "output.log", "wrapper.log", "result.json")
"""Of a run folder: written to while the folder's own time stands still."""


class FileAttic:
    """``folders`` by what lies in them; ``stamp`` is the file that says when the last sweep was."""

    def __init__(self, folders: Mapping[RemainsKind, str], *, stamp: str) -> None:
        self._folders = folders
        self._stamp = stamp

    def is_due(self, now: datetime) -> bool:
        """See the port. One small file is read."""
        return self._read_stamp() != _day_of(now)

    def swept_at(self) -> datetime | None:
        """See the port."""
        return _day_from(self._read_stamp())

    def note_sweep(self, now: datetime) -> None:
        """See the port. Not synced: lost, the next sweep is the first one again and removes nothing."""
        data = _day_of(now).encode()
        try:
            files.make_folder(os.path.dirname(self._stamp))
            files.replace(self._stamp, data, sync_file=False, sync_folder=False)
        except OSError as error:
            raise _refused(self._stamp, error) from error

    def remains(self, *, before: datetime) -> tuple[Remains, ...]:
        """See the port."""
        found = [*self._runs(before), *self._ledgers(before)]
        for kind in _DAY_FILES:
            found += self._days(kind, before)
        return tuple(sorted(found, key=lambda remains: (remains.touched_at, remains.name)))

    def remove(self, remains: Remains) -> bool:
        """See the port."""
        assert remains.kind != "run", "run folders are the run folders' matter"
        path = self._path(remains)
        try:
            return files.remove(path)
        except OSError as error:
            raise _refused(path, error) from error

    def count_from(self, remains: Remains, at: datetime) -> None:
        """See the port. The time of the file is where it is remembered."""
        path = self._path(remains)
        try:
            os.utime(path, (at.timestamp(), at.timestamp()), follow_symlinks=False)
        except OSError as error:
            raise _refused(path, error) from error

    def _path(self, remains: Remains) -> str:
        return f"{self._folders[remains.kind]}/{remains.name}"

    def _read_stamp(self) -> str:
        try:
            return files.read_limited(self._stamp, STAMP_BYTES_MAX).decode("ascii", "replace")
        except OSError:
            # No day that is known: a sweep is due, and writes the stamp anew or says why it cannot.
            return ""

    def _days(self, kind: RemainsKind, before: datetime) -> Iterator[Remains]:
        from tinyscheduler.model.remains import Remains

        head, ending = _DAY_FILES[kind]
        for name in _names_in(self._folders[kind]):
            if name.startswith(head) and name.endswith(ending):
                day = _day_from(name[len(head) : -len(ending)])
                over = None if day is None else day + timedelta(days=1)
                if over is not None and over <= before:
                    yield Remains(kind, name, over)

    def _ledgers(self, before: datetime) -> Iterator[Remains]:
        from tinyscheduler.model.remains import Remains

        folder = self._folders["ledger"]
        for name in _names_in(folder):
            task_id = _task_id(name.removesuffix(".json")) if name.endswith(".json") else None
            touched_at = None if task_id is None else _touched_at(f"{folder}/{name}")
            if touched_at is not None and touched_at <= before:
                yield Remains("ledger", name, touched_at, task_id)

    def _runs(self, before: datetime) -> Iterator[Remains]:
        folder = self._folders["run"]
        for name in _names_in(folder):
            if not os.path.islink(f"{folder}/{name}"):
                yield from _runs_of(folder, name, before)


def _runs_of(folder: str, task: str, before: datetime) -> Iterator[Remains]:
    """Those last touched before then; which one is the newest is known by the times of all."""
    from tinyscheduler.model.remains import Remains

    task_id = _task_id(task)
    if task_id is None:
        return
    times = {
        attempt: touched_at
        for attempt in filter(_is_attempt, _names_in(f"{folder}/{task}"))
        if (touched_at := _touched_at(f"{folder}/{task}/{attempt}")) is not None
    }
    newest = max(times, key=lambda attempt: (times[attempt], int(attempt)), default="")
    for attempt, folder_at in times.items():
        if folder_at > before:
            continue
        path = f"{folder}/{task}/{attempt}"
        written = filter(None, (_touched_at(f"{path}/{name}") for name in _WRITTEN))
        touched_at = max((folder_at, *written))
        if touched_at <= before:
            yield Remains(
                "run", f"{task}/{attempt}", touched_at, task_id, int(attempt), is_newest=attempt == newest
            )


def _is_attempt(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) <= ATTEMPT_DIGITS_MAX and name[0] != "0"


def _task_id(name: str) -> TaskId | None:
    found = name_between("task_", name, "")
    return None if found is None else TaskId(found)


def _touched_at(path: str) -> datetime | None:
    """None: there is nothing, or nobody may look."""
    try:
        return datetime.fromtimestamp(os.lstat(path).st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return None


def _names_in(folder: str) -> list[str]:
    """Empty where there is no folder. Raises StateError."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _refused(folder, error) from error


def _day_of(now: datetime) -> str:
    return f"{now:%Y%m%d}"


def _day_from(text: str) -> datetime | None:
    """``20260131``; nothing else, in whatever digits."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return datetime(int(text[:4]), int(text[4:6]), int(text[6:]), tzinfo=UTC)
    except ValueError:
        return None


def _refused(path: str, error: OSError) -> StateError:
    from tinyscheduler.kit.disk_words import remedy

    return StateError(
        f"old files cannot be swept: {path}: {error.strerror}",
        hint=remedy(error, "give this user the right to it, or remove what is there"),
    )
