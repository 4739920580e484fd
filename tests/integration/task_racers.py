"""Processes that race for tasks over HTTP: ``python -m tests.integration.task_racers DEED ENDPOINT NAME``.

Each says on stdout, line by line and at once, what the server has acknowledged to it.
"""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


class Racer:
    """A client with one connection and no library."""

    def __init__(self, endpoint: str, name: str) -> None:
        parts = urlsplit(endpoint)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=50)
        self.name = name

    def call(self, tool: str, **arguments: object) -> tuple[str, bool]:
        """The text, and whether it is a refusal."""
        params = {"name": tool, "arguments": arguments}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
        self._connection.request("POST", "/mcp", body, HEADERS)
        stream = self._connection.getresponse().read().decode()
        (line,) = [line for line in stream.split("\n") if line.startswith("data:")]
        result = json.loads(line.removeprefix("data:"))["result"]
        return result["content"][0]["text"], result["isError"]


def claim(racer: Racer) -> None:
    """Take whatever can be taken until there is nothing."""
    while True:
        text, _ = racer.call("get_unassigned_in_queue", queue_name="race", limit=3)
        free = json.loads(text)["tasks"]
        if not free:
            return
        for task in free:
            _, is_refused = racer.call("claim_task", task_id=task["id"], agent_name=racer.name)
            if not is_refused:
                tell(str(task["id"]))


def sign_up(racer: Racer) -> None:
    """Eight processes under one agent's name."""
    while True:
        text, _ = racer.call("signup_for_task", agent_name="team")
        task = json.loads(text)
        if task is None:
            return
        tell(str(task["id"]))


def write(racer: Racer) -> None:
    """Make, claim and comment until the server is gone; each acknowledged write is told at once."""
    try:
        while True:
            text, _ = racer.call("create_task", title=racer.name, created_by=racer.name)
            task_id = json.loads(text)["id"]
            tell(f"task {task_id}")
            racer.call("claim_task", task_id=task_id, agent_name=racer.name)
            tell(f"claim {task_id}")
            text, _ = racer.call("add_comment", task_id=task_id, content="x" * 500, created_by=racer.name)
            tell(f"comment {json.loads(text)['id']}")
    except (OSError, http.client.HTTPException, ValueError):
        # The server was killed: that is the end of this race.
        return


def tell(text: str) -> None:
    print(text, flush=True)


DEEDS: Mapping[str, Callable[[Racer], None]] = {"claim": claim, "sign_up": sign_up, "write": write}

if __name__ == "__main__":
    DEEDS[sys.argv[1]](Racer(sys.argv[2], sys.argv[3]))
