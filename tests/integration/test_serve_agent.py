"""An agent that was told nothing but a URL takes, comments, hands over and finishes a task."""

import asyncio
import json
from pathlib import Path

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from tests.contract.task_server.serving import Serving, serving


class Agent:
    """One name at one URL, by the official client."""

    def __init__(self, session: ClientSession, name: str) -> None:
        self._session = session
        self.name = name

    async def call(self, tool: str, **arguments: object) -> dict[str, object]:
        result = await self._session.call_tool(tool, arguments)
        text = result.content[0].text  # type: ignore[union-attr]
        assert not result.is_error, text
        found = json.loads(text[text.index("{") :])
        assert isinstance(found, dict)
        return found


async def live(server: Serving) -> tuple[dict[str, object], dict[str, object]]:
    """A developer's and a tester's day, as the public server's manual tells it (tinytask.md 6)."""
    async with (
        streamable_http_client(server.endpoint) as streams,
        ClientSession(streams[0], streams[1]) as session,
    ):
        hello = await session.initialize()
        assert "claim_task" in str(hello.instructions), "who knows only the URL is told how to begin"
        dev, qa = Agent(session, "dev-1"), Agent(session, "qa-1")
        await dev.call("create_task", title="Mend the parser", created_by="ann", queue_name="dev")
        free = await dev.call("get_unassigned_in_queue", queue_name="dev")
        waiting = free["tasks"]
        assert isinstance(waiting, list)
        number = waiting[0]["id"]
        await dev.call("claim_task", task_id=number, agent_name=dev.name)
        await dev.call("add_comment", task_id=number, content="Started, branch parser", created_by=dev.name)
        await dev.call("add_link", task_id=number, url="https://example/pull/7", created_by=dev.name)
        await dev.call("update_task", id=number, status="idle", changed_by=dev.name)
        await dev.call("move_task_to_queue", task_id=number, new_queue_name="qa")
        await dev.call(
            "move_task", task_id=number, current_agent=dev.name, new_agent=qa.name, comment="please test"
        )
        mine = await qa.call("signup_for_task", agent_name=qa.name)
        assert mine["id"] == number
        await qa.call("update_task", id=number, status="complete", changed_by=qa.name)
        return await qa.call("get_task", id=number), await qa.call("get_task_changes", task_id=number)


def test_a_task_goes_from_hand_to_hand_to_its_end(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        task, told = asyncio.run(asyncio.wait_for(live(server), 50))

    assert (task["status"], task["queue_name"], task["assigned_to"]) == ("complete", "qa", "qa-1")
    comments, links, history = task["comments"], task["links"], told["history"]
    assert isinstance(comments, list)
    assert isinstance(links, list)
    assert isinstance(history, list)
    assert [comment["content"] for comment in comments] == ["Started, branch parser", "please test"]
    assert [link["url"] for link in links] == ["https://example/pull/7"]
    assert [(entry["action"], entry["by"]) for entry in history] == [
        ("created", "ann"),
        ("claimed", "dev-1"),
        ("updated", "dev-1"),
        ("updated", None),
        ("moved", "dev-1"),
        ("claimed", "qa-1"),
        ("updated", "qa-1"),
    ]
