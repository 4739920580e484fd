"""The table of the public server's 30 tools, over the stub's store (tinytask 3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from tests.integration.stub_store import Refusal, Row, Store, order_of
from tests.integration.stub_tools import FILTERS, Kind, Tool, listed, pretty

TASK: Mapping[str, Kind] = {
    "description": "text", "assigned_to": "text", "priority": "num", "tags": "texts", "queue_name": "text",
}  # fmt: skip
QUEUE_NAME_MAX = 255


def public_tools(store: Store) -> dict[str, Tool]:
    """By name. Take some away to make it another server."""
    remarks = {**_comment_tools(store), **_link_tools(store)}
    return {**_task_tools(store), **_subtask_tools(store), **_queue_tools(store), **remarks}


def _json(run: Callable[[Row], object]) -> Callable[[Row], str]:
    return lambda wanted: pretty(run(wanted))


def _line(run: Callable[[Row], object]) -> Callable[[Row], str]:
    return lambda wanted: json.dumps(run(wanted), ensure_ascii=False, separators=(",", ":"))


def _task_tools(store: Store) -> dict[str, Tool]:
    def move(wanted: Row) -> Row:
        task, comment = store.move(wanted)
        return {"task": task, "comment": comment}

    def sign_up(wanted: Row) -> str:
        row = store.sign_up(wanted["agent_name"])
        if row is None:
            return f"No idle tasks available in queue for agent: {wanted['agent_name']}"
        sentence = f"Task #{row['id']} claimed and set to working status"
        return f"{sentence}\n\n{pretty(store.with_relations(row))}"

    def delete(wanted: Row) -> Row:
        store.delete(wanted["id"])
        message = f"Task {wanted['id']} deleted successfully"
        return {"success": True, "message": message, "id": wanted["id"]}

    create: Mapping[str, Kind] = {
        "title": "text", "created_by": "text", **TASK, "parent_task_id": "num", "blocked_by_task_id": "num",
    }  # fmt: skip
    update: Mapping[str, Kind] = {
        "id": "num", "title": "text", **TASK, "status": "status", "parent_task_id": "num",
        "blocked_by_task_id": "num or null",
    }  # fmt: skip
    moved: Mapping[str, Kind] = dict.fromkeys(("current_agent", "new_agent", "comment"), "text")
    return {
        "create_task": Tool(
            _json(store.create), create, ("title", "created_by"), verb="Error creating task: "
        ),
        "update_task": Tool(
            _json(lambda w: store.change(w["id"], {key: w[key] for key in w if key != "id"})),
            update,
            ("id",),
            verb="Error updating task: ",
        ),
        "get_task": Tool(_json(lambda w: store.with_relations(store.row(w["id"]))), {"id": "num"}, ("id",)),
        "list_tasks": Tool(_json(lambda w: _page(listed(store, w))), FILTERS, verb="Error listing tasks: "),
        "get_my_queue": Tool(_json(lambda w: _my_queue(store, w)), {"agent_name": "text"}, ("agent_name",)),
        "signup_for_task": Tool(sign_up, {"agent_name": "text"}, ("agent_name",)),
        "move_task": Tool(_json(move), {"task_id": "num", **moved}, ("task_id", *moved)),
        "archive_task": Tool(
            _json(lambda w: store.archive(w["id"])), {"id": "num"}, ("id",), verb="Error archiving task: "
        ),
        "delete_task": Tool(_line(delete), {"id": "num"}, ("id",), verb="Error deleting task: "),
    }


def _page(rows: list[object]) -> Row:
    return {"count": len(rows), "tasks": rows}


def _my_queue(store: Store, wanted: Row) -> Row:
    name = wanted["agent_name"]
    rows = [row for row in store.live() if row["assigned_to"] == name and row["status"] != "complete"]
    return {"agent": name, **_page([store.row(row["id"]) for row in sorted(rows, key=order_of)])}


def _subtask_tools(store: Store) -> dict[str, Tool]:
    def children(wanted: Row) -> Row:
        parent, is_deep = wanted["parent_task_id"], wanted.get("recursive") is True
        rows = [
            row for row in sorted(store.below(parent, is_deep=is_deep), key=order_of)
            if row["archived_at"] is None or wanted.get("include_archived") is True
        ]  # fmt: skip
        return {"parent_task_id": parent, "recursive": is_deep, "count": len(rows), "subtasks": rows}

    def family(wanted: Row) -> Row:
        found = children({**wanted, "parent_task_id": wanted["task_id"]})
        return {
            **store.row(wanted["task_id"]), "subtasks": found["subtasks"], "subtask_count": found["count"],
        }  # fmt: skip

    def move(wanted: Row) -> str:
        number, parent = wanted["subtask_id"], wanted.get("new_parent_id")
        row = store.change(number, {"parent_task_id": parent})
        where = f"parent #{parent}" if parent is not None else "top-level (no parent)"
        return f"Task #{number} moved to {where}\n\n{pretty(row)}"

    def make(wanted: Row) -> Row:
        if wanted["parent_task_id"] not in store.tasks:
            raise Refusal(f"Parent task not found: {wanted['parent_task_id']}")
        try:
            return store.create(wanted)
        except Refusal as refusal:
            raise Refusal(f"Error creating subtask: {refusal}") from refusal

    create: Mapping[str, Kind] = {"parent_task_id": "num", "title": "text", "created_by": "text", **TASK}
    look: Mapping[str, Kind] = {"parent_task_id": "num", "recursive": "flag", "include_archived": "flag"}
    return {
        "create_subtask": Tool(_json(make), create, ("parent_task_id", "title", "created_by")),
        "get_subtasks": Tool(_json(children), look, ("parent_task_id",)),
        "get_task_with_subtasks": Tool(_json(family), {"task_id": "num", "recursive": "flag"}, ("task_id",)),
        "move_subtask": Tool(
            move,
            {"subtask_id": "num", "new_parent_id": "num"},
            ("subtask_id",),
            verb="Error moving subtask: ",
        ),
    }


def _queue_tools(store: Store) -> dict[str, Tool]:
    def names(_wanted: Row) -> Row:
        found = sorted({str(row["queue_name"]) for row in store.live() if row["queue_name"] is not None})
        return {"count": len(found), "queues": found}

    def tasks(wanted: Row) -> Row:
        filters = {key: value for key, value in wanted.items() if key != "queue_name"}
        rows = listed(store, {**filters, "queue_name": _queue_name(wanted["queue_name"])})
        said = {"include_archived": False, **filters}
        return {"queue_name": wanted["queue_name"], "count": len(rows), "filters": said, "tasks": rows}

    def put(wanted: Row) -> Row:
        name = _queue_name(wanted.get("queue_name", wanted.get("new_queue_name")))
        if len(name) > QUEUE_NAME_MAX:
            raise Refusal(f"Queue name is too long (max {QUEUE_NAME_MAX} characters)")
        return store.change(wanted["task_id"], {"queue_name": name})

    def clear(wanted: Row) -> Row:
        name = _queue_name(wanted["queue_name"])
        rows = [row for row in store.live() if row["queue_name"] == name]
        for row in rows:
            store.change(row["id"], {"queue_name": None})
        return {"queue_name": wanted["queue_name"], "tasks_cleared": len(rows)}

    one: Mapping[str, Kind] = {"task_id": "num", "queue_name": "text"}
    other: Mapping[str, Kind] = {"task_id": "num", "new_queue_name": "text"}
    alone: Mapping[str, Kind] = {"task_id": "num"}
    out = Tool(_json(lambda w: store.change(w["task_id"], {"queue_name": None})), alone, tuple(alone))
    return {
        "list_queues": Tool(_json(names), {}),
        "get_queue_stats": Tool(
            _json(lambda w: _stats(store, w)),
            {"queue_name": "text"},
            ("queue_name",),
            verb="Error retrieving queue stats: ",
        ),
        "get_queue_tasks": Tool(
            _json(tasks), FILTERS, ("queue_name",), verb="Error retrieving queue tasks: "
        ),
        "add_task_to_queue": Tool(_json(put), one, tuple(one), verb="Error adding task to queue: "),
        "move_task_to_queue": Tool(_json(put), other, tuple(other), verb="Error moving task to queue: "),
        "remove_task_from_queue": out._replace(verb="Error removing task from queue: "),
        "clear_queue": Tool(
            _json(clear), {"queue_name": "text"}, ("queue_name",), verb="Error clearing queue: "
        ),
    }


def _queue_name(given: object) -> str:
    name = str(given).strip()
    if not name:
        raise Refusal("Queue name cannot be empty")
    return name


def _stats(store: Store, wanted: Row) -> Row:
    queue = _queue_name(wanted["queue_name"])
    rows = [row for row in store.live() if row["queue_name"] == queue]
    names = sorted({str(row["assigned_to"]) for row in rows if row["assigned_to"] is not None})
    by_status = {s: sum(row["status"] == s for row in rows) for s in ("idle", "working", "complete")}
    assigned = sum(row["assigned_to"] is not None for row in rows)
    return {
        "queue_name": queue, "total_tasks": len(rows), "by_status": by_status,
        "assigned": assigned, "unassigned": len(rows) - assigned, "agents": names,
    }  # fmt: skip


def _loose(run: Callable[[Row], str], takes: Mapping[str, Kind], *needs: str, verb: str = "") -> Tool:
    """It ignores what it does not know, as all of these."""
    return Tool(run, takes, needs, is_strict=False, verb=f"Error {verb}: " if verb else "")


def _of_task(store: Store, rows: str) -> Callable[[Row], Row]:
    def run(wanted: Row) -> Row:
        found = [row for row in getattr(store, rows) if row["task_id"] == wanted["task_id"]]
        return {"task_id": wanted["task_id"], "count": len(found), rows: found}

    return run


def _comment_tools(store: Store) -> dict[str, Tool]:
    def say(wanted: Row) -> Row:
        text = _text(wanted["content"], "Comment content is required")
        return store.say(store.row(wanted["task_id"]), text, wanted.get("created_by"))

    def say_otherwise(wanted: Row) -> Row:
        text = _text(wanted["content"], "Comment content cannot be empty")
        said = _found(store.comments, wanted["id"], "Comment")
        said.update(content=text, updated_at=store.now())
        return said

    def pass_on(wanted: Row) -> Row:
        said = _found(store.comments, wanted["comment_id"], "Comment")
        new = store.say(store.row(wanted["to_task_id"]), said["content"], said["created_by"])
        said["content"] = f"Comment moved to task {wanted['to_task_id']} comment {new['id']}"
        return new

    one: Mapping[str, Kind] = {"id": "num"}
    text: Mapping[str, Kind] = {"task_id": "num", "content": "text", "created_by": "text"}
    over: Mapping[str, Kind] = {"comment_id": "num", "to_task_id": "num"}
    return {
        "add_comment": _loose(_json(say), text, "task_id", "content", verb="adding comment"),
        "list_comments": _loose(_json(_of_task(store, "comments")), {"task_id": "num"}, "task_id"),
        "get_comment": _loose(_json(lambda w: _found(store.comments, w["id"], "Comment")), one, "id"),
        "update_comment": _loose(
            _json(say_otherwise), {**one, "content": "text"}, "id", "content", verb="updating comment"
        ),
        "delete_comment": _loose(
            _line(lambda w: _deleted(store.comments, w["id"], "Comment")), one, "id", verb="deleting comment"
        ),
        "move_comment": _loose(_json(pass_on), over, *over, verb="moving comment"),
    }


def _link_tools(store: Store) -> dict[str, Tool]:
    def point(wanted: Row) -> Row:
        _text(wanted["url"], "Link URL is required")
        return store.link(store.row(wanted["task_id"]), wanted)

    def point_elsewhere(wanted: Row) -> Row:
        link = _found(store.links, wanted["id"], "Link")
        if "url" in wanted:
            link["url"] = _text(wanted["url"], "Link URL cannot be empty")
        if "description" in wanted:
            link["description"] = wanted["description"] or None
        return link

    one: Mapping[str, Kind] = {"id": "num"}
    about: Mapping[str, Kind] = {"url": "text", "description": "text"}
    new: Mapping[str, Kind] = {"task_id": "num", **about, "created_by": "text"}
    return {
        "add_link": _loose(_json(point), new, "task_id", "url", verb="adding link"),
        "list_links": _loose(_json(_of_task(store, "links")), {"task_id": "num"}, "task_id"),
        "update_link": _loose(_json(point_elsewhere), {**one, **about}, "id", verb="updating link"),
        "delete_link": _loose(
            _line(lambda w: _deleted(store.links, w["id"], "Link")), one, "id", verb="deleting link"
        ),
    }


def _text(given: object, why: str) -> str:
    """Without the blanks around it. Raises Refusal where nothing is left."""
    text = str(given).strip()
    if not text:
        raise Refusal(why)
    return text


def _found(rows: list[Row], number: object, what: str) -> Row:
    for row in rows:
        if row["id"] == number:
            return row
    raise Refusal(f"{what} not found: {number}")


def _deleted(rows: list[Row], number: object, what: str) -> Row:
    rows.remove(_found(rows, number, what))
    return {"success": True, "message": f"{what} {number} deleted successfully", "id": number}
