"""What the tests of agent-control share."""

from __future__ import annotations

import json


def one(**more: object) -> str:
    return json.dumps([{"agentName": "dev-1", "agentType": "dev", "command": ["agent"], **more}])


def control(desk, text: str | bytes) -> None:
    desk.write("agent-control.json", text)
