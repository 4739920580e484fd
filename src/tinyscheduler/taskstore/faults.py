"""SQLite's errors in our words: what happened, to which file, and how to mend it."""

from __future__ import annotations

import os
import sqlite3
from typing import Final, NamedTuple

from tinyscheduler.errors import ServerUnavailable, StateError

ROOM_BYTES_MIN: Final = 65_536
"""With less than this the shared memory beside the file (32 KB) or the next few pages find no room."""


class _Fault(NamedTuple):
    code: int
    """Primary result code of sqlite.org/rescode.html."""
    sentence: str
    hint: str


# "database is locked" is tinytask's wording; its clients know by it that repeating is worth while.
_FAULTS: Final = (
    _Fault(
        sqlite3.SQLITE_BUSY,
        "database is locked by another process",
        "try again; if it lasts, find the process that holds the file open",
    ),
    _Fault(
        sqlite3.SQLITE_READONLY,
        "the file or its folder may not be written",
        "give the file and its folder to the user who runs the scheduler",
    ),
    _Fault(sqlite3.SQLITE_FULL, "the disk is full", "free some space on that disk; nothing was lost"),
    _Fault(sqlite3.SQLITE_IOERR, "the disk refuses", "look at the disk and at the kernel's messages"),
    _Fault(
        sqlite3.SQLITE_CORRUPT,
        "the database is damaged",
        "stop every process that uses it and restore a copy, or rescue what is left with "
        "'sqlite3 FILE .recover'; it has not been changed",
    ),
    _Fault(
        sqlite3.SQLITE_CANTOPEN,
        "the file cannot be opened",
        "look at the rights of the file and its folder",
    ),
    _Fault(
        sqlite3.SQLITE_NOTADB,
        "this is not a task database",
        "move the file away or name another one; it has not been changed",
    ),
)
_READ_ONLY: Final = _Fault(0, "the file system is read-only", "mount it writable")
_FULL: Final = _Fault(0, "the disk is full", "free some space on that disk; nothing was lost")
_OTHER: Final = _Fault(0, "the database fails", "look at the file with 'sqlite3 FILE .check'")


def translated(error: sqlite3.Error, path: str, *, maybe_applied: bool = False) -> ServerUnavailable:
    """For a call that failed on an open store."""
    sentence, hint = _words(error, path)
    return ServerUnavailable(sentence, hint=hint, maybe_applied=maybe_applied)


def unopenable(error: sqlite3.Error, path: str) -> StateError | ServerUnavailable:
    """For a file that cannot be opened as a store; only a lock is worth another try."""
    sentence, hint = _words(error, path)
    if is_locked(error):
        return ServerUnavailable(sentence, hint=hint)
    return StateError(sentence, hint=hint)


def is_locked(error: sqlite3.Error) -> bool:
    """Somebody else is at work, for longer than we wait."""
    return _primary_code(error) == sqlite3.SQLITE_BUSY


def _primary_code(error: sqlite3.Error) -> int:
    # Extended codes (SQLITE_BUSY_SNAPSHOT and the like) carry the primary one in their low byte.
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _words(error: sqlite3.Error, path: str) -> tuple[str, str]:
    code = _primary_code(error)
    fault = _of_file_system(code, path) or next((known for known in _FAULTS if known.code == code), _OTHER)
    # The row of the table, not of a file system that is read-only as a whole.
    hint = _closed_file(path) if fault.code == sqlite3.SQLITE_READONLY else ""
    return f"task store {path}: {fault.sentence} ({error})", hint or fault.hint


def _closed_file(path: str) -> str:
    """Which of them it is, where that can be told."""
    beside = (path, path + "-wal", path + "-shm", os.path.dirname(os.path.abspath(path)))
    closed = [name for name in beside if os.path.exists(name) and not os.access(name, os.W_OK)]
    return f"make {closed[0]} writable for the user who runs the scheduler" if closed else ""


def _of_file_system(code: int, path: str) -> _Fault | None:
    """SQLite says "I/O error" or "cannot open" for much that the file system would say more plainly."""
    if code not in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return None
    try:
        found = os.statvfs(os.path.dirname(os.path.abspath(path)))
    except OSError:
        return None
    if found.f_flag & os.ST_RDONLY:
        return _READ_ONLY
    is_full = found.f_bavail * found.f_frsize < ROOM_BYTES_MIN or (found.f_files and not found.f_favail)
    return _FULL if is_full and code != sqlite3.SQLITE_READONLY else None
