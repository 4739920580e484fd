"""A task with more comments than the client reads: its fault, and nobody else's."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.task_server.serving import serving
from tests.integration import stub_behaviours as stubs
from tests.integration.mcp.known import ONE
from tests.integration.stub_server import StubServer
from tinyscheduler.adapters.mcp.desk import McpTaskDesk
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import TaskUnreadable
from tinyscheduler.model.ids import TaskId
from tinyscheduler.taskstore.listing import PAGE_ROWS_MAX
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store


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


def test_a_parent_with_more_subtasks_than_a_list_holds_is_asked_for_an_open_one(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        store = Store(str(tmp_path / "state" / "tasks.db"))
        store.create_tasks([NewTask("parent", "me")])
        low, high = NewTask("t", "me", parent_task_id=1), NewTask("t", "me", parent_task_id=1, priority=1)
        store.create_tasks([low, *[high] * PAGE_ROWS_MAX])
        done = "UPDATE tasks SET status = 'complete' WHERE priority = 1"
        store.write(lambda c, _: c.execute(done))
        with closing(McpTaskServer(f"{running.endpoint}/mcp")) as server:
            assert server.has_open_children(ONE) is True
            store.update_task(2, {"status": "complete"})
            assert server.has_open_children(ONE) is False
        store.close()
