"""Gathering the backlog: which lists are asked for, in which order, and what is made of the answers.

Apart from ``tasks`` because it is the one operation that is a conversation. It gets the call as a
function and knows no network.

One question comes first: all tasks of the server that wait or are worked on, one page. Mostly that is
all there is, and a pass costs one call however many queues and agents there are. Only when the page
is full are queues and agents asked for one by one, a page of each in turn, so that a long queue does
not crowd out the others before the limit is reached.

The limit is about idle tasks; those that are worked on come with the same pages and cost no call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from tinyscheduler.adapters.mcp import faults, task_json, wire
from tinyscheduler.adapters.mcp.habits import UNKNOWN, Habits, OneStatusAtMost, Read
from tinyscheduler.errors import ServerUnavailable, TaskServerError
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.snapshot import Backlog, QueueGap
from tinyscheduler.model.task import Task

PAGE_ROWS: Final = 500
"""About 0.4 MB and 10 ms on the public server, which answers nobody else meanwhile."""

OLD_SERVER: Final = "the server shows no queues; only tasks assigned to agents are found"

STATUSES: Final[wire.Argument] = ["idle", "working"]

WORKING_ROWS: Final = 50
"""Room in the last pages below the limit: without it a row that is worked on would cost a call."""


class ListQuery:
    """One list of the server: everything, one queue, or one agent. Knows how far it was read."""

    def __init__(self, *, queue: QueueName | None = None, agent: AgentName | None = None) -> None:
        self.queue = queue
        self.agent = agent
        self.offset = 0
        self.idle = 0
        """How many of the rows that were read wait, or cannot be read."""
        self._first_id: TaskId | None = None

    def page(self, read: Read, page_rows: int) -> tuple[task_json.Rows, bool]:
        """The next page, and whether it was the last. Raises TaskServerError."""
        arguments: dict[str, wire.Argument] = {
            "status": STATUSES, "limit": page_rows, "offset": self.offset
        }  # fmt: skip
        tool = "list_tasks"
        if self.queue is not None:
            tool = "get_queue_tasks"
            arguments["queue_name"] = self.queue
        elif self.agent is not None:
            arguments["assigned_to"] = self.agent
        rows = task_json.rows_of(read(tool, arguments))
        self.offset += rows.received
        self.idle += rows.received - sum(task.status == "working" for task in rows.tasks)
        before, self._first_id = self._first_id, rows.tasks[0].id if rows.tasks else None
        # More than asked for, or the same again: the server knows no pages, and this was everything.
        is_repeated = before is not None and before == self._first_id
        if rows.is_cut and (is_repeated or not rows.received):
            raise ServerUnavailable("the task server ends a list early, and gives nothing more when asked")
        return rows, not rows.is_cut and (is_repeated or rows.received != page_rows)


class Gathering:
    """What has come so far. Rows shift between pages while others write: each task counts once."""

    def __init__(self, queues: Sequence[QueueName], agents: Sequence[AgentName]) -> None:
        self._queues = frozenset(queues)
        self._agents = frozenset(agents)
        self._seen: set[TaskId] = set()
        self._ours: list[Task] = []
        self._working: list[Task] = []
        self._looked_at = 0
        self.parents: set[TaskId] = set()
        self.has_queues = True
        self._bad: dict[tuple[QueueName | None, AgentName | None], list[str]] = {}
        self._gaps: list[QueueGap] = []

    @property
    def looked_at(self) -> int:
        """Different tasks that wait, ours or not."""
        return self._looked_at

    def add(self, rows: task_json.Rows, query: ListQuery) -> None:
        """Take in a page."""
        for task in rows.tasks:
            if task.id not in self._seen:
                self._seen.add(task.id)
                self._looked_at += task.status != "working"
                self._take(task)
        for bad in rows.bad:
            self._note_bad(bad, query)

    def _take(self, task: Task) -> None:
        """A filter that an older server ignores is applied here again."""
        if task.status == "complete" or task.archived_at is not None:
            return
        if task.parent_id is not None:
            self.parents.add(task.parent_id)
        if self._is_ours(task):
            (self._ours if task.status == "idle" else self._working).append(task)

    def _is_ours(self, task: Task) -> bool:
        """Tasks of our queues that others hold included: the planner says why they are not started."""
        return task.queue in self._queues or task.assigned_to in self._agents

    def _note_bad(self, bad: task_json.BadRow, query: ListQuery) -> None:
        """Once per reason, whichever lists show it; nothing when it is readably not ours."""
        place: tuple[QueueName | None, AgentName | None] = (query.queue, query.agent)
        if bad.queue in self._queues:
            place = (bad.queue, None)
        elif bad.assigned_to in self._agents:
            place = (None, bad.assigned_to)
        elif bad.queue is not None or bad.assigned_to is not None:
            return
        reasons = self._bad.setdefault(place, [])
        if bad.why not in reasons:
            reasons.append(bad.why)

    def miss(self, query: ListQuery, why: str) -> None:
        """A list that could not be read (to its end)."""
        self._gaps.append(QueueGap(query.queue, query.agent, why))

    def result(self, limit: int, *, is_cut: bool, more_parents: AbstractSet[TaskId] = frozenset()) -> Backlog:
        """In the server's order, tie-break included; at most ``limit`` tasks."""
        self._ours.sort(key=task_json.sort_key)
        self._working.sort(key=task_json.sort_key)
        unreadable = (
            QueueGap(queue, agent, f"{len(whys)} left out as unreadable: {faults.excerpt('; '.join(whys))}")
            for (queue, agent), whys in self._bad.items()
        )
        return Backlog(
            tasks=tuple(self._ours[:limit]),
            gaps=(*self._gaps, *unreadable),
            open_parents=frozenset(self.parents | more_parents),
            is_cut=is_cut or len(self._ours) > limit,
            working=tuple(self._working),
            has_queues=self.has_queues,
        )


def backlog(
    read: Read,
    queues: Sequence[QueueName],
    agents: Sequence[AgentName],
    *,
    limit: int,
    habits: Habits = UNKNOWN,
) -> Backlog:
    """``ports.TaskServer.backlog``. Raises the first TaskServerError when no list could be read."""
    first = Gathering(queues, agents)
    if not queues and not agents:
        return first.result(limit, is_cut=False)
    read = OneStatusAtMost(read, habits)
    queries = [*(ListQuery(queue=queue) for queue in queues), *(ListQuery(agent=agent) for agent in agents)]
    error: TaskServerError | None = None
    try:
        is_all = _read_everything(read, first, queries, limit=limit, habits=habits)
    except (faults.NotSent, faults.SessionNeeded):
        raise
    except TaskServerError as found:
        # A page of everything may be too large, or not allowed, where one queue is not.
        error, is_all = found, False
    if is_all:
        return first.result(limit, is_cut=False)
    turn = InTurn(read, Gathering(queues, agents), limit=limit, first_error=error)
    turn.gathering.has_queues = first.has_queues
    is_cut = turn.run([query for query in queries if first.has_queues or query.queue is None])
    return turn.gathering.result(limit, is_cut=is_cut, more_parents=first.parents)


def _read_everything(
    read: Read, gathering: Gathering, queries: list[ListQuery], *, limit: int, habits: Habits
) -> bool:
    """One page of all tasks. True: that was everything. Raises TaskServerError."""
    everything = ListQuery()
    rows, is_last = everything.page(read, min(PAGE_ROWS, limit + 1))
    gathering.add(rows, everything)
    gathering.has_queues = rows.has_queues or habits.has_queues()
    if is_last and gathering.has_queues and not rows.has_queues:
        for query in queries:
            if query.queue is not None:
                gathering.miss(query, OLD_SERVER)
    return is_last and gathering.looked_at <= limit


class InTurn:
    """Reads several lists, a page of each in turn."""

    def __init__(
        self, read: Read, gathering: Gathering, *, limit: int, first_error: TaskServerError | None
    ) -> None:
        self.gathering = gathering
        self._read = read
        self._limit = limit
        self._page_rows = PAGE_ROWS
        self._first_error = first_error
        self._pages = 0
        self._is_cut = False

    def run(self, queries: Sequence[ListQuery]) -> bool:
        """Whether the limit left something unread. Raises the first error when no page was read."""
        waiting = deque(queries)
        while waiting and self.gathering.looked_at <= self._limit:
            query = waiting.popleft()
            try:
                if not self._read_page(query):
                    waiting.append(query)
            except faults.NotSent as error:
                # Nobody is there any more: the other lists need not be asked to know it.
                for missed in (query, *waiting):
                    self._miss(missed, error)
                waiting.clear()
            except TaskServerError as error:
                self._miss(query, error)
        if self._pages == 0 and self._first_error is not None:
            raise self._first_error
        return self._is_cut or bool(waiting)

    def _read_page(self, query: ListQuery) -> bool:
        """True: the list is read to its end. Raises TaskServerError."""
        # One more than the limit, so that reaching it and passing it are not confused.
        wanted = min(self._page_rows, max(self._limit + 1 - self.gathering.looked_at, WORKING_ROWS))
        try:
            rows, is_last = query.page(self._read, wanted)
        except faults.AnswerTooLarge:
            if wanted == 1:
                raise
            self._page_rows = max(1, wanted // 4)
            return False
        self._pages += 1
        self.gathering.add(rows, query)
        # Rows that shift or cannot be read do not count as looked at, and must not be paged for ever.
        is_too_long = not is_last and (query.idle > self._limit or query.offset > 2 * self._limit + PAGE_ROWS)
        self._is_cut = self._is_cut or is_too_long
        return is_last or is_too_long

    def _miss(self, query: ListQuery, error: TaskServerError) -> None:
        self._first_error = self._first_error or error
        is_old = isinstance(error, faults.UnknownTool) and query.queue is not None
        self.gathering.miss(query, OLD_SERVER if is_old else error.message)
