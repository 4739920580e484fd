"""The tasks of the stub: facts of tinytask 2 and 3, with as much of the rules as a client can notice."""

from __future__ import annotations

from collections.abc import Callable

Row = dict[str, object]


def _matches(found: object, wanted: object) -> bool:
    """One value, or one of several."""
    return found in wanted if isinstance(wanted, list) else found == wanted


class Store:
    """The tasks, with as much of the rules as a client can notice."""

    def __init__(self) -> None:
        self.tasks: dict[int, Row] = {}
        self.comments: list[Row] = []
        self.raw_rows: list[object] = []
        """Put before the rows of every list, as they are."""
        self.tools: dict[str, Callable[[Row], Row]] = {
            "list_tasks": self.list_tasks, "get_queue_tasks": self.list_tasks,
            "get_task": self.get_task, "get_subtasks": self.get_subtasks,
            "update_task": self.update_task, "move_task": self.move_task,
            "add_comment": self.add_comment,
        }  # fmt: skip
        """Take some away to make it an older server."""

    def add(self, **given: object) -> Row:
        """A task with all 16 keys of the public server."""
        number = len(self.tasks) + 1
        row: Row = {
            "id": number, "title": f"Task {number}", "description": None, "status": "idle",
            "assigned_to": None, "previous_assigned_to": None, "created_by": "alice", "priority": 0,
            "tags": [], "parent_task_id": None, "queue_name": "dev", "blocked_by_task_id": None,
            "created_at": "2026-11-20T13:04:20Z", "updated_at": "2026-11-20T13:04:20Z",
            "archived_at": None, "is_currently_blocked": False, **given,
        }  # fmt: skip
        self.tasks[number] = row
        return row

    def run(self, tool: str, arguments: Row) -> Row:
        """Raises Refusal."""
        if tool not in self.tools:
            raise Refusal(f"Unknown tool: {tool}")
        return self.tools[tool](arguments)

    def list_tasks(self, wanted: Row) -> Row:
        rows: list[object] = [row for row in self.tasks.values() if self._is_wanted(row, wanted)]
        rows.sort(key=lambda row: -float(str(row["priority"])) if isinstance(row, dict) else 0)
        rows = [*self.raw_rows, *rows]
        start = int(str(wanted.get("offset", 0)))
        page = rows[start : start + int(str(wanted.get("limit", 10**9)))]
        return {"count": len(page), "tasks": page}

    def _is_wanted(self, row: Row, wanted: Row) -> bool:
        names = [n for n in ("status", "assigned_to", "queue_name") if n in wanted]
        return row["archived_at"] is None and all(_matches(row[n], wanted[n]) for n in names)

    def get_task(self, wanted: Row) -> Row:
        row = self._row(wanted["id"])
        return {**row, "comments": [c for c in self.comments if c["task_id"] == row["id"]], "links": []}

    def get_subtasks(self, wanted: Row) -> Row:
        parent = wanted["parent_task_id"]
        found = [r for r in self.tasks.values() if r["parent_task_id"] == parent and not r["archived_at"]]
        return {"parent_task_id": parent, "recursive": False, "count": len(found), "subtasks": found}

    def update_task(self, wanted: Row) -> Row:
        row = self._row(wanted["id"])
        if "assigned_to" in wanted:
            name = wanted["assigned_to"] or None
            if name != row["assigned_to"]:
                row["previous_assigned_to"], row["assigned_to"] = row["assigned_to"], name
        row.update({n: wanted[n] for n in ("status", "queue_name", "title") if n in wanted})
        return row

    def move_task(self, wanted: Row) -> Row:
        row = self._row(wanted["task_id"])
        if row["status"] == "complete":
            raise Refusal(
                f"Task {row['id']} with status 'complete' cannot be transferred "
                "(only 'idle' or 'working' are allowed)"
            )
        if row["assigned_to"] != wanted["current_agent"]:
            raise Refusal(
                f"Task {row['id']} is not assigned to {wanted['current_agent']} "
                f"(currently assigned to: {row['assigned_to']})"
            )
        row.update(assigned_to=wanted["new_agent"], previous_assigned_to=row["assigned_to"], status="idle")
        return {"task": row, "comment": self._comment(row, wanted["comment"], wanted["current_agent"])}

    def add_comment(self, wanted: Row) -> Row:
        return self._comment(self._row(wanted["task_id"]), wanted["content"], wanted.get("created_by"))

    def _comment(self, row: Row, text: object, author: object) -> Row:
        comment: Row = {
            "id": len(self.comments) + 1, "task_id": row["id"], "content": text, "created_by": author,
            "created_at": "2026-11-20T13:04:21Z", "updated_at": "2026-11-20T13:04:21Z",
        }  # fmt: skip
        self.comments.append(comment)
        return comment

    def _row(self, number: object) -> Row:
        row = self.tasks.get(number) if isinstance(number, int) else None
        if row is None:
            raise Refusal(f"Task not found: {number}")
        return row


class Refusal(Exception):
    """Answered as ``isError``."""
