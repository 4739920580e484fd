"""Tags are added and taken away on servers that only know all of them, where somebody else does so too."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from tests.integration.stub_server import Handler, Message, StubServer
from tinyscheduler.adapters.mcp.desk import McpTaskDesk
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.desk import TaskEdit
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import TagChange

TASK = TaskId("1")


def overwritten(handler: Handler, request: Message) -> None:
    """Carried out; then somebody who had read the task before writes all of its tags."""
    stub = handler.server.stub
    stub.front.post(handler, json.dumps(request).encode())
    stub.store.change(1, {"tags": ["theirs"]})


def test_a_tag_that_another_hand_has_overwritten_is_added_once_more_and_nothing_else_is() -> None:
    """An agent has claimed it meanwhile."""
    with StubServer() as stub, closing(McpTaskDesk(stub.url, headers={}, timeout_s=30.0)) as desk:
        stub.store.add(tags=["old"])
        desk.get(TASK)
        written: list[object] = []

        def once(handler: Handler, request: Message) -> None:
            is_first = not written
            written.append(request)
            if is_first:
                overwritten(handler, request)
                handler.server.stub.store.change(1, {"status": "working"})
            else:
                handler.server.stub.front.post(handler, json.dumps(request).encode())

        stub.always("update_task", once)
        desk.change(TASK, TaskEdit(status="idle", tags=TagChange(added=("needs-approval",))))

        seen = desk.get(TASK).task
        assert (seen.tags, seen.status) == (("theirs", "needs-approval"), "working")
        assert len(written) == 2


def test_a_tag_that_is_overwritten_again_and_again_is_not_said_to_be_there() -> None:
    with StubServer() as stub, closing(McpTaskDesk(stub.url, headers={}, timeout_s=30.0)) as desk:
        stub.store.add(tags=["old"])
        stub.always("update_task", overwritten)

        with pytest.raises(ServerUnavailable, match="others change the tags of task 1"):
            desk.change(TASK, TaskEdit(tags=TagChange(added=("needs-approval",))))
