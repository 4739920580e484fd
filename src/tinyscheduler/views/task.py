"""One task, or a list of them, as the server describes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from tinyscheduler.kit.fields import instant_text, instant_text_or_none, number_text
from tinyscheduler.model.claim_marks import is_claim_name
from tinyscheduler.model.desk import TaskEvent, TaskList
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import Parked
from tinyscheduler.model.task import BEING_IMPORTED, Comment, Link, Task, TaskDetail
from tinyscheduler.views.held import id_json
from tinyscheduler.views.table import Table, columns
from tinyscheduler.views.wording import ago_text, block_text, count_text, line_text, span_text, time_text


class Shown(NamedTuple):
    """What ``task show`` knows of one task."""

    detail: TaskDetail
    subtasks: tuple[Task, ...] = ()
    """Its children, archived ones too."""
    is_cut: bool = False
    """There are more of them."""
    gaps: tuple[str, ...] = ()
    """Why some of them may not be known."""
    parked: Parked | None = None
    """As our ledger has it; None: it is not."""
    history: tuple[TaskEvent, ...] | None = None
    """None: its server keeps none, or nobody has asked."""
    has_history: bool = False
    """Somebody has asked."""


def task_json(task: Task) -> dict[str, object]:
    """A task wherever a command prints one."""
    return {
        "id": id_json(task.id),
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "queue": task.queue,
        "assigned_to": task.assigned_to,
        "previous_assigned_to": task.previous_assigned_to,
        "created_by": task.created_by,
        "priority": task.priority,
        "tags": list(task.tags),
        "parent_id": _id_or_none(task.parent_id),
        "blocked_by": _id_or_none(task.blocked_by),
        "is_blocked": task.is_blocked,
        "created_at": instant_text(task.created_at),
        "updated_at": instant_text(task.updated_at),
        "archived_at": instant_text_or_none(task.archived_at),
    }


def detail_json(shown: Shown) -> dict[str, object]:
    """The body of ``task show --json``."""
    body: dict[str, object] = {
        "task": {**task_json(shown.detail.task), "parked": _parked_json(shown.parked)},
        "comments": [comment_json(entry) for entry in shown.detail.comments],
        "comments_left_out": shown.detail.comments_left_out,
        "links": [link_json(entry) for entry in shown.detail.links],
        "subtasks": [
            {"id": id_json(task.id), "title": task.title, "status": task.status} for task in shown.subtasks
        ],
        "is_cut": shown.is_cut,
        "gaps": list(shown.gaps),
    }
    if shown.has_history:
        history = shown.history
        body["history"] = None if history is None else [_event_json(event) for event in history]
    return body


def comment_json(comment: Comment) -> dict[str, object]:
    """One remark."""
    return {
        "id": comment.id,
        "author": comment.author,
        "at": instant_text(comment.created_at),
        "text": comment.text,
    }


def link_json(link: Link) -> dict[str, object]:
    """One pointer."""
    return {
        "id": link.id,
        "url": link.url,
        "description": link.description,
        "author": link.author,
        "at": instant_text(link.created_at),
    }


def list_json(found: TaskList, parked: Mapping[TaskId, Parked]) -> dict[str, object]:
    """The body of ``task list --json``."""
    tasks = [{**task_json(task), "parked": _parked_json(parked.get(task.id))} for task in found.tasks]
    return {"tasks": tasks, "is_cut": found.is_cut, "gaps": list(found.gaps)}


def list_table(
    tasks: Sequence[Task], now: datetime, parked: Mapping[TaskId, Parked], *, is_tree: bool = False
) -> Table:
    """One line each; ``is_tree``: subtasks below their parents, where those are in the list."""
    heads = columns(">ID", "STATUS", "QUEUE", "-ASSIGNED", "->PRIORITY", "->AGE", "~TITLE")
    found = tree_of(tasks) if is_tree else [(0, task) for task in tasks]
    rows = (_row(task, now, is_parked=task.id in parked, depth=depth) for depth, task in found)
    return Table("", heads, tuple(rows))


def tree_of(tasks: Sequence[Task]) -> list[tuple[int, Task]]:
    """Each task once, after its parent, with how deep it stands. One whose parent is not among them is
    a root; so is one of a ring, which no server of ours makes."""
    children: dict[TaskId, list[Task]] = {}
    known = {task.id for task in tasks}
    for task in tasks:
        if task.parent_id in known:
            children.setdefault(task.parent_id, []).append(task)
    found: list[tuple[int, Task]] = []
    seen: set[TaskId] = set()
    for root in (*(task for task in tasks if task.parent_id not in known), *tasks):
        waiting = [(0, root)]
        while waiting:
            depth, task = waiting.pop()
            if task.id not in seen:
                seen.add(task.id)
                found.append((depth, task))
                waiting += [(depth + 1, child) for child in reversed(children.get(task.id, ()))]
    return found


def detail_text(shown: Shown, now: datetime) -> str:
    """Everything, comments inline, oldest first."""
    detail = shown.detail
    task = detail.task
    lines = [
        f"task {task.id}  {line_text(task.title, chars_max=500)}",
        *_fact_lines(task, now, shown.parked),
        *_link_lines(detail.links),
        *(f"  subtask   {_subtask(child)}" for child in shown.subtasks),
    ]
    if task.description:
        lines += ["", block_text(task.description).rstrip("\n")]
    if detail.comments_left_out:
        left_out = count_text(detail.comments_left_out, "older comment")
        lines += ["", f"-- {left_out} left out: the server's list_comments has them (before: an id)"]
    for comment in detail.comments:
        author = line_text(comment.author or "nobody")
        lines += ["", f"-- {author}, {ago_text(comment.created_at, now)} [{comment.id}]"]
        lines.append(block_text(comment.text).rstrip("\n"))
    if shown.has_history:
        lines += ["", *_history_lines(shown.history, now)]
    return "\n".join(lines) + "\n"


def summary_text(task: Task) -> str:
    """What a write says it has done."""
    queue = f"queue {task.queue}" if task.queue is not None else "no queue"
    who = f"assigned to {task.assigned_to}" if task.assigned_to is not None else "assigned to nobody"
    status = task.status + (", archived" if task.archived_at is not None else "")
    return line_text(f"task {task.id}: {status}, {queue}, {who}", chars_max=300)


def _row(task: Task, now: datetime, *, is_parked: bool, depth: int) -> tuple[str, ...]:
    is_blocked = task.is_blocked and task.status != "complete"
    status = " ".join([task.status, *(["blocked"] if is_blocked else []), *(["parked"] if is_parked else [])])
    return (
        task.id,
        status,
        task.queue or "-",
        task.assigned_to or "-",
        number_text(task.priority),
        span_text((now - task.created_at).total_seconds()),
        # Blanks alone would be folded: a cell is one line of foreign text.
        "· " * depth + task.title,
    )


def _fact_lines(task: Task, now: datetime, parked: Parked | None) -> Iterator[str]:
    facts = (
        ("status", task.status + (" (archived)" if task.archived_at is not None else "")),
        ("parked", _parked_text(parked, task, now)),
        ("queue", task.queue or "none"),
        ("assigned", _assigned(task)),
        ("priority", number_text(task.priority)),
        ("tags", ", ".join(task.tags)),
        ("parent", f"task {task.parent_id}" if task.parent_id is not None else ""),
        ("waits for", _blocker(task)),
        ("created", ago_text(task.created_at, now) + (f", by {task.created_by}" if task.created_by else "")),
        ("updated", ago_text(task.updated_at, now)),
    )
    return (f"  {name:<10}{line_text(value, chars_max=500)}" for name, value in facts if value)


def _link_lines(links: Iterable[Link]) -> Iterator[str]:
    for link in links:
        about = f"  {link.description}" if link.description else ""
        yield f"  {'link':<10}{line_text(link.url + about, chars_max=500)}"


def _subtask(task: Task) -> str:
    status = "archived" if task.archived_at is not None else task.status
    return line_text(f"{task.id} {status}: {task.title}", chars_max=200)


def _history_lines(history: Sequence[TaskEvent] | None, now: datetime) -> Iterator[str]:
    if history is None:
        yield "history: this task server keeps none"
        return
    yield "history"
    for event in history:
        changes = ", ".join(
            f"{name}: {_was(old)} -> {_was(new)}" for name, (old, new) in event.changes.items()
        )
        text = f"{event.action} by {event.by or 'somebody'}" + (f": {changes}" if changes else "")
        yield f"  {time_text(event.at, now)}  {line_text(text, chars_max=300)}"


def _was(value: object) -> str:
    """Short: the whole of it is in ``--json``."""
    text = "nothing" if value in (None, "", [], ()) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _event_json(event: TaskEvent) -> dict[str, object]:
    changes = {name: {"before": old, "after": new} for name, (old, new) in event.changes.items()}
    return {"at": instant_text(event.at), "by": event.by, "action": event.action, "changes": changes}


def _parked_text(parked: Parked | None, task: Task, now: datetime) -> str:
    if parked is None:
        return ""
    lever = f"tinyscheduler retry {task.id} releases it"
    return f"by {parked.by}, {ago_text(parked.at, now)}: {parked.why} ({lever})"


def _parked_json(parked: Parked | None) -> dict[str, object] | None:
    if parked is None:
        return None
    return {"why": parked.why, "by": parked.by, "at": instant_text(parked.at)}


def _assigned(task: Task) -> str:
    previous = task.previous_assigned_to
    # The name of a claim is nobody's, nor is that of an import.
    is_nobody = previous is None or previous == BEING_IMPORTED or is_claim_name(previous)
    is_told = not is_nobody and previous != task.assigned_to
    return (task.assigned_to or "nobody") + (f", before that to {previous}" if is_told else "")


def _blocker(task: Task) -> str:
    if task.blocked_by is None:
        return ""
    return f"task {task.blocked_by}" + ("" if task.is_blocked else ", which is complete")


def _id_or_none(task_id: TaskId | None) -> int | str | None:
    return None if task_id is None else id_json(task_id)
