"""Where requests come in: what is told when there is no answer."""

from __future__ import annotations

import asyncio
import json

from starlette.types import Message, Receive, Scope, Send

from tests.unit.taskserver.desk import Desk
from tinyscheduler.taskserver.app import Front
from tinyscheduler.taskserver.clerk import Clerk
from tinyscheduler.taskserver.guard import Entry, Guard

CALL = {
    "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_queues", "arguments": {}},
}  # fmt: skip
SCOPE = {
    "type": "http", "method": "POST", "path": "/mcp", "client": ("127.0.0.1", 5),
    "headers": [
        (b"host", b"127.0.0.1"), (b"content-type", b"application/json"),
        (b"accept", b"application/json, text/event-stream"),
    ],
}  # fmt: skip


async def no_sessions(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError("a plain call needs none")


def test_a_call_without_an_answer_in_time_is_told_so(desk: Desk) -> None:
    """The web server made an error 500 of it, without a word of what may have happened."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": json.dumps(CALL).encode(), "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    # Its clerk has not begun, as one has not that waits for a locked database.
    front = Front(desk.store, Clerk(desk.store), guard=Guard(Entry()), sessions=no_sessions, answer_max_s=0.1)
    asyncio.run(asyncio.wait_for(front(SCOPE, receive, send), 20))

    assert [message.get("status") for message in sent] == [503, None]
    assert "the change may have been made" in json.loads(sent[1]["body"])["error"]
