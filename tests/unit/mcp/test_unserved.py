"""Counting what lies elsewhere on a server that has more than a page of tasks."""

from __future__ import annotations

from collections.abc import Mapping

from tinyscheduler.adapters.mcp import wire
from tinyscheduler.adapters.mcp.faults import UnknownTool
from tinyscheduler.adapters.mcp.fetch import PAGE_ROWS
from tinyscheduler.adapters.mcp.unserved import QUEUES_ASKED_MAX, unserved
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.unserved import Unserved

DEV, BOB = QueueName("dev"), AgentName("bob")


def a_row(number: int, queue: str | None = "dev", **more: object) -> dict[str, object]:
    return {
        "id": number,
        "title": "a task",
        "status": "idle",
        "queue_name": queue,
        "created_at": "2026-11-20T13:04:20Z",
        "updated_at": "2026-11-20T13:04:20Z",
        **more,
    }


class Server:
    """Knows pages, as the public one does; counts its calls."""

    def __init__(self, rows: list[dict[str, object]], *, has_queues: bool = True) -> None:
        self.rows = rows
        self.has_queues = has_queues
        self.calls: list[str] = []

    def __call__(self, tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        self.calls.append(tool)
        if tool == "list_queues" and self.has_queues:
            return {"queues": sorted({str(row["queue_name"]) for row in self.rows if row["queue_name"]})}
        if tool == "list_tasks":
            return {"tasks": self.rows[: int(str(arguments["limit"]))]}
        if tool == "get_queue_tasks":
            rows = [row for row in self.rows if row["queue_name"] == arguments["queue_name"]]
            return {"tasks": rows[: int(str(arguments["limit"]))]}
        raise UnknownTool(f"Unknown tool: {tool}")


def test_a_short_list_costs_one_call() -> None:
    server = Server([a_row(1), a_row(2, "devv")])

    assert unserved(server, [DEV], [BOB]) == (Unserved(QueueName("devv"), None, 1),)
    assert server.calls == ["list_tasks"]


def test_a_list_that_the_server_has_cut_is_a_long_one() -> None:
    server = Server([a_row(1), a_row(2, "devv")])

    def cutting(tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        answer = server(tool, arguments)
        return {**answer, "is_cut": True} if isinstance(answer, dict) and "tasks" in answer else answer

    assert unserved(cutting, [DEV], [BOB]) == (Unserved(QueueName("devv"), None, 1, is_least=True),)


def test_of_a_long_list_each_other_queue_is_counted_by_a_page() -> None:
    """The last of them were not on the first page, and one was there in part."""
    rows = [a_row(n) for n in range(PAGE_ROWS - 1)] + [a_row(10_000 + n, "devv") for n in range(3)]
    server = Server([*rows, a_row(20_000, "qq", assigned_to="sue")])

    found = unserved(server, [DEV], [BOB])

    assert found == (
        Unserved(QueueName("devv"), None, 3),
        Unserved(QueueName("qq"), AgentName("sue"), 1),
    )
    assert server.calls == ["list_tasks", "list_queues", "get_queue_tasks", "get_queue_tasks"]


def test_what_was_not_counted_to_its_end_says_so() -> None:
    rows = [a_row(1 + n, None) for n in range(3)] + [a_row(10 + n, "devv") for n in range(PAGE_ROWS + 7)]

    found = unserved(Server(rows), [DEV], [BOB])

    assert found == (
        Unserved(QueueName("devv"), None, PAGE_ROWS, is_least=True),
        Unserved(None, None, 3, is_least=True),
    )


def test_a_server_with_a_thousand_names_is_asked_for_some() -> None:
    rows = [a_row(n) for n in range(PAGE_ROWS)] + [a_row(1_000 + n, f"team-{n:04}") for n in range(1_000)]
    server = Server(rows)

    assert len(unserved(server, [DEV], [BOB])) == QUEUES_ASKED_MAX
    assert len(server.calls) == 2 + QUEUES_ASKED_MAX


def test_a_server_from_before_there_were_queues_has_none() -> None:
    rows = [{key: value for key, value in a_row(1).items() if key != "queue_name"}]

    assert unserved(Server(rows, has_queues=False), [DEV], [BOB]) == ()


def test_a_server_that_cannot_name_its_queues_is_believed_for_its_first_page() -> None:
    rows = [a_row(1, "devv"), *(a_row(2 + n) for n in range(PAGE_ROWS))]

    found = unserved(Server(rows, has_queues=False), [DEV], [BOB])

    assert [(one.queue, one.tasks) for one in found] == [("devv", 1)]


def test_names_that_are_no_names_are_passed_over() -> None:
    class Odd(Server):
        def __call__(self, tool: str, arguments: Mapping[str, wire.Argument]) -> object:
            answer = super().__call__(tool, arguments)
            return {"queues": [None, 5, "", "dev"]} if tool == "list_queues" else answer

    assert unserved(Odd([a_row(n) for n in range(PAGE_ROWS)]), [DEV], [BOB]) == ()
