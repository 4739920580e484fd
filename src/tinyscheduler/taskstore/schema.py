"""What is in the file, as numbered migrations that are never edited once released."""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x7453_6368
"""``tSch``: tells our file from any other SQLite file before a byte of it is changed."""

_V1: Final = (
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # Task ids are not global. The identity goes into every lease and ledger, so that the tasks of
    # a database made anew are never taken for those of the old one.
    "INSERT INTO facts VALUES ('identity', lower(hex(randomblob(8))))",
    # AUTOINCREMENT: an id is never given twice, not even after its task is gone.
    """CREATE TABLE tasks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL,
        description TEXT,
        status TEXT NOT NULL CHECK (status IN ('idle', 'working', 'complete')),
        assigned_to TEXT CHECK (assigned_to <> ''),
        previous_assigned_to TEXT,
        created_by TEXT NOT NULL,
        priority NUMERIC NOT NULL,
        tags TEXT NOT NULL,
        parent_task_id INTEGER REFERENCES tasks (id),
        queue_name TEXT CHECK (queue_name <> ''),
        blocked_by_task_id INTEGER REFERENCES tasks (id),
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        archived_at TEXT
    )""",
    "CREATE INDEX tasks_by_queue ON tasks (queue_name, status) WHERE archived_at IS NULL",
    "CREATE INDEX tasks_by_assignee ON tasks (assigned_to, status) WHERE archived_at IS NULL",
    "CREATE INDEX tasks_by_parent ON tasks (parent_task_id) WHERE parent_task_id IS NOT NULL",
    """CREATE TABLE comments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        task_id INTEGER NOT NULL REFERENCES tasks (id),
        content TEXT NOT NULL,
        created_by TEXT,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )""",
    "CREATE INDEX comments_by_task ON comments (task_id)",
    """CREATE TABLE links (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        task_id INTEGER NOT NULL REFERENCES tasks (id),
        url TEXT NOT NULL,
        description TEXT,
        created_by TEXT,
        created_at TEXT NOT NULL
    )""",
    "CREATE INDEX links_by_task ON links (task_id)",
)

_V2: Final = (
    # No reference to tasks: what became of a task is worth knowing after it was deleted, too.
    """CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        task_id INTEGER NOT NULL,
        at TEXT NOT NULL,
        by TEXT,
        action TEXT NOT NULL,
        changes TEXT NOT NULL
    )""",
    "CREATE INDEX history_by_task ON history (task_id)",
    # A page of a long list is read in its order instead of sorting all of it.
    "CREATE INDEX tasks_in_order ON tasks (priority DESC, created_at, id) WHERE archived_at IS NULL",
    "CREATE INDEX tasks_by_blocker ON tasks (blocked_by_task_id) WHERE blocked_by_task_id IS NOT NULL",
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (_V1, _V2)
"""Row n brings a file of version n to version n + 1; all of them make a new one."""
