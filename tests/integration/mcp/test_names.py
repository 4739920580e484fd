"""Whose name stands in the history of a task for what a pass has changed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.task_server.serving import serving
from tests.integration.mcp.known import ONE
from tests.integration.stub_server import Kind, StubServer
from tinyscheduler.adapters.mcp.desk import McpTaskDesk
from tinyscheduler.adapters.mcp.manners import Manner, Manners, Memory
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.model.desk import TaskDraft


def test_on_our_own_server_it_is_the_schedulers(tmp_path: Path) -> None:
    """Somebody would sound like a stranger. Passes ask for no list of tools: commands have, for a day."""
    memory = Memory(str(tmp_path / "cache" / "task_servers.json"))
    with (
        serving(tmp_path) as server,
        closing(McpTaskDesk(server.endpoint, headers={}, timeout_s=30, memory=memory)) as desk,
        closing(McpTaskServer(server.endpoint, timeout_s=30, memory=memory)) as client,
    ):
        desk.add(TaskDraft("a task", "ann", queue="dev", once_by=("x",), tags=("x",)))
        client.update(ONE, status="working", assigned_to="bob")
        told = desk.history(ONE)

    assert told is not None
    assert (told[-1].action, told[-1].by) == ("updated", "tinyscheduler")


@pytest.mark.parametrize("kind", ["public", "newer"])
def test_a_server_that_was_ours_a_moment_ago_is_written_to_all_the_same(tmp_path: Path, kind: Kind) -> None:
    """It refuses the name, and no task is to suffer for that."""
    memory = Memory(str(tmp_path / "cache" / "task_servers.json"))
    with StubServer(kind) as stub, closing(McpTaskServer(stub.url, timeout_s=15, memory=memory)) as client:
        stub.store.add(queue_name="dev")
        Manners(client.source, memory).learn(Manner(tools=frozenset({"claim_task", "update_task"})))

        task = client.update(ONE, status="working", assigned_to="bob")

    assert (task.status, task.assigned_to) == ("working", "bob")
