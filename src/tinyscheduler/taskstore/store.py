"""The store: one open file, every operation one transaction.

Writers take the write lock at their beginning (``BEGIN IMMEDIATE``), so what a call read is still
true when it writes, over all processes that have the file open; a call that fails changes nothing.
"""

from __future__ import annotations

import sqlite3
from _thread import allocate_lock
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.taskstore import checks, database, listing, remarks, tasks
from tinyscheduler.taskstore.rows import (
    ANYTHING,
    CommentRow,
    Expected,
    LinkRow,
    Moved,
    NewLink,
    NewTask,
    QueueStats,
    Stamp,
    TaskChanges,
    TaskFilter,
    TaskRow,
    TaskWithRelations,
    Waiting,
)

T = TypeVar("T")


def utc_now() -> str:
    """The wall clock as the store writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    """An open task database; may be used from several threads, one call at a time.

    ``write`` and ``read`` are for the operations that are apart from it (``editing``).
    Every method raises ServerUnavailable when the file fails, TaskNotFound for a task that is not
    there, and ServerRefused for what may not be stored.
    """

    def __init__(
        self,
        path: str,
        *,
        read_only: bool = False,
        now: Callable[[], str] = utc_now,
        depth_max: int = 0,
    ) -> None:
        """Open the file, making or migrating it where needed. With ``depth_max`` waiting tasks it takes no
        new ones; 0: there is no limit.

        ``read_only``: a private copy in memory of what is there now; no file is made or touched, a
        file that is not there is an empty store, and every write raises ServerUnavailable. Raises
        StateError for a file that is damaged or not ours, ServerUnavailable when it is locked for
        too long.
        """
        self.path = path
        self._now = now
        self._depth_max = depth_max
        # _thread's lock: threading costs an import that an idle pass does not otherwise need.
        self._turn = allocate_lock()
        self._connection = database.open_copy(path) if read_only else database.open_shared(path)
        self.identity = database.identity(self._connection, path)
        """Random, made with the file; another file is another store."""
        self._file = None if read_only else database.file_identity(path)
        self._is_locked = False
        """Somebody was waited for in vain, and has not let go since."""
        self._held_at = 0
        """Changes of this connection that were synced when it was last told to hold."""

    def close(self) -> None:
        """Idempotent."""
        self._connection.close()

    def create_task(self, new: NewTask) -> TaskRow:
        """A new idle task, or the one that it is already (``NewTask.once_by``). Raises ServerRefused also
        where as many wait as may."""
        return self.write(lambda c, stamp: self._create(c, new, stamp))

    def create_tasks(self, many: Sequence[NewTask]) -> tuple[TaskRow, ...]:
        """All of them or none; one write to the disk."""
        return self.write(lambda c, stamp: tuple(self._create(c, new, stamp) for new in many))

    def _create(self, connection: sqlite3.Connection, new: NewTask, stamp: Stamp) -> TaskRow:
        there = tasks.made_before(connection, new) if new.once_by else None
        if there is not None:
            return there
        tasks.check_room(connection, self._depth_max)
        return tasks.create(connection, new, stamp)

    def update_task(
        self, task_id: int, changes: TaskChanges, *, expected: Expected = ANYTHING, by: str | None = None
    ) -> TaskRow:
        """Set the fields given; see ``tasks.update``. Raises NotAsExpected."""
        return self.write(
            lambda c, stamp: tasks.update(c, task_id, changes, stamp=stamp, expected=expected),
            by=by,
        )

    def sign_up(self, agent: str) -> TaskWithRelations | None:
        """The agent's most urgent idle task that is not blocked, now working; None: there is none."""
        return self.write(lambda c, stamp: _signed_up(c, agent, stamp))

    def move_task(
        self, task_id: int, *, current: str, new: str, comment: str, expected: Expected = ANYTHING
    ) -> Moved:
        """Hand on, idle, if ``current`` has it and it is not complete. Raises NotAssigned, NotAsExpected."""
        from tinyscheduler.taskstore import holders

        return self.write(
            lambda c, stamp: holders.move(
                c, task_id, current=current, new=new, comment=comment, stamp=stamp, expected=expected
            )
        )

    def archive_task(self, task_id: int, *, expected: Expected = ANYTHING, by: str | None = None) -> TaskRow:
        """Out of every list, for good. Raises NotAsExpected."""
        from tinyscheduler.taskstore import removal

        return self.write(lambda c, stamp: removal.archive(c, task_id, stamp=stamp, expected=expected), by=by)

    def set_queue(
        self, task_id: int, queue: str | None, *, expected: Expected = ANYTHING, by: str | None = None
    ) -> TaskRow:
        """Into that queue, out of any other; None: out of its queue. Raises NotAsExpected."""
        name = None if queue is None else checks.queue(queue)
        return self.update_task(task_id, {"queue_name": name}, expected=expected, by=by)

    def add_comment(self, task_id: int, content: str, created_by: str | None) -> CommentRow:
        """Say something; blank is refused."""
        return self.write(
            lambda c, stamp: remarks.add_comment(c, task_id, content, author=created_by, now=stamp.at)
        )

    def add_link(self, task_id: int, new: NewLink) -> LinkRow:
        """Point to something."""
        return self.write(lambda c, stamp: remarks.add_link(c, task_id, new, now=stamp.at))

    def task(self, task_id: int) -> TaskRow:
        """One task, archived or not."""
        return self.read(lambda c: tasks.read(c, task_id))

    def task_with_relations(self, task_id: int) -> TaskWithRelations:
        """One task with comments and links, of one instant."""
        return self.read(lambda c: with_relations(c, task_id))

    def has_made(self, task_id: int) -> bool:
        """There was a task of that id, whatever has become of it."""
        newest = "SELECT seq FROM sqlite_sequence WHERE name = 'tasks'"
        row = self.read(lambda c: c.execute(newest).fetchone())
        return row is not None and task_id <= row[0]

    def tasks(self, wanted: TaskFilter) -> tuple[TaskRow, ...]:
        """By priority (descending), then age, then id."""
        return self.read(lambda c: listing.matching(c, wanted))

    def backlog(self, queues: Sequence[str], agents: Sequence[str], limit: int) -> Waiting:
        """What a scheduler has to look at, of one instant."""
        return self.read(lambda c: listing.backlog(c, queues, agents, limit=limit))

    def unserved(
        self, queues: Sequence[str], agents: Sequence[str], limit: int
    ) -> tuple[tuple[str | None, str | None, int], ...]:
        """Queue, assignee and number of what ``backlog`` leaves out of the idle ones."""
        return self.read(lambda c: listing.unserved(c, queues, agents, limit=limit))

    def comments(self, task_id: int) -> tuple[CommentRow, ...]:
        """Oldest first."""
        return self.read(lambda c: remarks.comments(c, task_id))

    def links(self, task_id: int) -> tuple[LinkRow, ...]:
        """Oldest first."""
        return self.read(lambda c: remarks.links(c, task_id))

    def queues(self) -> tuple[str, ...]:
        """Those that hold a task that is not archived, sorted."""
        return self.read(listing.queues)

    def queue_stats(self, queue: str) -> QueueStats:
        """Figures of one queue."""
        return self.read(lambda c: listing.queue_stats(c, checks.queue(queue)))

    def hold(self) -> None:
        """From here on a commit is seen by everybody and may be undone by a power cut, the last ones
        first, until ``sync`` or until anybody else's commit."""
        with self._turn:
            database.sync_commits(self._connection, at_once=False)
            self._held_at = self._connection.total_changes

    def sync(self) -> None:
        """All commits are durable, and those to come."""
        with self._turn:
            database.sync_commits(self._connection, at_once=True)
            is_synced = self._connection.total_changes == self._held_at
        if is_synced:
            return
        # The log is one file, and synced as a whole with this commit.
        self._check_file()
        self._transaction("BEGIN IMMEDIATE", database.touch)

    def check(self) -> None:
        """The file is still the one that was opened, and can be read; does not wait for other calls."""
        self._check_file()
        if not self._turn.locked():
            self.read(lambda c: c.execute("SELECT count(*) FROM facts").fetchone())

    def write(self, act: Callable[[sqlite3.Connection, Stamp], T], *, by: str | None = None) -> T:
        """Do it in one transaction: all of it or nothing. ``by``: who wants it, for the history."""
        self._check_file()
        name = checks.name("changed_by", by)
        return self._transaction("BEGIN IMMEDIATE", lambda c: act(c, Stamp(self._now(), name)))

    def read(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """All that it reads is of one instant."""
        return self._transaction("BEGIN", act)

    def _transaction(self, begin: str, act: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return self._attempt(begin, act)
        except ServerUnavailable as error:
            if not database.is_undecodable(error.__cause__):
                raise
            # Somebody else has written it. Nothing was done; from now on it is read, if more slowly.
            self._connection.text_factory = database.decoded
            return self._attempt(begin, act)

    def _attempt(self, begin: str, act: Callable[[sqlite3.Connection], T]) -> T:
        committing = False
        with self._turn:
            try:
                self._connection.execute(begin)
                if self._is_locked and begin != "BEGIN":
                    self._expect_lock(is_locked=False)
                answer = act(self._connection)
                committing = begin != "BEGIN"
                self._connection.execute("COMMIT")
            except BaseException as error:
                database.roll_back(self._connection)
                if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
                    from tinyscheduler.taskstore import faults

                    if faults.is_locked(error):
                        self._expect_lock(is_locked=True)
                    # A commit whose last sync failed may be on the disk all the same.
                    raise faults.translated(error, self.path, maybe_applied=committing) from error
                raise
        return answer

    def _expect_lock(self, *, is_locked: bool) -> None:
        wait_s = database.BUSY_AGAIN_S if is_locked else database.BUSY_TIMEOUT_S
        database.wait_for_locks(self._connection, wait_s)
        self._is_locked = is_locked

    def _check_file(self) -> None:
        # SQLite goes on writing into a file that was deleted or replaced, and says it is well.
        if self._file is not None and database.file_identity(self.path) != self._file:
            raise ServerUnavailable(
                f"task store {self.path} was replaced while it was open", hint="start this process again"
            )


def _signed_up(connection: sqlite3.Connection, agent: str, stamp: Stamp) -> TaskWithRelations | None:
    from tinyscheduler.taskstore import holders, said

    task = holders.sign_up(connection, agent, stamp)
    return None if task is None else said.with_relations(connection, task.id)


def with_relations(connection: sqlite3.Connection, task_id: int) -> TaskWithRelations:
    """A task with what was said about it and what it points to."""
    return TaskWithRelations(
        tasks.read(connection, task_id),
        remarks.comments(connection, task_id),
        remarks.links(connection, task_id),
    )
