"""One task, or a list of them, as the server describes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from tinyscheduler.kit.fields import instant_text, instant_text_or_none
from tinyscheduler.model.claim_marks import is_claim_name
from tinyscheduler.model.desk import TaskList
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import Parked
from tinyscheduler.model.task import Comment, Task, TaskDetail
from tinyscheduler.views.held import id_json
from tinyscheduler.views.table import Table, columns
from tinyscheduler.views.wording import ago_text, block_text, line_text, span_text


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


def detail_json(detail: TaskDetail, parked: Parked | None) -> dict[str, object]:
    """The body of ``task show --json``."""
    return {
        "task": {**task_json(detail.task), "parked": _parked_json(parked)},
        "comments": [comment_json(entry) for entry in detail.comments],
    }


def comment_json(comment: Comment) -> dict[str, object]:
    """One remark."""
    return {
        "id": comment.id,
        "author": comment.author,
        "at": instant_text(comment.created_at),
        "text": comment.text,
    }


def list_json(found: TaskList, parked: Mapping[TaskId, Parked]) -> dict[str, object]:
    """The body of ``task list --json``."""
    tasks = [{**task_json(task), "parked": _parked_json(parked.get(task.id))} for task in found.tasks]
    return {"tasks": tasks, "is_cut": found.is_cut}


def list_table(tasks: Iterable[Task], now: datetime, parked: Mapping[TaskId, Parked]) -> Table:
    """One line each."""
    heads = columns(">ID", "STATUS", "QUEUE", "-ASSIGNED", "->PRIORITY", "->AGE", "~TITLE")
    return Table("", heads, tuple(_row(task, now, is_parked=task.id in parked) for task in tasks))


def detail_text(detail: TaskDetail, now: datetime, parked: Parked | None) -> str:
    """Everything, comments inline, oldest first."""
    task = detail.task
    lines = [f"task {task.id}  {line_text(task.title, chars_max=500)}", *_fact_lines(task, now, parked)]
    if task.description:
        lines += ["", block_text(task.description).rstrip("\n")]
    for comment in detail.comments:
        author = line_text(comment.author or "nobody")
        lines += ["", f"-- {author}, {ago_text(comment.created_at, now)} [{comment.id}]"]
        lines.append(block_text(comment.text).rstrip("\n"))
    return "\n".join(lines) + "\n"


def summary_text(task: Task) -> str:
    """What a write says it has done."""
    queue = f"queue {task.queue}" if task.queue is not None else "no queue"
    who = f"assigned to {task.assigned_to}" if task.assigned_to is not None else "assigned to nobody"
    return line_text(f"task {task.id}: {task.status}, {queue}, {who}", chars_max=300)


def _row(task: Task, now: datetime, *, is_parked: bool) -> tuple[str, ...]:
    is_blocked = task.is_blocked and task.status != "complete"
    status = " ".join([task.status, *(["blocked"] if is_blocked else []), *(["parked"] if is_parked else [])])
    return (
        task.id,
        status,
        task.queue or "-",
        task.assigned_to or "-",
        f"{task.priority:g}",
        span_text((now - task.created_at).total_seconds()),
        task.title,
    )


def _fact_lines(task: Task, now: datetime, parked: Parked | None) -> Iterator[str]:
    facts = (
        ("status", task.status + (" (archived)" if task.archived_at is not None else "")),
        ("parked", _parked_text(parked, task, now)),
        ("queue", task.queue or "none"),
        ("assigned", _assigned(task)),
        ("priority", f"{task.priority:g}"),
        ("tags", ", ".join(task.tags)),
        ("parent", f"task {task.parent_id}" if task.parent_id is not None else ""),
        ("waits for", _blocker(task)),
        ("created", ago_text(task.created_at, now) + (f", by {task.created_by}" if task.created_by else "")),
        ("updated", ago_text(task.updated_at, now)),
    )
    return (f"  {name:<10}{line_text(value, chars_max=500)}" for name, value in facts if value)


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
    # The name of a claim is nobody's.
    is_told = previous is not None and not is_claim_name(previous)
    return (task.assigned_to or "nobody") + (f", before that to {previous}" if is_told else "")


def _blocker(task: Task) -> str:
    if task.blocked_by is None:
        return ""
    return f"task {task.blocked_by}" + ("" if task.is_blocked else ", which is complete")


def _id_or_none(task_id: TaskId | None) -> int | str | None:
    return None if task_id is None else id_json(task_id)
