"""The 17 tools of the older server, over the same store (tinytask 2.5).

It knows no queues, subtasks or blockers, ignores in silence what it does not know, and takes numbers as
numbers only. Whether its lists take several statuses was not studied; here they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.integration.stub_public import public_tools
from tests.integration.stub_store import Row, Store
from tests.integration.stub_tools import Kind, Tool, listed, pretty

SHOWN = (
    "id", "title", "description", "status", "assigned_to", "previous_assigned_to", "created_by", "priority",
    "tags", "created_at", "updated_at", "archived_at",
)  # fmt: skip
NEWER = ("parent_task_id", "queue_name", "blocked_by_task_id", "exclude_status", "exclude_subtasks")
KEPT = (
    "create_task", "update_task", "get_task", "delete_task", "archive_task", "list_tasks", "get_my_queue",
    "signup_for_task", "move_task", "add_comment", "update_comment", "delete_comment", "list_comments",
    "add_link", "update_link", "delete_link", "list_links",
)  # fmt: skip


def old_tools(store: Store) -> dict[str, Tool]:
    """By name."""
    newer = public_tools(store)
    tools = {name: _older(newer[name]) for name in KEPT}
    for name, run in _answers(store).items():
        tools[name] = tools[name]._replace(run=run)
    return tools


def old_row(row: Row) -> Row:
    """As it shows a task: fewer fields, another spelling of time."""
    shown = {name: row[name] for name in SHOWN if name in row}
    for name in ("created_at", "updated_at", "archived_at"):
        if isinstance(row.get(name), str):
            shown[name] = str(row[name]).replace("T", " ").removesuffix("Z")
    return shown


def _older(tool: Tool) -> Tool:
    takes: Mapping[str, Kind] = {
        name: "status" if kind == "status or several" else kind
        for name, kind in tool.takes.items()
        if name not in NEWER
    }
    needs = tuple(name for name in tool.needs if name != "created_by")
    return tool._replace(takes=takes, needs=needs, is_strict=False, is_number_strict=True)


def _answers(store: Store) -> dict[str, Callable[[Row], str]]:
    def detail(wanted: Row) -> Row:
        whole = store.with_relations(store.row(wanted["id"]))
        return {**old_row(whole), "comments": whole["comments"], "links": whole["links"]}

    def move(wanted: Row) -> str:
        task, comment = store.move(wanted)
        sentence = f"Task #{task['id']} moved to {task['assigned_to']}"
        return f"{sentence}\n\n{pretty({'task': old_row(task), 'comment': comment})}"

    def lists(wanted: Row) -> Row:
        rows = [old_row(row) if isinstance(row, dict) else row for row in listed(store, wanted)]
        return {"count": len(rows), "tasks": rows}

    def sign_up(wanted: Row) -> str:
        row = store.sign_up(wanted["agent_name"])
        if row is None:
            return f"No idle tasks available in queue for agent: {wanted['agent_name']}"
        return f"Task #{row['id']} claimed and set to working status\n\n{pretty(old_row(row))}"

    return {
        "create_task": lambda w: pretty(old_row(store.create({"created_by": None, **w}))),
        "update_task": lambda w: pretty(old_row(store.change(w["id"], {k: w[k] for k in w if k != "id"}))),
        "get_task": lambda w: pretty(detail(w)),
        "archive_task": lambda w: pretty(old_row(store.archive(w["id"]))),
        "list_tasks": lambda w: pretty(lists(w)),
        "move_task": move,
        "signup_for_task": sign_up,
    }
