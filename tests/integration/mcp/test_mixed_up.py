"""An answer about another task, as a proxy that mixes up two clients gives it: our ids all begin at 1."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.integration.mcp.known import BOB, ONE, SUE
from tests.integration.stub_server import Handler, Message, StubServer
from tinyscheduler.adapters.mcp.desk import McpTaskDesk
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.desk import NewLink, TaskDraft, TaskEdit
from tinyscheduler.model.ids import TaskId

Act = Callable[[McpTaskDesk, McpTaskServer], object]
WRITES: dict[str, Act] = {
    "update": lambda _, line: line.update(ONE, status="working"),
    "move": lambda _, line: line.move(ONE, current=BOB, new=SUE, comment="x"),
    "comment": lambda _, line: line.comment(ONE, "x", "bob"),
    "change": lambda desk, _: desk.change(ONE, TaskEdit(title="x")),
    "no queue": lambda desk, _: desk.change(ONE, TaskEdit(queue="")),
    "say": lambda desk, _: desk.comment(ONE, "x", "bob"),
    "link": lambda desk, _: desk.link(ONE, NewLink("http://x", "bob")),
    "hand over": lambda desk, _: desk.move(ONE, current=BOB, new=SUE, comment="x"),
    "archive": lambda desk, _: desk.archive(ONE),
}
READS: dict[str, Act] = {"get": lambda _, line: line.get(ONE), "show": lambda desk, _: desk.get(ONE)}


def of_task_two(handler: Handler, message: Message) -> None:
    """Does what was asked for, with another task."""
    params = message["params"]
    assert isinstance(params, dict)
    given = params["arguments"]
    mixed_up = {name: 2 if name in ("id", "task_id") else value for name, value in given.items()}
    body = {**message, "params": {**params, "arguments": mixed_up}}
    handler.server.stub.front.post(handler, json.dumps(body).encode())


@pytest.fixture
def both(stub: StubServer) -> Iterator[tuple[McpTaskDesk, McpTaskServer]]:
    for _ in range(2):
        stub.store.add(assigned_to="bob", queue_name="dev")
    desk = McpTaskDesk(stub.url, headers={}, timeout_s=10)
    with closing(desk), closing(McpTaskServer(stub.url)) as line:
        # What the server is like is found out before anything is mixed up.
        desk.get(ONE)
        line.get(ONE)
        yield desk, line


@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES)
def test_a_write_that_is_answered_for_another_task_is_unclear(
    stub: StubServer, both: tuple[McpTaskDesk, McpTaskServer], act: Act
) -> None:
    stub.script(*[of_task_two] * 3)

    with pytest.raises(ServerUnavailable, match="asked about task 1 and answered about 2") as caught:
        act(*both)

    assert caught.value.maybe_applied


@pytest.mark.parametrize("act", READS.values(), ids=READS)
def test_what_is_read_of_another_task_is_not_believed(
    stub: StubServer, both: tuple[McpTaskDesk, McpTaskServer], act: Act
) -> None:
    stub.script(*[of_task_two] * 3)

    with pytest.raises(ServerUnavailable, match="asked about task 1 and answered about 2"):
        act(*both)


def of_task_one(handler: Handler, message: Message) -> None:
    """Makes nothing, and tells of what is there."""
    body = {**message, "params": {"name": "get_task", "arguments": {"id": 1}}}
    handler.server.stub.front.post(handler, json.dumps(body).encode())


MINE = TaskDraft("Tidy up", "tinyscheduler", tags=("schedule:tidy:2026-11-21T09:00Z",))


@pytest.mark.parametrize(
    "differs",
    [{"title": "other"}, {"created_by": "sue"}, {"tags": ["schedule:tidy:2026-11-21T10:00Z"]}, {"tags": []}],
    ids=lambda row: "".join(f"{key} {value}" for key, value in row.items()),
)
def test_a_new_task_that_is_another_one_is_not_believed(stub: StubServer, differs: dict[str, object]) -> None:
    """An import went on with it: gave it to an agent, and made subtasks of it."""
    row = {"title": MINE.title, "created_by": MINE.created_by, "tags": list(MINE.tags), **differs}
    stub.store.add(**row)
    stub.always("create_task", of_task_one)

    with (
        closing(McpTaskDesk(stub.url, headers={}, timeout_s=10)) as desk,
        pytest.raises(ServerUnavailable, match="asked to make a task and answered about") as caught,
    ):
        desk.add(MINE)

    assert caught.value.maybe_applied


def test_a_new_task_whose_text_the_server_has_mended_is_ours(stub: StubServer) -> None:
    stub.store.add(title="Tidy up", created_by=None, tags=["a", "b \ufffd"])
    stub.always("create_task", of_task_one)

    with closing(McpTaskDesk(stub.url, headers={}, timeout_s=10)) as desk:
        task = desk.add(TaskDraft(" Tidy \x0bup\n", "sue", tags=(" a", "b \ud83d")))

    assert task.id == "1"


def test_a_number_with_zeros_before_it_is_the_same_task(both: tuple[McpTaskDesk, McpTaskServer]) -> None:
    assert both[0].get(TaskId("001")).task.id == "1"
