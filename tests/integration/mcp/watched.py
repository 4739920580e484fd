"""A stub whose calls are judged before they are carried out: what a scheduler may do to other people's
tasks on a server that anybody may write to (features G2)."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.stub_server import StubServer
from tests.integration.stub_store import Row
from tests.integration.stub_tools import Tool

READS = frozenset({"list_tasks", "get_queue_tasks", "get_task", "get_subtasks"})
WRITES = frozenset({"update_task", "move_task", "add_comment"})
"""Nothing else: it never makes, deletes, archives or clears, and takes no tasks by ``signup_for_task``."""


class Watch:
    """Looks at every call of a stub, and may let somebody act before one of them."""

    def __init__(self, stub: StubServer, *, queues: set[str], agents: set[str]) -> None:
        self.broken: list[str] = []
        self.calls = 0
        self.meanwhile: Callable[[int], None] = lambda _number: None
        """What others do right before the call of this number, counted from 1."""
        self._stub = stub
        self._queues = queues
        self._agents = agents
        tools = stub.store.tools
        tools.update({name: self._watched(name, tool) for name, tool in tools.items()})

    def _watched(self, name: str, tool: Tool) -> Tool:
        def run(wanted: Row) -> str:
            self.calls += 1
            self.meanwhile(self.calls)
            self.broken += [f"{name}{wanted}: {why}" for why in self._faults(name, wanted)]
            return tool.run(wanted)

        return tool._replace(run=run)

    def _faults(self, name: str, wanted: Row) -> list[str]:
        if name in READS:
            return []
        if name not in WRITES:
            return ["not a call of a scheduler"]
        row = self._stub.store.tasks.get(int(str(wanted.get("id", wanted.get("task_id")))))
        if row is None:
            return []
        faults = [] if self._is_ours(row) else [f"it is {row['assigned_to']}'s in {row['queue_name']}"]
        if wanted.get("status") == "complete" and self._has_open_children(row):
            faults.append("its status follows its subtasks, which are open")
        return faults

    def _is_ours(self, row: Row) -> bool:
        holder = str(row["assigned_to"] or "").partition(" [lease ")[0]
        return row["queue_name"] in self._queues or holder in self._agents

    def _has_open_children(self, row: Row) -> bool:
        children = self._stub.store.below(row["id"], is_deep=False)
        return any(child["status"] != "complete" and child["archived_at"] is None for child in children)
