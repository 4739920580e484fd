"""Call ``get_task`` by the official MCP client, as its own documentation shows it.

Arguments: endpoint, number of calls, file for the milliseconds of each as JSON.
"""

import asyncio
import json
import sys
import time

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

endpoint, calls, results = sys.argv[1:]


async def main() -> list[float]:
    spent_ms = []
    async with (
        streamable_http_client(endpoint) as streams,
        ClientSession(streams[0], streams[1]) as session,
    ):
        await session.initialize()
        for _ in range(int(calls)):
            began = time.perf_counter()
            answer = await session.call_tool("get_task", {"id": 1})
            (said,) = answer.content
            assert said.type == "text"
            json.loads(said.text)
            spent_ms.append((time.perf_counter() - began) * 1000)
    return spent_ms


found = asyncio.run(main())
with open(results, "w") as file:
    json.dump(found, file)
