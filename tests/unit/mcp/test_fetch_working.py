"""Tasks that are worked on, beside those that wait: the same lists, the same calls (features B7)."""

from collections.abc import Mapping

from tests.unit.mcp.test_fetch import Server, a_row, gather, ids, many
from tinyscheduler.adapters.mcp import wire
from tinyscheduler.errors import ServerRefused
from tinyscheduler.model.snapshot import Backlog


class OlderServer(Server):
    """Takes one status at a time."""

    def __call__(self, tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        if not isinstance(arguments["status"], str):
            self.asked.append("refused")
            raise ServerRefused("Error calling tool list_tasks: [ invalid_type ]")
        return super().__call__(tool, arguments)

    def _is_wanted(self, row: object, arguments: Mapping[str, wire.Argument]) -> bool:
        is_status = not isinstance(row, dict) or row["status"] == arguments["status"]
        return is_status and super()._is_wanted(row, arguments)


def working(found: Backlog) -> list[int]:
    return [int(task.id) for task in found.working]


def test_what_is_worked_on_comes_with_the_same_call() -> None:
    server = Server(
        a_row(1),
        a_row(2, status="working", assigned_to="bob"),
        a_row(3, status="working", queue_name="x", assigned_to="sue"),
        a_row(4, status="working", queue_name="x"),
    )

    found = gather(server)

    assert (ids(found), working(found)) == ([1], [2, 3])
    assert server.asked == ["everything"]


def test_what_is_worked_on_does_not_count_towards_the_limit() -> None:
    server = Server(*many(600, status="working"), *(a_row(number) for number in range(1001, 1004)))

    found = gather(server, limit=300)

    assert (ids(found), found.is_cut) == ([1001, 1002, 1003], False)
    assert len(working(found)) == 600


def test_a_server_where_everything_is_worked_on_is_not_read_for_ever() -> None:
    server = Server(*many(50_000, status="working"))

    found = gather(server, limit=1_000)

    assert (found.tasks, found.is_cut) == ((), True)
    assert len(server.asked) < 20


def test_a_server_that_takes_one_status_at_a_time_is_asked_for_what_waits() -> None:
    """What is worked on stays unknown then, and is asked for task by task."""
    server = OlderServer(*many(600), a_row(700, status="working"))

    found = gather(server)

    assert (len(found.tasks), found.working, found.gaps) == (600, (), ())
    assert server.asked.count("refused") == 1


def test_a_refusal_after_a_list_was_taken_is_about_something_else() -> None:
    server = Server(*many(600))
    server.failing["qa"] = ServerRefused("no")

    gather(server)

    assert server.asked.count("qa") == 1
