"""The tasks of the stub, by the rules that the public server was seen to follow (tinytask 3 and 5).

Written from those notes and not from our own store, so that a mistake in one is not in both. What its
tools take and answer is in ``stub_tools``; an older server in ``stub_old``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.stub_tools import Tool

Row = dict[str, object]

DEPTH_MAX = 3
"""Levels below the root."""


class Refusal(Exception):
    """Answered as ``isError``."""


def iso_now() -> str:
    """As precise as the server's clock."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


class Store:
    """Tasks, comments, links."""

    def __init__(self) -> None:
        self.tasks: dict[int, Row] = {}
        self.comments: list[Row] = []
        self.links: list[Row] = []
        self.raw_rows: list[object] = []
        """Put before the rows of every list, as they are."""
        self.tools: dict[str, Tool] = {}
        """By which it is reached; take some away to make it another server."""
        self.more_keys: Row = {}
        """Of each new task, where the server has more of them."""
        self.notes: list[Row] = []
        """What became of tasks, where the server writes it down."""
        self.now: Callable[[], str] = iso_now
        self._ids, self._comment_ids, self._link_ids = count(1), count(1), count(1)

    def add(self, **given: object) -> Row:
        """A task with all 16 keys of the public server, whatever its rules say."""
        number = next(self._ids)
        row: Row = {
            "id": number, "title": f"Task {number}", "description": None, "status": "idle",
            "assigned_to": None, "previous_assigned_to": None, "created_by": "alice", "priority": 0,
            "tags": [], "parent_task_id": None, "queue_name": "dev", "blocked_by_task_id": None,
            "created_at": "2026-11-20T13:04:20Z", "updated_at": "2026-11-20T13:04:20Z",
            "archived_at": None, "is_currently_blocked": False, **self.more_keys, **given,
        }  # fmt: skip
        self.tasks[number] = row
        return row

    def row(self, number: object) -> Row:
        """Archived ones as well. Raises Refusal."""
        found = self.tasks.get(number) if isinstance(number, int) else None
        if found is None:
            raise Refusal(f"Task not found: {number}")
        self.refresh(found)
        return found

    def refresh(self, row: Row) -> None:
        """Whether it is blocked is computed at each look; an archived blocker that is not complete blocks."""
        if row.get("blocked_by_task_id") is not None:
            blocker = self.tasks.get(int(str(row["blocked_by_task_id"])))
            row["is_currently_blocked"] = blocker is not None and blocker["status"] != "complete"

    # --- tasks -------------------------------------------------------------------------------------

    def create(self, fields: Row) -> Row:
        """``fields`` by the names of the row. Raises Refusal."""
        if not str(fields["title"]).strip():
            raise Refusal("Task title is required")
        if not str(fields["created_by"]).strip():
            raise Refusal("created_by is required")
        parent = self._parent(fields.get("parent_task_id"))
        self._check_blocker(fields.get("blocked_by_task_id"), None)
        now = self.now()
        if parent is not None:
            fields = {"queue_name": parent["queue_name"], **fields}
        row = self.add(**{"queue_name": None, **fields, "created_at": now, "updated_at": now})
        self._tidy(row)
        self._derive(row["parent_task_id"])
        return self.row(row["id"])

    def change(self, number: object, fields: Row) -> Row:
        """Only what is given; the same value again is a change as well. Raises Refusal."""
        row = self.row(number)
        if "title" in fields and not str(fields["title"]).strip():
            raise Refusal("Task title cannot be empty")
        if "parent_task_id" in fields:
            self._check_depth(row, self._parent(fields["parent_task_id"]))
        if fields.get("blocked_by_task_id") is not None:
            self._check_blocker(fields["blocked_by_task_id"], number)
        if "assigned_to" in fields:
            self.hand(row, fields["assigned_to"] or None)
        before = row["parent_task_id"]
        row.update({name: value for name, value in fields.items() if name != "assigned_to"})
        self._tidy(row)
        if fields:
            row["updated_at"] = self.now()
        if row["blocked_by_task_id"] is None:
            row["is_currently_blocked"] = False
        if fields.keys() & {"status", "parent_task_id"}:
            self._derive(before)
            self._derive(row["parent_task_id"])
        return self.row(number)

    def hand(self, row: Row, name: object) -> None:
        """Whom it replaces is noted where the name really changes."""
        if name != row["assigned_to"]:
            row["previous_assigned_to"], row["assigned_to"] = row["assigned_to"], name

    def move(self, wanted: Row) -> tuple[Row, Row]:
        """The task and the comment. Raises Refusal."""
        row = self.row(wanted["task_id"])
        if row["assigned_to"] != wanted["current_agent"]:
            raise Refusal(
                f"Task {row['id']} is not assigned to {wanted['current_agent']} "
                f"(currently assigned to: {row['assigned_to'] or 'no one'})"
            )
        if row["status"] == "complete":
            raise Refusal(
                f"Task {row['id']} with status 'complete' cannot be transferred "
                "(only 'idle' or 'working' are allowed)"
            )
        row.update(
            assigned_to=wanted["new_agent"],
            previous_assigned_to=row["assigned_to"],
            status="idle",
            updated_at=self.now(),
        )
        self._derive(row["parent_task_id"])
        return row, self.say(row, wanted["comment"], wanted["current_agent"])

    def sign_up(self, agent: object) -> Row | None:
        """Of the tasks assigned to that name, whatever their queue, and whether they are blocked or not."""
        waiting = [row for row in self.live() if (row["assigned_to"], row["status"]) == (agent, "idle")]
        if not waiting:
            return None
        return self.change(min(waiting, key=order_of)["id"], {"status": "working"})

    def archive(self, number: object) -> Row:
        """There is no way back; a second time is a new time. Raises Refusal."""
        row = self.row(number)
        row["archived_at"] = self.now()
        self._derive(row["parent_task_id"])
        return row

    def delete(self, number: object) -> None:
        """With its tree and all that was said of it. Raises Refusal."""
        row = self.row(number)
        for child in [child for child in self.tasks.values() if child["parent_task_id"] == number]:
            self.delete(child["id"])
        del self.tasks[int(str(number))]
        self.comments = [said for said in self.comments if said["task_id"] != number]
        self.links = [link for link in self.links if link["task_id"] != number]
        for other in self.tasks.values():
            if other["blocked_by_task_id"] == number:
                other.update(blocked_by_task_id=None, is_currently_blocked=False)
        self._derive(row["parent_task_id"])

    def live(self) -> list[Row]:
        """Those that are not archived."""
        return [row for row in self.tasks.values() if row["archived_at"] is None]

    def below(self, number: object, *, is_deep: bool) -> Iterator[Row]:
        """Children, and theirs, in no order."""
        for row in list(self.tasks.values()):
            if row["parent_task_id"] == number:
                yield self.row(row["id"])
                if is_deep:
                    yield from self.below(row["id"], is_deep=True)

    # --- what is said of them ----------------------------------------------------------------------

    def say(self, row: Row, text: object, author: object) -> Row:
        """A comment; the task's ``updated_at`` stays."""
        said: Row = {
            "id": next(self._comment_ids), "task_id": row["id"], "content": str(text).strip(),
            "created_by": author or None, "created_at": self.now(), "updated_at": self.now(),
        }  # fmt: skip
        self.comments.append(said)
        return said

    def link(self, row: Row, wanted: Row) -> Row:
        """Any text is an address."""
        link: Row = {
            "id": next(self._link_ids), "task_id": row["id"], "url": str(wanted["url"]).strip(),
            "description": wanted.get("description") or None, "created_by": wanted.get("created_by") or None,
            "created_at": self.now(),
        }  # fmt: skip
        self.links.append(link)
        return link

    def note(self, row: Row, author: object, field: str, old: object, new: object) -> None:
        """One change of one field; values are text."""
        was, now = (None if value is None else str(value) for value in (old, new))
        entry: Row = {
            "id": len(self.notes) + 1, "task_id": row["id"], "field_name": field, "old_value": was,
            "new_value": now, "changed_by": author, "changed_at": self.now(),
        }  # fmt: skip
        self.notes.append(entry)

    def with_relations(self, row: Row) -> Row:
        """As ``get_task`` shows it."""
        comments = [said for said in self.comments if said["task_id"] == row["id"]]
        return {**row, "comments": comments, "links": [x for x in self.links if x["task_id"] == row["id"]]}

    # --- inside ------------------------------------------------------------------------------------

    def _tidy(self, row: Row) -> None:
        """The title is trimmed, names are not; an empty description is none, and so is an assignee."""
        row["title"] = str(row["title"]).strip()
        row["description"] = row["description"] or None
        row["assigned_to"] = row["assigned_to"] or None

    def _parent(self, number: object) -> Row | None:
        if number is None:
            return None
        if not isinstance(number, int) or number not in self.tasks:
            raise Refusal(f"Parent task not found: {number}")
        return self._not_too_deep(self.tasks[number])

    def _not_too_deep(self, parent: Row) -> Row:
        if len(list(self._ancestors(parent))) >= DEPTH_MAX:
            raise Refusal(f"Maximum nesting depth ({DEPTH_MAX} levels) exceeded")
        return parent

    def _check_depth(self, row: Row, parent: Row | None) -> None:
        if parent is not None and parent["id"] == row["id"]:
            raise Refusal("Task cannot be its own parent")
        if parent is not None and row["id"] in self._ancestors(parent):
            raise Refusal("Cannot create circular parent-child relationship")

    def _ancestors(self, row: Row) -> Iterator[object]:
        while row["parent_task_id"] is not None:
            row = self.tasks[int(str(row["parent_task_id"]))]
            yield row["id"]

    def _check_blocker(self, blocker: object, number: object) -> None:
        """Itself and two that wait for each other are refused; three are not."""
        if blocker is None:
            return
        if not isinstance(blocker, int) or blocker not in self.tasks:
            raise Refusal(f"Blocking task not found: {blocker}")
        if blocker == number:
            raise Refusal("Task cannot be blocked by itself")
        if number is not None and self.tasks[blocker]["blocked_by_task_id"] == number:
            raise Refusal("Cannot create circular blocking relationship")

    def _derive(self, number: object) -> None:
        """A parent's status follows its children's, up to the root; without any it stays as it was."""
        row = self.tasks.get(number) if isinstance(number, int) else None
        if row is None:
            return
        children = [child["status"] for child in self.live() if child["parent_task_id"] == number]
        if not children:
            return
        is_done = all(status == "complete" for status in children)
        status = "complete" if is_done else "working" if "working" in children else "idle"
        if status != row["status"]:
            row.update(status=status, updated_at=self.now())
            self._derive(row["parent_task_id"])


def order_of(row: Row) -> tuple[float, str]:
    """The server's order. It has no tie-break."""
    return (-float(str(row["priority"])), str(row["created_at"]))
