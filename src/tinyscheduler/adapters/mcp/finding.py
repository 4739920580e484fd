"""Looking for tasks: pages of one list until it is whole, or until it is known what is missing.

Apart from ``desk`` because it is a conversation. Whoever makes what is not there trusts it: what could not
be read or got is said (law 4), and never passed over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from tinyscheduler.adapters.mcp import faults, task_json, wire
from tinyscheduler.adapters.mcp.manners import Manners
from tinyscheduler.errors import ServerRefused
from tinyscheduler.model.desk import TaskList, TaskQuery, cut, matches, may_match
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Task

PAGE_ROWS: Final = 500
"""As a pass asks for: about 0.4 MB and 10 ms on the public server."""

OVERLAP_ROWS: Final = 50
"""Of two pages that follow: as many tasks may be finished between two answers before one is overlooked."""
STEPS_BACK_MAX: Final = 5
"""Of one list: a server of which fifty rows go between any two answers will not rest for us."""

ROWS_MAX: Final = 200_000
"""Of one list, whatever is asked for: twice what any command or pass looks for."""
FIND_S: Final = 30.0
"""A list of a hundred thousand takes ten seconds on a busy machine, and a pass that looks has fifty."""

Arguments = dict[str, wire.Argument]
Read = Callable[[str, Mapping[str, wire.Argument]], object]


def find(
    read: Read, query: TaskQuery, manners: Manners, *, rows_max: int = ROWS_MAX, limit_s: float = FIND_S
) -> TaskList:
    """See ``ports.TaskDesk``. Filters that the server lacks or ignores are applied here as well.

    Both limits are for all of it, what is done here too: a server that makes up tasks comes to no end.
    """
    search = _Search(read, query, manners)
    wanted, deadline = query.offset + query.limit, time.monotonic() + limit_s
    while not search.is_over and search.matching <= wanted:
        search.read_page()
        search.end_at(rows_max, is_late=time.monotonic() > deadline)
    return search.result()


class _Search:
    """What one list has shown so far."""

    def __init__(self, read: Read, query: TaskQuery, manners: Manners) -> None:
        self.is_over = False
        self.matching = 0
        """Tasks so far that are asked for."""
        self._read = read
        self._query = query
        self._manners = manners
        self._offset = 0
        self._page_rows = PAGE_ROWS
        self._first: TaskId | None = None
        """Of the list."""
        self._tail: tuple[TaskId, ...] = ()
        """The last rows of the page before, with which the next one begins."""
        self._steps_back = 0
        self._read_until = 0
        """Where a page ended after which it stepped back: up to there nothing new is no repetition."""
        self._seen: dict[TaskId, Task] = {}
        self._bad: dict[str, bool] = {}
        """Why rows were left out, and whether they may be asked for."""
        self._gaps: list[str] = []

    def read_page(self) -> None:
        """Raises TaskServerError."""
        overlap = len(self._tail)
        try:
            page = _page(self._query, self._offset - overlap, self._page_rows)
            rows = task_json.rows_of(self._listed(page))
        except faults.AnswerTooLarge:
            if self._page_rows == 1:
                raise
            self._page_rows, self._tail = max(1, self._page_rows // 4), ()
            return
        has_new = self._take(rows)
        if overlap and self._has_shifted(rows):
            self._step_back(self._offset - overlap + rows.received)
            return
        self._offset += rows.received - overlap
        self._first = self._first or (rows.tasks[0].id if rows.tasks else None)
        # At most half of a page, so that each brings something new; a row without an id has no place.
        kept = 0 if rows.bad else min(OVERLAP_ROWS, rows.received // 2)
        self._tail = tuple(task.id for task in rows.tasks[len(rows.tasks) - kept :])
        self._see_whether_it_is_over(rows, has_new=has_new or self._offset <= self._read_until)

    def end_at(self, rows_max: int, *, is_late: bool) -> None:
        """Read no further, and say so, where it is too long."""
        if not self.is_over and (is_late or len(self._seen) >= rows_max):
            self.is_over = True
            why = "in all the time there is for it" if is_late else "and that is more than is looked at"
            self._gaps.append(f"the task server's list has no end after {len(self._seen)} tasks, {why}")

    def _has_shifted(self, rows: task_json.Rows) -> bool:
        """Others have taken so many rows out of the pages before that some may be seen in none. One that
        begins as the list does is of a server that knows no pages; a row that cannot be read has no id."""
        is_repeated = bool(rows.tasks) and rows.tasks[0].id == self._first
        is_known = not {task.id for task in rows.tasks}.isdisjoint(self._tail)
        return not (rows.bad or is_known or is_repeated)

    def _step_back(self, read_until: int) -> None:
        """A whole page: each task counts once."""
        self._offset, self._tail = max(0, self._offset - self._page_rows), ()
        self._read_until = max(self._read_until, read_until)
        self._steps_back += 1
        if self._steps_back > STEPS_BACK_MAX:
            self.is_over = True
            self._gaps.append("the task server's list changes faster than it can be read: ask again")

    def _see_whether_it_is_over(self, rows: task_json.Rows, *, has_new: bool) -> None:
        if rows.is_cut:
            # The embedded server ends a page early where the texts are long; the rest comes when asked for.
            self.is_over = not has_new
            if self.is_over:
                self._gaps.append(
                    f"the task server ends its list after {len(self._seen)} tasks, and says that it has more"
                )
        else:
            # Another length than asked for is the end, or everything; nothing new is a repetition.
            self.is_over = rows.received != self._page_rows or not has_new

    def result(self) -> TaskList:
        """As far as it was read."""
        whys = [why for why, is_asked_for in self._bad.items() if is_asked_for]
        if whys:
            self._gaps.append(f"{len(whys)} left out as unreadable: {faults.excerpt('; '.join(whys))}")
        return cut(self._seen.values(), self._query, self._gaps)

    def _take(self, rows: task_json.Rows) -> bool:
        """Whether anything is new."""
        before = len(self._seen) + len(self._bad)
        for task in rows.tasks:
            known = self._seen.get(task.id)
            self.matching += matches(task, self._query) - (known is not None and matches(known, self._query))
            self._seen[task.id] = task
        for bad in rows.bad:
            self._bad[bad.why] = self._bad.get(bad.why, False) or _may_match(bad, self._query)
        return len(self._seen) + len(self._bad) > before

    def _listed(self, page: Arguments) -> object:
        """Without the statuses where the server takes no list of them; they are looked at here as well."""
        bare = {name: value for name, value in page.items() if name != "status"}
        manners = self._manners
        if manners.manner.takes_status_lists is False:
            return self._read("list_tasks", bare)
        try:
            return self._read("list_tasks", page)
        except faults.UnknownTool:
            raise
        except ServerRefused:
            if "status" not in page:
                raise
        answer = self._read("list_tasks", bare)
        manners.learn(manners.manner._replace(takes_status_lists=False))
        return answer


def _may_match(bad: task_json.BadRow, query: TaskQuery) -> bool:
    return may_match(
        query, queue=bad.queue, assigned_to=bad.assigned_to, created_by=bad.created_by, tags=bad.tags
    )


def _page(query: TaskQuery, offset: int, page_rows: int) -> Arguments:
    """As much of the query as the server may narrow; the rest is done here."""
    wanted: dict[str, wire.Argument | None] = {
        "queue_name": query.queue,
        "assigned_to": query.assigned_to or None,
        "status": list(query.statuses) or None,
        "parent_task_id": task_json.id_argument(query.parent) if query.parent else None,
        "exclude_subtasks": True if query.parent == "" else None,
        "include_archived": query.includes_archived or None,
        "limit": page_rows,
        "offset": offset,
    }
    # Unset arguments are omitted, never sent as null (tinytask 3).
    return {name: value for name, value in wanted.items() if value is not None}
