"""Questions over many tasks: filtered lists, queues and their figures, a scheduler's backlog."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from tinyscheduler.taskstore import checks
from tinyscheduler.taskstore.rows import (
    TASK_COLUMNS,
    TASK_ORDER,
    Page,
    QueueStats,
    TaskFilter,
    TaskRow,
    Waiting,
    task_rows,
)

_LIMIT_NONE: Final = -1
"""SQLite's own word for it; an OFFSET needs a LIMIT before it."""


PAGE_ROWS_MAX: Final = 5_000
"""Of one answer to a client. Its own limits and offsets take it through longer lists."""
PAGE_BYTES_MAX: Final = 8_000_000
"""Of one answer as it is sent; our own client gives up on 16 MiB."""


def matching(connection: sqlite3.Connection, wanted: TaskFilter) -> tuple[TaskRow, ...]:
    """Tasks that pass the filter, most urgent first."""
    return task_rows(_found(connection, wanted))


def page(connection: sqlite3.Connection, wanted: TaskFilter) -> Page:
    """As ``matching``, but no more than one answer may hold; at least one task, if there is one."""
    limit = wanted.limit if 0 < wanted.limit <= PAGE_ROWS_MAX else PAGE_ROWS_MAX + 1
    return _page_of(_found(connection, wanted._replace(limit=limit)))


def _page_of(rows: Iterable[tuple[object, ...]]) -> Page:
    from tinyscheduler.taskstore.answer_size import task_bytes, task_bytes_at_most

    found: list[tuple[object, ...]] = []
    size, is_exact = 0, False
    for row in rows:
        size += task_bytes(row) if is_exact else task_bytes_at_most(row)
        if size > PAGE_BYTES_MAX and not is_exact:
            size, is_exact = sum(map(task_bytes, (*found, row))), True
        if len(found) == PAGE_ROWS_MAX or (found and size > PAGE_BYTES_MAX):
            return Page(task_rows(found), is_cut=True)
        found.append(row)
    return Page(task_rows(found), is_cut=False)


def _found(connection: sqlite3.Connection, wanted: TaskFilter) -> sqlite3.Cursor:
    conditions = _conditions(wanted)
    where = " AND ".join(sql for sql, _ in conditions) or "1"
    values = [value for _, given in conditions for value in given]
    limit = wanted.limit if 0 < wanted.limit <= checks.ID_MAX else _LIMIT_NONE
    offset = min(max(wanted.offset, 0), checks.ID_MAX)
    query = TASK_COLUMNS + " WHERE " + where + TASK_ORDER + " LIMIT ? OFFSET ?"
    return connection.execute(query, (*values, limit, offset))


def _conditions(wanted: TaskFilter) -> list[tuple[str, Sequence[str | int]]]:
    found: list[tuple[str, Sequence[str | int]]] = []
    if wanted.archived != "included":
        found.append((f"t.archived_at IS {'NOT ' if wanted.archived == 'only' else ''}NULL", ()))
    if wanted.subtasks == "excluded":
        found.append(("t.parent_task_id IS NULL", ()))
    if wanted.assigned_to is not None:
        name = wanted.assigned_to.strip()
        found.append(("t.assigned_to = ?", (name,)) if name else ("t.assigned_to IS NULL", ()))
    if wanted.queue_name is not None:
        found.append(("t.queue_name = ?", (wanted.queue_name.strip(),)))
    if wanted.parent_task_id is not None:
        # A number that SQLite cannot hold is nobody's parent.
        parent = wanted.parent_task_id if 0 < wanted.parent_task_id <= checks.ID_MAX else 0
        found.append(("t.parent_task_id = ?", (parent,)))
    if wanted.statuses:
        found.append((f"t.status IN ({_marks(wanted.statuses)})", wanted.statuses))
    if wanted.excluded_statuses:
        found.append((f"t.status NOT IN ({_marks(wanted.excluded_statuses)})", wanted.excluded_statuses))
    return found


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))


_IDLE_FIRST: Final = TASK_ORDER.replace(" BY ", " BY t.status = 'working', ")


def backlog(
    connection: sqlite3.Connection, queues: Sequence[str], agents: Sequence[str], *, limit: int
) -> Waiting:
    """Tasks that are not complete nor archived, in one of the queues or assigned to one of the agents,
    each once: the idle ones first, so that those that are worked on crowd out none of them.

    At most ``limit``. Open parents are those of the whole store, whoever their children belong to.
    """
    query = (
        TASK_COLUMNS
        + " WHERE t.archived_at IS NULL AND t.status IN ('idle', 'working')"
        + f" AND (t.queue_name IN ({_marks(queues)}) OR t.assigned_to IN ({_marks(agents)}))"
        + _IDLE_FIRST
        + " LIMIT ?"
    )
    tasks = task_rows(connection.execute(query, (*queues, *agents, limit)))
    parents = connection.execute(
        "SELECT DISTINCT parent_task_id FROM tasks"
        " WHERE parent_task_id IS NOT NULL AND archived_at IS NULL AND status <> 'complete'"
    )
    return Waiting(tasks, frozenset(parent for (parent,) in parents))


_IDLE_BY_PLACE: Final = (
    "SELECT queue_name, assigned_to, count(*) FROM tasks WHERE archived_at IS NULL AND status = 'idle'"
)


def unserved(
    connection: sqlite3.Connection, queues: Sequence[str], agents: Sequence[str], *, limit: int
) -> tuple[tuple[str | None, str | None, int], ...]:
    """Queue, assignee and number of the idle tasks that are in none of these queues and nobody's of these
    agents, the largest groups first."""
    query = (
        _IDLE_BY_PLACE
        + f" AND (queue_name IS NULL OR queue_name NOT IN ({_marks(queues)}))"
        + f" AND (assigned_to IS NULL OR assigned_to NOT IN ({_marks(agents)}))"
        + " GROUP BY queue_name, assigned_to"
        + " ORDER BY count(*) DESC, queue_name, assigned_to LIMIT ?"
    )
    found = connection.execute(query, (*queues, *agents, limit))
    return tuple((queue, assignee, int(count)) for queue, assignee, count in found)


_BELOW: Final = (
    " WHERE t.id IN (WITH RECURSIVE below (id) AS ("
    " SELECT id FROM tasks WHERE parent_task_id = ? UNION"
    " SELECT c.id FROM tasks c JOIN below ON c.parent_task_id = below.id) SELECT id FROM below)"
)


def subtasks(connection: sqlite3.Connection, parent: int, *, recursive: bool, include_archived: bool) -> Page:
    """Children, or everything below, as one flat list, as many as one answer may hold; a parent that does
    not exist has none."""
    if not 0 < parent <= checks.ID_MAX:
        return Page((), is_cut=False)
    where = _BELOW if recursive else " WHERE t.parent_task_id = ?"
    live = "" if include_archived else " AND t.archived_at IS NULL"
    query = TASK_COLUMNS + where + live + TASK_ORDER + " LIMIT ?"
    return _page_of(connection.execute(query, (parent, PAGE_ROWS_MAX + 1)))


def queues(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Names of all queues that hold a task that is not archived, sorted."""
    found = connection.execute(
        "SELECT DISTINCT queue_name FROM tasks"
        " WHERE queue_name IS NOT NULL AND archived_at IS NULL ORDER BY queue_name"
    )
    return tuple(name for (name,) in found)


def queue_stats(connection: sqlite3.Connection, queue: str) -> QueueStats:
    """Figures of one queue; zeros for a queue that nobody has heard of."""
    in_queue = (queue,)
    counts = connection.execute(
        "SELECT count(*), total(status = 'idle'), total(status = 'working'), total(status = 'complete'),"
        " count(assigned_to), total(assigned_to IS NULL)"
        " FROM tasks WHERE queue_name = ? AND archived_at IS NULL",
        in_queue,
    ).fetchone()
    agents = connection.execute(
        "SELECT DISTINCT assigned_to FROM tasks WHERE queue_name = ? AND archived_at IS NULL"
        " AND assigned_to IS NOT NULL ORDER BY assigned_to",
        in_queue,
    )
    total, idle, working, complete, assigned, unassigned = (int(count) for count in counts)
    names = tuple(name for (name,) in agents)
    return QueueStats(total, idle, working, complete, assigned, unassigned, names)


def remark_counts(connection: sqlite3.Connection) -> tuple[tuple[int, int, int], ...]:
    """Task, its comments, its links: of all tasks that have any, archived ones too."""
    found = connection.execute(
        "SELECT task_id, sum(comments), sum(links) FROM ("
        " SELECT task_id, count(*) AS comments, 0 AS links FROM comments GROUP BY task_id UNION ALL"
        " SELECT task_id, 0, count(*) FROM links GROUP BY task_id) GROUP BY task_id"
    )
    return tuple((int(task_id), int(said), int(linked)) for task_id, said, linked in found)
