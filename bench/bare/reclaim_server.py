"""Give every task back by the calls of a pass, with httpx and json.loads, and unlink its lease.

Arguments: folder of the leases, endpoint, agent.
"""

import json
import os
import sys

import httpx

folder, endpoint, agent = sys.argv[1:]
HEADERS = {"Accept": "application/json, text/event-stream"}
client = httpx.Client()


def call(tool: str, **arguments: object) -> dict[str, object]:
    params = {"name": tool, "arguments": arguments}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    answer = client.post(endpoint, json=body, headers=HEADERS)
    answer.raise_for_status()
    text = answer.text.partition("data:")[2] or answer.text
    found: dict[str, object] = json.loads(json.loads(text)["result"]["content"][0]["text"])
    return found


for name in os.listdir(folder):
    if not name.endswith(".json"):
        continue
    task_id = int(name.removeprefix("task_").removesuffix(".json"))
    call("get_task", id=task_id)
    call("move_task", task_id=task_id, current_agent=agent, new_agent=agent, comment="its wrapper is dead")
    call("update_task", id=task_id, assigned_to="")
    os.unlink(os.path.join(folder, name))
client.close()
