"""A newer public server, as the sources of its version 2.2.2 have it: what it does otherwise.

Lists leave descriptions out and end after 100 tasks unless they are asked; a task has two fields more;
a claim is answered with JSON alone; and there is a history.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.integration.stub_public import public_tools
from tests.integration.stub_store import Row, Store
from tests.integration.stub_tools import Kind, Tool, listed, pretty

LIST_ROWS = 100
"""Of a list for which no limit was given."""

MORE: Mapping[str, Mapping[str, Kind]] = {
    "create_task": {"auto_promote": "flag"},
    "update_task": {"auto_promote": "flag", "updated_by": "text"},
    "list_tasks": {"include_description": "flag"},
    "get_my_queue": {"include_description": "flag"},
}


def newer_tools(store: Store) -> dict[str, Tool]:
    """By name."""
    store.more_keys = {"auto_promote": True, "completed_at": None}
    tools = public_tools(store)
    for name, takes in MORE.items():
        tools[name] = tools[name]._replace(takes={**tools[name].takes, **takes})
    for name, run in _answers(store).items():
        tools[name] = tools[name]._replace(run=run)
    told = Tool(_history(store), {"task_id": "num"}, ("task_id",), verb="Error getting task history: ")
    return {**tools, "get_task_history": told}


def _answers(store: Store) -> dict[str, Callable[[Row], str]]:
    def lists(wanted: Row) -> str:
        limit = wanted.get("limit", LIST_ROWS)
        rows = [] if limit == 0 else listed(store, {**wanted, "limit": limit})
        return pretty({"count": len(rows), "tasks": [_shown(row, wanted) for row in rows]})

    def my_queue(wanted: Row) -> str:
        mine: Row = {"assigned_to": wanted["agent_name"], "status": ["idle", "working"]}
        rows = listed(store, mine)
        shown = [_shown(row, wanted) for row in rows]
        return pretty({"agent": wanted["agent_name"], "count": len(rows), "tasks": shown})

    def sign_up(wanted: Row) -> str:
        row = store.sign_up(wanted["agent_name"])
        return pretty(None if row is None else store.with_relations(row))

    def create(wanted: Row) -> str:
        row = store.create(wanted)
        store.note(row, wanted["created_by"], "created", None, row["status"])
        return pretty(row)

    def change(wanted: Row) -> str:
        fields = {name: value for name, value in wanted.items() if name not in {"id", "updated_by"}}
        return pretty(_changed(store, wanted["id"], fields, by=wanted.get("updated_by")))

    def put_below(wanted: Row) -> str:
        parent = wanted.get("new_parent_id")
        row = _changed(store, wanted["subtask_id"], {"parent_task_id": parent}, by=None)
        where = "top-level (no parent)" if parent is None else f"parent #{parent}"
        return f"Task #{row['id']} moved to {where}\n\n{pretty(row)}"

    def archive(wanted: Row) -> str:
        row = store.archive(wanted["id"])
        store.note(row, None, "archived_at", None, row["archived_at"])
        return pretty(row)

    return {
        "list_tasks": lists, "get_my_queue": my_queue, "signup_for_task": sign_up, "create_task": create,
        "update_task": change, "move_subtask": put_below, "archive_task": archive,
    }  # fmt: skip


def _changed(store: Store, number: object, fields: Row, *, by: object) -> Row:
    """Written down field by field. Raises Refusal."""
    before = dict(store.row(number))
    row = store.change(number, fields)
    row["completed_at"] = row["updated_at"] if row["status"] == "complete" else None
    for name in fields:
        if before[name] != row[name]:
            store.note(row, by, name, before[name], row[name])
    return row


def _shown(row: object, wanted: Row) -> object:
    if wanted.get("include_description") is True or not isinstance(row, dict):
        return row
    return {**{name: value for name, value in row.items() if name != "description"}, "completed_at": None}


def _history(store: Store) -> Callable[[Row], str]:
    """A bare list, oldest first; of a task that is not there it is refused."""

    def run(wanted: Row) -> str:
        number = store.row(wanted["task_id"])["id"]
        return pretty([entry for entry in store.notes if entry["task_id"] == number])

    return run
