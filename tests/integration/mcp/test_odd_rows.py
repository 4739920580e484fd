"""Rows as the public server has them, read by a pass and by a desk."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.integration.mcp.known import BOB, DEV, ONE
from tests.integration.stub_server import StubServer
from tinyscheduler.adapters.mcp.desk import McpTaskDesk
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.model.desk import TaskEdit, TaskQuery


@pytest.mark.parametrize("nobody", [None, "", "null"])
def test_nobody_has_three_spellings(stub: StubServer, client: McpTaskServer, nobody: str | None) -> None:
    stub.store.add(assigned_to=nobody)

    (task,) = client.backlog((DEV,), (BOB,), 10).tasks
    taken = client.update(ONE, assigned_to="bob [lease 1]")

    assert task.assigned_to is None
    assert taken.previous_assigned_to is None, "a claim has won when it replaced nobody"


def test_ties_are_in_the_order_of_their_ids(stub: StubServer, client: McpTaskServer) -> None:
    for _ in range(12):
        stub.store.add()
    with closing(McpTaskDesk(stub.url, headers={}, timeout_s=10)) as desk:
        listed = desk.find(TaskQuery(statuses=("idle", "working"))).tasks

    found = client.backlog((DEV,), (BOB,), 100).tasks

    ids = [str(number) for number in range(1, 13)]
    assert [task.id for task in found] == [task.id for task in listed] == ids


def test_who_changes_a_task_is_told_to_a_server_that_writes_it_down_and_to_no_other(stub: StubServer) -> None:
    """The public server refuses arguments that it does not know."""
    stub.store.add()
    with closing(McpTaskDesk(stub.url, headers={}, timeout_s=10)) as desk:
        desk.change(ONE, TaskEdit(title="new", by="alice"))

    assert stub.requests[-1].arguments == {"id": 1, "title": "new"}
