"""Call ``get_task`` by our client, as a pass does.

The counterpart of ``bare/sdk_calls``, and like it started as a program: by its own clock it measures its
calls, from outside it is measured as a whole.
"""

from __future__ import annotations

import json
import sys
import time

from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.model.ids import TaskId


def main(endpoint: str, calls: int) -> list[float]:
    """Milliseconds of each call."""
    server, spent_ms = McpTaskServer(endpoint, budget_s=600.0), []
    for _ in range(calls):
        began = time.perf_counter()
        server.get(TaskId("1"))
        spent_ms.append((time.perf_counter() - began) * 1000)
    server.close()
    return spent_ms


if __name__ == "__main__":
    found = main(sys.argv[1], int(sys.argv[2]))
    with open(sys.argv[3], "w") as file:
        json.dump(found, file)
