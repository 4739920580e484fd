"""Which lists are asked for, and what is made of them; the server is a function."""

from collections.abc import Callable, Mapping

import pytest

from tinyscheduler.adapters.mcp import faults, fetch, wire
from tinyscheduler.errors import ServerRefused, ServerUnavailable, TaskServerError
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.snapshot import Backlog, QueueGap

DEV, QA = QueueName("dev"), QueueName("qa")
BOB, SUE = AgentName("bob"), AgentName("sue")
Row = dict[str, object]


def a_row(number: int, **given: object) -> Row:
    return {
        "id": number, "title": "t", "status": "idle", "assigned_to": None, "queue_name": "dev",
        "priority": 0, "created_at": "2026-11-20T13:04:20Z", "archived_at": None, **given,
    }  # fmt: skip


class Server:
    """Pages as the real one does; some questions fail. ``asked`` is what it was asked for, in order."""

    def __init__(self, *rows: Row) -> None:
        self.rows: list[object] = list(rows)
        self.failing: dict[str, TaskServerError] = {}
        """By tool, or by the name of a queue or agent."""
        self.asked: list[str] = []
        self.answer_max_rows = 10**9
        self.knows_pages = True

    def __call__(self, tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        name = str(arguments.get("queue_name") or arguments.get("assigned_to") or "everything")
        self.asked.append(name)
        for key in (tool, name):
            if key in self.failing:
                raise self.failing[key]
        found = [row for row in self.rows if self._is_wanted(row, arguments)]
        start, limit = int(str(arguments["offset"])), int(str(arguments["limit"]))
        page = found[start : start + limit] if self.knows_pages else found
        if len(page) > self.answer_max_rows:
            raise faults.AnswerTooLarge("too large")
        return {"tasks": page}

    def _is_wanted(self, row: object, arguments: Mapping[str, wire.Argument]) -> bool:
        names = [n for n in ("queue_name", "assigned_to") if n in arguments]
        return not isinstance(row, dict) or all(row.get(n) == arguments[n] for n in names)


def gather(server: Callable[[str, Mapping[str, wire.Argument]], object], limit: int = 10_000) -> Backlog:
    return fetch.backlog(server, (DEV, QA), (BOB, SUE), limit=limit)


def ids(found: Backlog) -> list[int]:
    return [int(task.id) for task in found.tasks]


def many(count: int, **given: object) -> list[Row]:
    return [a_row(number, **given) for number in range(1, count + 1)]


def test_one_question_is_enough_while_everything_fits_on_a_page() -> None:
    """A pass with nothing to do costs one call, however many queues and agents there are."""
    server = Server(a_row(1), a_row(2, queue_name="x"), a_row(3, queue_name="x", assigned_to="bob"))

    assert ids(gather(server)) == [1, 3]
    assert server.asked == ["everything"]


def test_asking_for_nothing_asks_nothing() -> None:
    server = Server(a_row(1))

    assert fetch.backlog(server, (), (), limit=10) == Backlog(())
    assert server.asked == []


def test_past_one_page_each_queue_and_agent_is_asked_in_turn() -> None:
    server = Server(*many(700), a_row(800, queue_name="qa"), a_row(900, queue_name="x", assigned_to="sue"))

    found = gather(server)

    assert len(found.tasks) == 702
    assert not found.is_cut
    assert server.asked == ["everything", "dev", "qa", "bob", "sue", "dev"]


def test_a_long_list_of_strangers_hides_none_of_ours() -> None:
    server = Server(*many(5_000, queue_name="x"), a_row(9_000, queue_name="qa"))

    assert ids(gather(server)) == [9_000]


def test_the_limit_cuts_and_says_so_and_is_not_reached_early() -> None:
    assert gather(Server(*many(3)), limit=3).is_cut is False
    assert len(gather(Server(*many(4)), limit=3).tasks) == 3
    assert gather(Server(*many(4)), limit=3).is_cut is True


def test_a_long_queue_does_not_crowd_out_the_others() -> None:
    server = Server(*many(2_000), a_row(5_000, queue_name="qa", priority=9))

    found = gather(server, limit=1_000)

    assert (ids(found)[0], found.is_cut, len(found.tasks)) == (5_000, True, 1_000)


def test_tasks_seen_by_queue_and_by_assignee_count_once() -> None:
    server = Server(*many(600, assigned_to="bob"))

    found = gather(server, limit=600)

    assert (len(found.tasks), found.is_cut) == (600, False)


def test_rows_that_shift_between_pages_are_taken_once() -> None:
    """Somebody adds an urgent task while we read: the last row of a page comes again."""
    server = Server(*many(700))

    def shifting(tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        if arguments["offset"] == 500:
            server.rows.insert(0, a_row(5_000))
        return server(tool, arguments)

    assert ids(gather(shifting)) == list(range(1, 701))


def test_what_an_older_server_does_not_filter_is_filtered_here() -> None:
    archived = a_row(3, archived_at="2026-11-20T13:04:20Z")

    assert ids(
        gather(Server(a_row(1, status="working"), a_row(2, status="complete"), archived, a_row(4)))
    ) == [4]


def test_a_server_that_knows_no_pages_is_not_asked_for_ever() -> None:
    server = Server(*many(501))
    server.knows_pages = False

    assert len(gather(server).tasks) == 501


def test_a_server_that_always_gives_the_same_page_is_not_asked_for_ever() -> None:
    page = {"tasks": many(500)}

    assert len(gather(lambda _tool, _arguments: page).tasks) == 500


def test_a_page_that_the_server_has_cut_is_not_the_last() -> None:
    """The embedded one ends a page where the texts are long; without the rest, urgent tasks of one queue
    would hide those of all others."""
    server = Server(*many(150), a_row(800, queue_name="qa"))

    def cutting(tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        page = server(tool, {**arguments, "limit": 88})
        rows = page["tasks"] if isinstance(page, dict) else []
        return {"tasks": rows, "is_cut": True} if len(rows) == 88 else {"tasks": rows}

    found = gather(cutting)

    assert (len(found.tasks), found.gaps, found.is_cut) == (151, (), False)
    assert 800 in ids(found)


@pytest.mark.parametrize("rows", [[], [a_row(1)]])
def test_a_server_that_has_more_and_gives_nothing_is_a_gap(rows: list[Row]) -> None:
    found_or_error: Backlog | ServerUnavailable
    try:
        found_or_error = gather(lambda _tool, _arguments: {"tasks": rows, "is_cut": True})
    except ServerUnavailable as error:
        found_or_error = error

    assert isinstance(found_or_error, ServerUnavailable) or len(found_or_error.gaps) == 4


def test_rows_that_cannot_be_read_are_not_paged_for_ever() -> None:
    def endless(_tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        return {"tasks": [{"id": None, "queue_name": "dev"}] * int(str(arguments["limit"]))}

    found = gather(endless, limit=2_000)

    assert (found.tasks, found.is_cut) == ((), True)
    assert found.gaps


def test_one_failing_queue_is_a_gap_and_the_others_are_known() -> None:
    server = Server(*many(600), a_row(800, queue_name="qa"))
    server.failing["qa"] = ServerRefused("no")

    found = gather(server)

    assert found.gaps == (QueueGap(QA, None, "no"),)
    assert len(found.tasks) == 600


def test_a_failing_agent_is_a_gap() -> None:
    server = Server(*many(600))
    server.failing["sue"] = ServerUnavailable("gone")

    assert gather(server).gaps == (QueueGap(None, SUE, "gone"),)


def test_where_everything_may_not_be_asked_queues_and_agents_are() -> None:
    server = Server(a_row(1), a_row(2, queue_name="x", assigned_to="bob"))
    server.failing["everything"] = ServerUnavailable("forbidden")

    found = gather(server)

    assert (ids(found), found.gaps) == ([1, 2], ())


def test_when_nothing_can_be_asked_the_first_error_is_raised() -> None:
    server = Server(a_row(1))
    server.failing = {"list_tasks": ServerUnavailable("first"), "get_queue_tasks": ServerRefused("later")}

    with pytest.raises(ServerUnavailable, match="first"):
        gather(server)


def test_a_server_that_is_not_there_is_asked_once() -> None:
    server = Server()
    server.failing["list_tasks"] = faults.NotSent("refused")

    with pytest.raises(ServerUnavailable):
        gather(server)
    assert server.asked == ["everything"]


def test_a_server_that_goes_away_leaves_gaps_for_what_was_not_asked() -> None:
    server = Server(*many(600))
    server.failing["qa"] = faults.NotSent("refused")

    found = gather(server)

    assert [(gap.queue, gap.agent) for gap in found.gaps] == [
        (QA, None),
        (None, BOB),
        (None, SUE),
        (DEV, None),
    ]
    assert len(found.tasks) == 500


def test_pages_that_are_too_large_are_asked_for_in_smaller_ones() -> None:
    """500 tasks with texts of 100 kB are above the cap of an answer."""
    server = Server(*many(130))
    server.answer_max_rows = 10

    found = gather(server)

    assert (len(found.tasks), found.gaps) == (130, ())


def test_a_queue_with_a_task_that_is_too_large_is_a_gap() -> None:
    server = Server(*many(3))
    server.answer_max_rows = 0

    assert gather(server).gaps == (QueueGap(DEV, None, "too large"),)


def test_an_unreadable_task_is_a_gap_of_its_queue_and_hides_nothing() -> None:
    server = Server(
        a_row(1, created_at=None), a_row(2), a_row(3, status="done"), a_row(4, queue_name="x", id=None)
    )

    found = gather(server)

    assert ids(found) == [2]
    assert [(gap.queue, gap.agent) for gap in found.gaps] == [(DEV, None)]
    assert "2 left out" in found.gaps[0].why
    assert "task 1 has created_at None" in found.gaps[0].why


def test_an_unreadable_task_of_our_agent_elsewhere_is_a_gap_of_the_agent() -> None:
    server = Server(a_row(1, queue_name="x", assigned_to="bob", status="?"))

    assert [(gap.queue, gap.agent) for gap in gather(server).gaps] == [(None, BOB)]


def test_a_row_that_could_be_anybodys_is_a_gap_without_a_place() -> None:
    server = Server(a_row(1))
    server.rows.append("text")

    found = gather(server)

    assert ids(found) == [1]
    assert [(gap.queue, gap.agent) for gap in found.gaps] == [(None, None)]


def test_an_older_server_says_so_and_still_gives_assigned_tasks() -> None:
    """It ignores what it does not know and has no queue in its rows."""
    mine = a_row(1, assigned_to="bob")
    del mine["queue_name"]

    found = gather(Server(mine))

    assert ids(found) == [1]
    assert found.gaps == (QueueGap(DEV, None, fetch.OLD_SERVER), QueueGap(QA, None, fetch.OLD_SERVER))


def test_an_older_server_with_many_tasks_says_so_once_for_each_queue() -> None:
    rows = many(600, assigned_to="bob")
    for row in rows:
        del row["queue_name"]
    server = Server(*rows)
    server.failing["get_queue_tasks"] = faults.UnknownTool("Unknown tool: get_queue_tasks")

    found = gather(server)

    assert len(found.tasks) == 600
    assert [gap.why for gap in found.gaps] == [fetch.OLD_SERVER] * 2


def test_parents_of_tasks_seen_are_open_wherever_the_children_are() -> None:
    server = Server(
        a_row(1), a_row(2, queue_name="x", parent_task_id=1), a_row(3, parent_task_id=9, status="complete")
    )

    assert gather(server).open_parents == {"1"}


def test_the_order_is_by_priority_age_and_number() -> None:
    server = Server(a_row(10), a_row(9), a_row(1, created_at="2027-01-01T00:00:00Z"), a_row(30, priority="5"))

    assert ids(gather(server)) == [30, 9, 10, 1]
