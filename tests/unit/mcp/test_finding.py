"""A list is got whole, or it is said what of it is missing; the server is a function."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.unit.mcp.test_fetch import Row, a_row, many
from tinyscheduler.adapters.mcp import faults, wire
from tinyscheduler.adapters.mcp.finding import PAGE_ROWS, find
from tinyscheduler.adapters.mcp.manners import Manners
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.desk import TaskList, TaskQuery
from tinyscheduler.model.ids import TaskId

ALL = TaskQuery(limit=100_000)


class Server:
    """Ends every page after so many rows, as the embedded one does where texts are long."""

    def __init__(self, *rows: object, page_rows: int = PAGE_ROWS) -> None:
        self.rows = list(rows)
        self.page_rows = page_rows
        self.answer_max_rows = 10**9
        self.asked = 0

    def __call__(self, _tool: str, arguments: Mapping[str, wire.Argument]) -> Row:
        self.asked += 1
        start, limit = int(str(arguments["offset"])), int(str(arguments["limit"]))
        wanted = self.rows[start : start + limit]
        if len(wanted) > self.answer_max_rows:
            raise faults.AnswerTooLarge("too large")
        page = wanted[: self.page_rows]
        return {"tasks": page, "is_cut": True} if len(page) < len(wanted) else {"tasks": page}


def found(server: Server, query: TaskQuery = ALL) -> TaskList:
    return find(server, query, Manners("http://x", None))


def test_a_page_that_the_server_has_cut_is_not_the_last() -> None:
    server = Server(*many(150), page_rows=88)

    listed = found(server)

    assert (len(listed.tasks), listed.is_cut, listed.gaps) == (150, False, ())


def test_a_server_that_has_more_and_gives_nothing_is_a_gap_and_not_asked_for_ever() -> None:
    class Stuck(Server):
        def __call__(self, _tool: str, arguments: Mapping[str, wire.Argument]) -> Row:
            super().__call__(_tool, arguments)
            return {"tasks": many(3), "is_cut": True}

    server = Stuck()

    assert found(server).gaps == ("the task server ends its list after 3 tasks, and says that it has more",)
    assert server.asked == 2


def test_rows_that_cannot_be_read_are_said() -> None:
    listed = found(Server(a_row(1), a_row(2, status="paused"), a_row(3, created_at="yesterday"), "text"))

    assert [task.id for task in listed.tasks] == ["1"]
    (gap,) = listed.gaps
    assert gap == (
        "3 left out as unreadable: task 2 has status 'paused'; task 3 has created_at 'yesterday'; "
        "a str stands where a task should"
    )


@pytest.mark.parametrize(
    ("query", "row"),
    [
        (TaskQuery(queue="dev"), a_row(2, status="paused", queue_name="qa")),
        (TaskQuery(assigned_to="bob"), a_row(2, status="paused", assigned_to="sue")),
        (TaskQuery(created_by="me"), a_row(2, status="paused", created_by="them")),
        (TaskQuery(tags=("ours",)), a_row(2, status="paused", tags=["theirs"])),
    ],
)
def test_a_row_that_is_readably_not_asked_for_is_no_gap(query: TaskQuery, row: Row) -> None:
    """A status of somebody else's stops nobody's imports and schedules."""
    assert found(Server(row), query).gaps == ()


@pytest.mark.parametrize("tags", [None, "ours", {"ours": 1}])
def test_a_row_whose_tags_nobody_can_tell_may_have_them(tags: object) -> None:
    assert found(Server(a_row(2, status="paused", tags=tags)), TaskQuery(tags=("ours",))).gaps


@pytest.mark.parametrize("row", ["text", a_row(1, id=None), a_row(1, status="?", queue_name="qa")])
def test_pages_without_anything_that_can_be_read_end(row: object) -> None:
    class Endless(Server):
        def __call__(self, _tool: str, arguments: Mapping[str, wire.Argument]) -> Row:
            return {"tasks": [row] * int(str(arguments["limit"]))}

    assert found(Endless(), TaskQuery(queue="dev")).tasks == ()


def test_pages_that_are_too_large_are_asked_for_in_smaller_ones() -> None:
    server = Server(*many(130))
    server.answer_max_rows = 10

    assert len(found(server).tasks) == 130


def test_one_task_that_is_too_large_is_an_error_and_not_left_out() -> None:
    server = Server(*many(3))
    server.answer_max_rows = 0

    with pytest.raises(ServerUnavailable, match="too large"):
        found(server)


class Busy(Server):
    """Its agents finish tasks while somebody reads: so many of the first rows are gone after each answer."""

    def __init__(self, *rows: object, gone: int, times: int = 10**9) -> None:
        super().__init__(*rows)
        self.gone = gone
        self.times = times

    def __call__(self, _tool: str, arguments: Mapping[str, wire.Argument]) -> Row:
        answer = super().__call__(_tool, arguments)
        if self.asked <= self.times:
            self.rows = self.rows[self.gone :]
        return answer


@pytest.mark.parametrize("gone", [1, 2, 60, 499, 500])
@pytest.mark.parametrize("total", [501, 999, 1000, 1001, 1499, 4000])
def test_no_row_falls_between_two_pages(total: int, gone: int) -> None:
    """A task that an import or a schedule does not see is made a second time."""
    server = Busy(*many(total), gone=gone, times=2)

    listed = found(server)

    missing = {str(number) for number in range(1, total + 1)} - {task.id for task in listed.tasks}
    assert missing <= {str(number) for number in range(1, 2 * gone + 1)}, "those are gone"
    assert listed.gaps == ()


def test_a_list_that_never_rests_is_said_to_be_so() -> None:
    listed = found(Busy(*many(10_000), gone=200))

    assert listed.gaps == ("the task server's list changes faster than it can be read: ask again",)


def test_a_few_that_go_cost_no_page_more() -> None:
    rests, works = Server(*many(1300)), Busy(*many(1300), gone=20)

    assert len(found(rests).tasks) == 1300
    assert len(found(works).tasks) == 1300
    assert rests.asked == works.asked == 3


@pytest.mark.parametrize("page_rows", [1, 2, 3, 7])
def test_pages_of_a_few_long_rows_come_to_their_end(page_rows: int) -> None:
    assert len(found(Server(*many(30), page_rows=page_rows)).tasks) == 30


class Endless(Server):
    """Makes up as many tasks as it is asked for, none of which is asked for."""

    def __call__(self, _tool: str, arguments: Mapping[str, wire.Argument]) -> Row:
        self.asked += 1
        first = int(str(arguments["offset"])) + 1
        return {"tasks": [a_row(number) for number in range(first, first + PAGE_ROWS)]}


def test_a_list_without_an_end_is_left_and_said_to_have_none() -> None:
    """Each page was counted with all before it: a look for the subtasks of one task went on for hours."""
    server = Endless()

    listed = find(server, TaskQuery(parent=TaskId("1"), limit=200), Manners("http://x", None), rows_max=2_000)

    (gap,) = listed.gaps
    assert not listed.tasks
    assert gap.startswith("the task server's list has no end after 2")
    assert gap.endswith(" tasks, and that is more than is looked at")
    assert server.asked == 5


def test_what_takes_too_long_is_left_and_said() -> None:
    listed = find(Endless(), ALL, Manners("http://x", None), limit_s=0)

    assert len(listed.tasks) == PAGE_ROWS
    assert listed.gaps == (
        "the task server's list has no end after 500 tasks, in all the time there is for it",
    )
