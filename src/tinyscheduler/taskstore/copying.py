"""A private copy of a database that others may be writing, without leaving a trace beside it.

Opening a WAL database, even to read, makes ``-wal`` and ``-shm`` files and may move its contents;
``--dry-run`` and ``status`` must change nothing. So the pages are copied into memory: straight
from the file while its log is empty, else from a second file and log in a temp folder, where SQLite
replays the log by itself.

Consistent without a lock, because the log's header tells generations of the log apart: as long as it is the
same before and after, every page that a writer may have moved from log to file meanwhile is also
in the log that was copied after the file. With an empty log the file itself stands still.
"""

from __future__ import annotations

import os
import sqlite3
import time
from typing import Final, NamedTuple

from tinyscheduler.errors import ServerUnavailable

SIZE_MAX_BYTES: Final = 512 * 1024 * 1024
"""It is copied into memory; ten thousand tasks take ten megabytes."""
ATTEMPTS_MAX: Final = 50
"""The log starts over once in a thousand pages; to meet that again and again is no accident."""
TICK_S: Final = 0.02
"""Two kernel ticks: a file changed within one may not show it in its time."""
_WAL_HEADER_BYTES: Final = 32


class _Stamp(NamedTuple):
    """What tells that nothing relevant changed while pages were copied."""

    log_header: bytes
    journal: tuple[int, ...]
    file: tuple[int, ...]
    """Inode, size, time; not looked at while there is a log, which is allowed to flow into it."""


def copy_into(memory: sqlite3.Connection, path: str) -> None:
    """Fill an empty connection. Raises sqlite3.Error, OSError, ServerUnavailable."""
    _check_size(path)
    for _ in range(ATTEMPTS_MAX):
        before = _stamp(path)
        if _is_settled(before):
            _copy_once(memory, path, before)
            if _stamp(path) == before:
                return
        time.sleep(TICK_S)
    raise ServerUnavailable(f"task store {path} changes faster than it can be copied", hint="try again")


def _copy_once(memory: sqlite3.Connection, path: str, stamp: _Stamp) -> None:
    if stamp.log_header or stamp.journal:
        _copy_by_folder(memory, path)
    else:
        _pour(f"file:{_quoted(path)}?mode=ro&immutable=1", memory)


def _copy_by_folder(memory: sqlite3.Connection, path: str) -> None:
    folder = _private_folder()
    private = os.path.join(folder, "copy.db")
    try:
        # The file first: what flows into it from now on is in the log that is copied after it.
        for suffix in ("", "-journal", "-wal"):
            _copy_file(path + suffix, private + suffix)
        _pour(f"file:{_quoted(private)}", memory)
    finally:
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        os.rmdir(folder)


def _private_folder() -> str:
    from tempfile import mkdtemp

    # Memory first, so that a full disk does not take away the means to look at it.
    prefix = f"tinyscheduler-{os.getpid()}-"
    in_memory = "/dev/shm"  # noqa: S108  # mkdtemp makes a folder of our own in it
    try:
        return mkdtemp(prefix=prefix, dir=in_memory)
    except OSError:
        return mkdtemp(prefix=prefix)


def _pour(source: str, memory: sqlite3.Connection) -> None:
    connection = sqlite3.connect(source, uri=True, isolation_level=None)
    try:
        # The copy is thrown away: replaying its log need not reach any disk.
        connection.execute("PRAGMA synchronous = OFF")
        connection.backup(memory)
    finally:
        connection.close()


def _copy_file(source: str, target: str) -> None:
    try:
        reading = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        # A log exists only while somebody has the store open.
        return
    writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        while os.sendfile(writing, reading, None, 1 << 24):
            pass
    finally:
        os.close(reading)
        os.close(writing)


def _stamp(path: str) -> _Stamp:
    header = _log_header(path + "-wal")
    journal = _state(path + "-journal")
    has_journal = bool(journal) and journal[1] > 0
    return _Stamp(header, journal if has_journal else (), () if header else _state(path))


def _log_header(path: str) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        # The same: no log, so the file itself is compared.
        return b""
    try:
        return os.read(handle, _WAL_HEADER_BYTES)
    finally:
        os.close(handle)


def _state(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        # Not being there is a state too.
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _is_settled(stamp: _Stamp) -> bool:
    """The file's time is old enough to show a change that comes after it."""
    return not stamp.file or abs(time.time() - stamp.file[2] / 1e9) > TICK_S


def _check_size(path: str) -> None:
    size = os.stat(path).st_size
    if size > SIZE_MAX_BYTES:
        raise ServerUnavailable(
            f"task store {path} has {size} bytes; only up to {SIZE_MAX_BYTES} are copied to look at it",
            hint="look at it through the server: tinyscheduler serve, and MCP_ENDPOINT",
        )


def _quoted(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
