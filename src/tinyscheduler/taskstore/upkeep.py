"""Looking after the file: is it whole, and a copy of it while others write.

Neither migrates, mends nor changes it. Apart from ``database`` because only a person asks for either.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Final

from tinyscheduler.errors import Refused, StateError
from tinyscheduler.kit import files
from tinyscheduler.taskstore import database, families, history
from tinyscheduler.taskstore.rows import TASK_COLUMNS, is_usual, task_rows

FAULTS_MAX: Final = 100
"""Of each kind; who has more needs a backup, not a list."""


def check(path: str) -> tuple[str, ...]:
    """What is wrong in the file, a sentence each; empty: nothing is. Looks at a private copy.

    Raises StateError for a file that cannot be opened as a task store at all, or is not there.
    """
    _check_there(path)
    with closing(database.open_copy(path)) as connection, database.translated(path):
        return tuple(_faults(connection))


def _faults(connection: sqlite3.Connection) -> Iterator[str]:
    for (said,) in connection.execute(f"PRAGMA integrity_check({FAULTS_MAX})"):
        if said != "ok":
            yield f"the database is damaged: {said}"
    for table, row, other, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(FAULTS_MAX):
        yield f"row {row} of {table} names a row of {other} that is not there"
    connection.text_factory = database.decoded
    odd = [row[0] for row in connection.execute(TASK_COLUMNS) if not is_usual(row)]
    for task_id in odd[:FAULTS_MAX]:
        yield f"task {task_id} has values that this program does not write"
    tagged = task_rows(connection.execute(f"{TASK_COLUMNS} WHERE t.tags <> '[]'"))
    for task in [task for task in tagged if type(task.tags) is not tuple][:FAULTS_MAX]:
        yield f"task {task.id} has tags that are no list"
    entries = connection.execute("SELECT id, task_id, changes FROM history")
    unreadable = (row for row in entries if history.changes_in(row[2]) is None)
    for number, task_id, _ in islice(unreadable, FAULTS_MAX):
        yield f"entry {number} of the history of task {task_id} cannot be read"
    for task_id in families.in_circles(connection)[:FAULTS_MAX]:
        yield f"task {task_id} waits for itself, or is below itself"


def backup(path: str, target: str) -> int:
    """A whole copy as a file that is not there yet, mode 0600; its size in bytes.

    Others may write meanwhile: the copy is of one instant, and has what was acknowledged before it began.
    It is checked before it has its name. Raises Refused where the target is there, StateError when either
    cannot be read or written.
    """
    _check_there(path)
    if os.path.lexists(target):
        raise Refused(f"{target} is there already", hint="name a file that is not there yet")
    with database.translated(path):
        temporary = files.put_beside(target, b"")
        try:
            _copy(path, temporary)
            _put(temporary, target)
        finally:
            files.remove(temporary)
        files.sync_parent(target)
        return os.stat(target).st_size


def _copy(path: str, temporary: str) -> None:
    with closing(database.open_as_it_is(path)) as source, closing(sqlite3.connect(temporary)) as copy:
        # In one step: readers hold up no writer, and between two steps a write would begin it all anew.
        source.backup(copy)
        # One file without a log beside it: that is what people carry away.
        copy.execute("PRAGMA journal_mode = DELETE")
        found = [said for (said,) in copy.execute("PRAGMA integrity_check(1)")]
    if found != ["ok"]:
        raise StateError(
            f"task store {path}: the database is damaged: {found[0]}",
            hint="no backup was made; 'tinyscheduler task check' says what is wrong",
        )


def _put(temporary: str, target: str) -> None:
    handle = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        # Unlike a rename it cannot take the place of a file that came meanwhile.
        os.link(temporary, target)
    except FileExistsError as error:
        raise Refused(f"{target} is there already", hint="name a file that is not there yet") from error


def _check_there(path: str) -> None:
    if not os.path.exists(path):
        raise StateError(
            f"task store {path} is not there", hint="it is made by the first task; 'task add' makes it"
        )
