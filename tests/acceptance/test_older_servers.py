"""The same program, pointed at task servers as people run them: in the older transport, and older themselves
(features G1). Nothing is set but the endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Literal

import pytest

from tests.acceptance.scene import Scene
from tests.integration.commands import an_agent
from tests.integration.stub_server import StubServer
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
ADDS_A_COMMENT = '"$TINYSCHEDULER_TASK_CMD" comment "$TINYSCHEDULER_TASK_ID" "half way"'


@pytest.mark.parametrize("kind", ["public", "sse", "newer", "old"])
def test_a_task_is_taken_spoken_of_and_completed(
    a_scene: MakeScene, kind: Literal["public", "sse", "newer", "old"]
) -> None:
    """By an agent that speaks through ``task`` as well."""
    with StubServer(kind) as stub:
        scene = a_scene(an_agent("dev-1", script=ADDS_A_COMMENT), MCP_ENDPOINT=stub.url)
        stub.store.add(assigned_to="dev-1")
        stub.store.add(assigned_to="a-person", queue_name=None)
        planned = json.loads(scene.call("run", "--dry-run", "--json").out)
        memory = scene.base / "state" / "cache" / "task_servers.json"
        is_left_by_looking = memory.exists()

        answer = scene.call("run", "--once")
        wait_until(lambda: stub.store.tasks[1]["status"] == "complete", "it is done")
        scene.wait_for_rest()
        status = json.loads(scene.call("status", "--json").out)

    assert [row["task_id"] for row in planned["start"]] == [1]
    assert not is_left_by_looking
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert "half way" in [said["content"] for said in stub.store.comments]
    is_noted = "no-queues" in [problem["ref"] for problem in status["notes"]]
    assert is_noted == (kind == "old")
    assert memory.exists() == (kind != "public")


def test_what_an_older_server_cannot_keep_is_refused_in_one_line(a_scene: MakeScene) -> None:
    with StubServer("old") as stub:
        scene = a_scene(an_agent("dev-1"), MCP_ENDPOINT=stub.url)

        refused = scene.call("task", "add", "x", "--queue", "dev")
        made = scene.call("task", "add", "x", "--assign", "dev-1")

        assert refused.code != 0
        assert "knows no queues; nothing was written" in refused.err
        assert made.code == 0
        assert [row["assigned_to"] for row in stub.store.tasks.values()] == ["dev-1"]
