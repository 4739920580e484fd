"""The 17 tools of the older server, over the same store (tinytask 2.5).

It knows no queues, subtasks or blockers, ignores in silence what it does not know, and takes numbers as
numbers only. A list takes one status. Who deletes something is told so in a sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from tests.integration.stub_public import public_tools
from tests.integration.stub_store import Row, Store
from tests.integration.stub_tools import Kind, Tool, listed, pretty

SHOWN = (
    "id", "title", "description", "status", "assigned_to", "previous_assigned_to", "created_by", "priority",
    "tags", "created_at", "updated_at", "archived_at",
)  # fmt: skip
TIME = re.compile(r'"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)Z"')
"""It spells it without letters."""
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
    for name in ("delete_task", "delete_comment", "delete_link"):
        tools[name] = tools[name]._replace(run=_in_words(tools[name].run))
    return {**tools, "move_task": tools["move_task"]._replace(verb="Error moving task: ")}


def _in_words(run: Callable[[Row], str]) -> Callable[[Row], str]:
    """A sentence, and no JSON."""
    return lambda wanted: str(json.loads(run(wanted))["message"])


def old_row(row: Row) -> Row:
    """As it shows a task: fewer fields."""
    return {name: row[name] for name in SHOWN if name in row}


def _older(tool: Tool) -> Tool:
    takes: Mapping[str, Kind] = {
        name: "status" if kind == "status or several" else kind
        for name, kind in tool.takes.items()
        if name not in NEWER
    }
    needs = tuple(name for name in tool.needs if name != "created_by")
    run = _with_older_times(tool.run)
    return tool._replace(run=run, takes=takes, needs=needs, is_strict=False, is_number_strict=True)


def _with_older_times(run: Callable[[Row], str]) -> Callable[[Row], str]:
    return lambda wanted: TIME.sub(r'"\1 \2"', run(wanted))


def _answers(store: Store) -> dict[str, Callable[[Row], str]]:
    def detail(number: object) -> Row:
        whole = store.with_relations(store.row(number))
        return {**old_row(whole), "comments": whole["comments"], "links": whole["links"]}

    def move(wanted: Row) -> str:
        """The whole task, and the comment in it."""
        store.move(wanted)
        sentence = "Task #{task_id} transferred from {current_agent} to {new_agent}".format(**wanted)
        return f"{sentence}\n\n{pretty(detail(wanted['task_id']))}"

    def shown(rows: list[object]) -> Row:
        found = [old_row(row) if isinstance(row, dict) else row for row in rows]
        return {"count": len(found), "tasks": found}

    def my_queue(wanted: Row) -> Row:
        mine: Row = {"assigned_to": wanted["agent_name"], "status": ["idle", "working"]}
        return {"agent": wanted["agent_name"], **shown(listed(store, mine))}

    def sign_up(wanted: Row) -> str:
        row = store.sign_up(wanted["agent_name"])
        if row is None:
            return f"No idle tasks available in queue for agent: {wanted['agent_name']}"
        return f"Task #{row['id']} claimed and set to working status\n\n{pretty(detail(row['id']))}"

    answers: dict[str, Callable[[Row], str]] = {
        "create_task": lambda w: pretty(old_row(store.create({"created_by": None, **w}))),
        "update_task": lambda w: pretty(old_row(store.change(w["id"], {k: w[k] for k in w if k != "id"}))),
        "get_task": lambda w: pretty(detail(w["id"])),
        "archive_task": lambda w: pretty(old_row(store.archive(w["id"]))),
        "list_tasks": lambda w: pretty(shown(listed(store, w))),
        "get_my_queue": lambda w: pretty(my_queue(w)),
        "move_task": move,
        "signup_for_task": sign_up,
    }
    return {name: _with_older_times(run) for name, run in answers.items()}
