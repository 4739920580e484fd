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
