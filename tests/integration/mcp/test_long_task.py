"""A task with more comments than the client reads: its fault, and nobody else's."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.integration import stub_behaviours as stubs
from tests.integration.mcp.known import ONE
from tests.integration.stub_server import StubServer
from tinyscheduler.adapters.mcp.desk import McpTaskDesk
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import TaskUnreadable
from tinyscheduler.model.ids import TaskId


def test_a_task_that_is_too_long_is_its_own_fault(stub: StubServer) -> None:
    stub.store.add()
    stub.store.add()
    stub.script(stubs.huge(17), stubs.huge(17))

    desk = McpTaskDesk(stub.url, headers={}, timeout_s=20)
    with closing(McpTaskServer(stub.url)) as server, closing(desk):
        with pytest.raises(TaskUnreadable, match="Task 1 with its comments"):
            server.get(ONE)
        with pytest.raises(TaskUnreadable, match="Task 1 with its comments"):
            desk.get(ONE)
        assert server.get(TaskId("2")).task.id == "2"


def test_a_parent_whose_subtasks_are_too_long_is_asked_for_an_open_one(stub: StubServer) -> None:
    """A description may have a million characters, and twenty complete subtasks stopped every start."""
    stub.store.add()
    stub.store.add(parent_task_id=1, status="complete")
    stub.script(stubs.huge(17))

    with closing(McpTaskServer(stub.url)) as server:
        assert server.has_open_children(ONE) is False
        stub.store.add(parent_task_id=1)
        stub.script(stubs.huge(17))
        assert server.has_open_children(ONE) is True
