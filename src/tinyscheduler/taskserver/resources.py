"""Resources: the public server's addresses of tasks and queues, read-only (tinytask.md 3.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple
from urllib.parse import unquote

from tinyscheduler.errors import ServerRefused
from tinyscheduler.taskserver import answers, arguments
from tinyscheduler.taskserver.calls import queue_of
from tinyscheduler.taskserver.tools import Answer, guarded
from tinyscheduler.taskstore import editing
from tinyscheduler.taskstore.rows import Page, TaskFilter, TaskRow
from tinyscheduler.taskstore.store import Store

JSON: Final = "application/json"
PLAIN: Final = "text/plain"


class Kind(NamedTuple):
    """One kind of resource."""

    uri: str
    name: str
    purpose: str
    read: Callable[[Store, str], str]
    """Gets what stands in the braces; empty where there are none."""
    mime_type: str = JSON

    @property
    def pattern(self) -> re.Pattern[str]:
        """Of whole URIs."""
        return re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(self.uri)))


def answer(store: Store, uri: str) -> Answer:
    """The text of one resource. Never raises."""
    return guarded("resources/read", lambda: _read(store, uri))


def mime_type(uri: str) -> str:
    """Of a resource that was read."""
    return next((kind.mime_type for kind in KINDS if kind.pattern.fullmatch(uri)), JSON)


def _read(store: Store, uri: str) -> str:
    for kind in KINDS:
        found = kind.pattern.fullmatch(uri)
        if found:
            return kind.read(
                store, arguments.clean(unquote(found[1], errors="replace") if found.groups() else "")
            )
    raise ServerRefused(f"Unknown resource: {arguments.clean(uri[:200])}")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ServerRefused(f"Invalid task ID: {text[:40]}")
    return int(text)


def _task(store: Store, text: str) -> str:
    return answers.text(answers.task_with_relations(editing.task_with_relations(store, _number(text))))


def _comments(store: Store, text: str) -> str:
    number = _number(text)
    return answers.text(answers.comments(number, editing.comments(store, number)))


def _links(store: Store, text: str) -> str:
    number = _number(text)
    return answers.text(answers.links(number, editing.links(store, number)))


def _hierarchy(store: Store, text: str) -> str:
    task, below = editing.family(store, _number(text), recursive=True)
    facts = [
        f"Task #{task.id}: {task.title}",
        f"Status: {task.status}",
        f"Priority: {task.priority}",
        *([f"Assigned To: {task.assigned_to}"] if task.assigned_to else []),
        *([f"Queue: {task.queue_name}"] if task.queue_name else []),
        *([f"Description: {task.description}"] if task.description else []),
        "",
        f"Subtask Count: {_count(below)}",
    ]
    tree = ["", "Subtasks:", *_branches(below.tasks, task.id)] if below.tasks else []
    return "\n".join((*facts, *tree, ""))


def _count(found: Page) -> str:
    return f"{len(found.tasks)}{' or more' if found.is_cut else ''}"


def _branches(tasks: Sequence[TaskRow], root: int) -> Iterator[str]:
    """Each once, also where another program has made a circle of parents."""
    children: dict[int | None, list[TaskRow]] = {}
    for task in reversed(tasks):
        children.setdefault(task.parent_task_id, []).append(task)
    waiting = [(1, task) for task in children.pop(root, ())]
    while waiting:
        depth, task = waiting.pop()
        yield "  " * depth + "\u2514\u2500 " + _line(task)
        waiting += ((depth + 1, child) for child in children.pop(task.id, ()))


def _line(task: TaskRow) -> str:
    holder = f" ({task.assigned_to})" if task.assigned_to else ""
    return f"#{task.id}: {task.title} [{task.status}]{holder}"


def _queue(store: Store, agent: str) -> str:
    return answers.text({"agent": agent, **answers.page(queue_of(store, agent))})


def _summary(store: Store, agent: str) -> str:
    found = queue_of(store, agent)
    tasks = found.tasks
    return answers.text(
        {
            "agent": agent,
            "total": len(tasks),
            "by_status": {name: sum(t.status == name for t in tasks) for name in ("idle", "working")},
            "by_priority": {
                "high": sum(t.priority > 5 for t in tasks),
                "medium": sum(0 <= t.priority <= 5 for t in tasks),
                "low": sum(t.priority < 0 for t in tasks),
            },
            **answers.cut(found),
        }
    )


def _stats(store: Store, queue: str) -> str:
    return answers.text(answers.queue_stats(queue.strip(), store.queue_stats(queue)))


def _queue_tasks(store: Store, queue: str) -> str:
    found = editing.page(store, TaskFilter(queue_name=queue))
    return "\n".join((f"Queue: {queue}", f"Tasks: {_count(found)}", "", *map(_line, found.tasks), ""))


def _queues(store: Store, _: str) -> str:
    return answers.text(answers.queues(store.queues()))


def _active(store: Store, _: str) -> str:
    return answers.text(answers.page(editing.page(store, TaskFilter())))


def _archived(store: Store, _: str) -> str:
    return answers.text(answers.page(editing.page(store, TaskFilter(archived="only"))))


FIXED: Final = (
    Kind("tasks://active", "Active tasks", "All tasks that are not archived", _active),
    Kind("tasks://archived", "Archived tasks", "All archived tasks", _archived),
    Kind("queue://list", "Queues", "Names of all queues in use", _queues),
)
TEMPLATES: Final = (
    Kind("task://{id}", "Task", "A task with its comments and links", _task),
    Kind("task://{id}/comments", "Comments", "Comments of a task", _comments),
    Kind("task://{id}/links", "Links", "Links of a task", _links),
    Kind("task://hierarchy/{id}", "Task tree", "A task and all below it, as text", _hierarchy, PLAIN),
    Kind("queue://stats/{queue_name}", "Queue's figures", "A queue's tasks in figures", _stats),
    Kind("queue://tasks/{queue_name}", "Queue", "A queue's tasks, as text", _queue_tasks, PLAIN),
    Kind("queue://{agent_name}", "Agent's queue", "Idle and working tasks of an agent", _queue),
    Kind("queue://{agent_name}/summary", "Agent's figures", "An agent's tasks in figures", _summary),
)
KINDS: Final = (*FIXED, *TEMPLATES)
"""The first that fits: what has no braces goes before what has some, and a queue called "summary" before an
agent called "tasks"."""
