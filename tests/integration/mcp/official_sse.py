"""A server made with the official Python SDK, speaking its HTTP+SSE transport: started as a program by tests.

Argument: the port. It insists on an introduction, posts elsewhere than it streams, ends lines with CR LF and
pings. One task, one tool.
"""

from __future__ import annotations

import json
import sys

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("official")
TASK = {
    "id": 1, "title": "a\u2028b", "status": "idle", "created_at": "2026-11-20T13:04:20Z",
    "queue_name": "dev", "assigned_to": None, "comments": [], "links": [],
}  # fmt: skip


@server.tool()
def get_task(id: int) -> str:  # noqa: A002 the tool's own word
    """The task."""
    if id != 1:
        raise ToolError(f"Task not found: {id}")
    return json.dumps(TASK, ensure_ascii=False)


if __name__ == "__main__":
    app = server.sse_app(sse_path="/mcp", message_path="/messages/")
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical")
