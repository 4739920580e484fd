"""Read every lease by json.load and every task by the calls of a pass, with httpx and json.loads.

Arguments: folder of the leases, endpoint, rows of a page, queues and agents as JSON.
"""

import json
import os
import sys

import httpx

folder, endpoint, page_rows, queues, agents = sys.argv[1:]
leases = []
for name in os.listdir(folder):
    if name.endswith(".json"):
        with open(os.path.join(folder, name)) as file:
            leases.append(json.load(file))

HEADERS = {"Accept": "application/json, text/event-stream"}
client = httpx.Client()


def call(tool: str, **arguments: object) -> list[dict[str, object]]:
    params = {"name": tool, "arguments": {"status": "idle", **arguments}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    answer = client.post(endpoint, json=body, headers=HEADERS)
    answer.raise_for_status()
    text = answer.text.partition("data:")[2] or answer.text
    tasks: list[dict[str, object]] = json.loads(json.loads(text)["result"]["content"][0]["text"])["tasks"]
    return tasks


def pages(tool: str, **arguments: object) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    while True:
        page = call(tool, limit=int(page_rows), offset=len(found), **arguments)
        found += page
        if len(page) < int(page_rows):
            return found


tasks = call("list_tasks", limit=int(page_rows), offset=0)
for queue in json.loads(queues):
    tasks += pages("get_queue_tasks", queue_name=queue)
for agent in json.loads(agents):
    tasks += pages("list_tasks", assigned_to=agent)
client.close()
print(len(leases), len({task["id"] for task in tasks}))
