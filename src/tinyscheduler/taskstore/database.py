"""Opening the file: ours or nobody's, made and migrated under a lock, never repaired by force.

A shared connection is in WAL mode with ``synchronous=FULL``: a commit that was acknowledged
survives ``kill -9`` and a power cut, and readers never wait for writers.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tinyscheduler.errors import ServerUnavailable, StateError
from tinyscheduler.kit import files
from tinyscheduler.taskstore.schema import APPLICATION_ID, MIGRATIONS

BUSY_TIMEOUT_S: Final = 5.0
"""Writes take milliseconds. Who holds the lock for longer is stuck, and a pass has 50 s in all."""
BUSY_AGAIN_S: Final = 0.2
"""As long as the lock is held for which somebody has waited in vain: a hundred writes that come meanwhile are
refused together in twenty seconds, and do not wait in turn."""
MIGRATION_TIMEOUT_S: Final = 30.0
"""A migration rewrites whole tables; whoever comes meanwhile should wait for it, not fail."""
IDENTITY_NEW: Final = "new"
"""Identity of a store that was looked at before anybody made it."""


def open_shared(path: str) -> sqlite3.Connection:
    """The file itself, made if it is not there, mode 0600. Raises StateError, ServerUnavailable."""
    with translated(path):
        if _is_new(path):
            _make_file(path)
        _open_log_again(path)
        connection = _connect(path)
        with _closed_on_error(connection):
            if _version(connection) != len(MIGRATIONS) or not _is_ours(connection):
                _refuse_foreign(connection, path)
                _migrate(connection, path)
    return connection


def open_copy(path: str) -> sqlite3.Connection:
    """What is in the file now, in memory, in today's schema. Raises StateError, ServerUnavailable."""
    with translated(path):
        connection = _connect(":memory:")
        with _closed_on_error(connection):
            if not _is_new(path):
                from tinyscheduler.taskstore import copying

                copying.copy_into(connection, path)
                _refuse_foreign(connection, path)
            _update_copy(connection)
    return connection


def open_as_it_is(path: str) -> sqlite3.Connection:
    """The file itself, in whatever schema it has, to be read. Raises StateError, ServerUnavailable."""
    with translated(path):
        connection = _connect(path)
        with _closed_on_error(connection):
            _refuse_foreign(connection, path)
            connection.execute("PRAGMA query_only = ON")
    return connection


def _update_copy(connection: sqlite3.Connection) -> None:
    version = _version(connection)
    if version < len(MIGRATIONS):
        _apply_migrations(connection)
    if version == 0:
        # Whoever makes the file will draw another identity; this one must not look like one.
        connection.execute("UPDATE facts SET value = ? WHERE name = 'identity'", (IDENTITY_NEW,))
    # A write into a copy would be an answer without a deed.
    connection.execute("PRAGMA query_only = ON")


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Errors of SQLite and of the file system in our words."""
    try:
        yield
    except OSError as error:
        raise StateError(
            f"task store {path}: {error.strerror or error}",
            hint="look at the rights and the free space of the folder it is in",
        ) from error
    except sqlite3.Error as error:
        from tinyscheduler.taskstore import faults

        raise faults.unopenable(error, path) from error


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def identity(connection: sqlite3.Connection, path: str) -> str:
    """The random name that was made with the file."""
    with translated(path), _closed_on_error(connection):
        (name,) = connection.execute("SELECT value FROM facts WHERE name = 'identity'").fetchone()
    return str(name)


def file_identity(path: str) -> tuple[int, int]:
    """Device and inode. Raises ServerUnavailable when nothing is there any more."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise ServerUnavailable(
            f"task store {path}: {error.strerror or error}", hint="restore the file and start again"
        ) from error
    return found.st_dev, found.st_ino


def is_undecodable(error: BaseException | None) -> bool:
    """A text in the file is not UTF-8. SQLite has no code for it; Python's module says it so."""
    return isinstance(error, sqlite3.OperationalError) and "decode to UTF-8" in str(error)


def decoded(text: bytes) -> str:
    """Whatever it is."""
    return text.decode("utf-8", "replace")


def roll_back(connection: sqlite3.Connection) -> None:
    """Undo what the transaction did, if one is open; a full disk may have undone it already."""
    if connection.in_transaction:
        connection.rollback()


def _is_new(path: str) -> bool:
    """Nothing is there, or an empty file: its maker was stopped before the first write.

    Raises StateError when the file is gone or empty but its log is not: that log may hold
    everything, and SQLite would delete it.
    """
    if _size(path) > 0:
        return False
    if _size(path + "-wal") > 0:
        raise StateError(
            f"task store {path} is missing or empty, but {path}-wal is not",
            hint="restore the database file, or move the -wal file away if the tasks are not needed",
        )
    return True


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _make_file(path: str) -> None:
    # By hand, because SQLite would take the mode from the umask; -wal and -shm take it from this file.
    files.make_folder(os.path.dirname(os.path.abspath(path)))
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, files.FILE_MODE))


def _open_log_again(path: str) -> None:
    """SQLite gives the log the mode of the file; one of a time when that could not be written stays as it
    is, and nobody could ever write again."""
    for beside in (path + "-wal", path + "-shm"):
        try:
            found = os.stat(beside)
        except FileNotFoundError:
            # Usual: it is made with the first write.
            continue
        is_closed = not found.st_mode & stat.S_IWUSR
        if is_closed and found.st_uid == os.geteuid() and os.stat(path).st_mode & stat.S_IWUSR:
            os.chmod(beside, files.FILE_MODE)


def _connect(path: str) -> sqlite3.Connection:
    # check_same_thread: Store takes turns by itself. isolation_level: transactions are ours.
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, cached_statements=64
    )
    sync_commits(connection, at_once=True)
    return connection


def sync_commits(connection: sqlite3.Connection, *, at_once: bool) -> None:
    """Each of them, or none until a later one is: what is lost then are the last ones, never one of the
    middle (https://www.sqlite.org/pragma.html#pragma_synchronous, WAL)."""
    connection.execute(f"PRAGMA synchronous = {'FULL' if at_once else 'NORMAL'}")


def wait_for_locks(connection: sqlite3.Connection, seconds: float) -> None:
    """How long each call waits, from here on."""
    connection.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")


def touch(connection: sqlite3.Connection) -> None:
    """Make the transaction one that has something to commit; nothing is changed. An UPDATE to the value
    that is there would not do: SQLite sees that and writes nothing."""
    connection.execute(f"PRAGMA user_version = {_version(connection)}")


def _refuse_foreign(connection: sqlite3.Connection, path: str) -> None:
    """Nothing has been written when this says no."""
    version = _version(connection)
    if not _is_ours(connection) and (version != 0 or _has_tables(connection)):
        raise StateError(
            f"task store {path}: this is the database of another program",
            hint="move the file away or name another one; it has not been changed",
        )
    if version > len(MIGRATIONS):
        raise StateError(
            f"task store {path} was written by a newer version of this program"
            f" (schema {version}, this one knows {len(MIGRATIONS)})",
            hint="run the newer version; the file has not been changed",
        )


def _migrate(connection: sqlite3.Connection, path: str) -> None:
    # filelock brings asyncio along (40 ms): only for the first start and after an update.
    from filelock import FileLock, Timeout

    try:
        with FileLock(path + ".lock", timeout=MIGRATION_TIMEOUT_S, mode=files.FILE_MODE):
            # Changing the journal mode does not wait for others (busy_timeout does not cover it),
            # which is what the lock is for.
            connection.execute("PRAGMA journal_mode = WAL")
            _apply_migrations(connection)
            files.sync_parent(path)
    except Timeout as error:
        raise ServerUnavailable(
            f"task store {path} is being set up by another process for more than {MIGRATION_TIMEOUT_S:.0f} s",
            hint="try again; if it lasts, find the process that holds the .lock file beside it",
        ) from error


def _apply_migrations(connection: sqlite3.Connection) -> None:
    """From whatever version it has now, which another process may just have raised, all or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for migration in MIGRATIONS[_version(connection) :]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def _is_ours(connection: sqlite3.Connection) -> bool:
    return _number(connection, "PRAGMA application_id") == APPLICATION_ID


def _version(connection: sqlite3.Connection) -> int:
    return _number(connection, "PRAGMA user_version")


def _has_tables(connection: sqlite3.Connection) -> bool:
    return _number(connection, "SELECT count(*) FROM sqlite_master") > 0


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
