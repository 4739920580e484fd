"""What each tool does: arguments in, the text of its answer out.

Every function is one call on the store; errors of the store go through to ``tools.answer``.
"""

from __future__ import annotations

from tinyscheduler.taskserver import answers
from tinyscheduler.taskserver.arguments import Given
from tinyscheduler.taskstore.rows import NewLink, NewTask, TaskChanges, TaskFilter
from tinyscheduler.taskstore.store import Store


def create_task(store: Store, given: Given) -> str:
    """Also ``create_subtask``: they differ in what is required."""
    new = NewTask(
        title=given.text("title"),
        created_by=given.text("created_by"),
        description=given.text_or_none("description"),
        assigned_to=given.text_or_none("assigned_to"),
        priority=given.number("priority"),
        tags=given.texts("tags"),
        parent_task_id=given.whole_or_none("parent_task_id"),
        queue_name=given.text_or_none("queue_name"),
        blocked_by_task_id=given.whole_or_none("blocked_by_task_id"),
    )
    return answers.text(answers.task(store.create_task(new)))


def update_task(store: Store, given: Given) -> str:
    """Only the fields given are written."""
    changes: TaskChanges = {}
    if given.has("title"):
        changes["title"] = given.text("title")
    if given.has("description"):
        changes["description"] = given.text("description")
    for status in given.statuses("status"):
        changes["status"] = status
    if given.has("assigned_to"):
        changes["assigned_to"] = given.text("assigned_to")
    if given.has("priority"):
        changes["priority"] = given.number("priority")
    if given.has("tags"):
        changes["tags"] = given.texts("tags")
    if given.has("parent_task_id"):
        changes["parent_task_id"] = given.whole("parent_task_id")
    if given.has("queue_name"):
        changes["queue_name"] = given.text("queue_name")
    if given.has("blocked_by_task_id"):
        changes["blocked_by_task_id"] = given.whole_or_none("blocked_by_task_id")
    return answers.text(answers.task(store.update_task(given.whole("id"), changes)))


def get_task(store: Store, given: Given) -> str:
    """With comments and links."""
    return answers.text(answers.task_with_relations(store.task_with_relations(given.whole("id"))))


def list_tasks(store: Store, given: Given) -> str:
    """``count`` is the length of this page."""
    found = store.tasks(_filter(given))
    return answers.text({"count": len(found), "tasks": answers.tasks(found)})


def _filter(given: Given) -> TaskFilter:
    return TaskFilter(
        assigned_to=given.text_or_none("assigned_to"),
        statuses=given.statuses("status"),
        excluded_statuses=given.statuses("exclude_status"),
        queue_name=given.text_or_none("queue_name"),
        parent_task_id=given.whole_or_none("parent_task_id"),
        subtasks="excluded" if given.flag("exclude_subtasks") else "included",
        archived="included" if given.flag("include_archived") else "excluded",
        limit=given.whole_or_none("limit") or 0,
        offset=given.whole_or_none("offset") or 0,
    )


def get_my_queue(store: Store, given: Given) -> str:
    """Everything an agent has to do or is doing."""
    agent = given.text("agent_name")
    found = store.tasks(TaskFilter(assigned_to=agent, statuses=("idle", "working")))
    return answers.text({"agent": agent, "count": len(found), "tasks": answers.tasks(found)})


def signup_for_task(store: Store, given: Given) -> str:
    """A sentence before the JSON, or a sentence alone: so the public server answers."""
    agent = given.text("agent_name")
    claimed = store.sign_up(agent)
    if claimed is None:
        return f"No idle tasks available in queue for agent: {agent}"
    found = answers.text(answers.task_with_relations(claimed))
    return f"Task #{claimed.task.id} claimed and set to working status\n\n{found}"


def move_task(store: Store, given: Given) -> str:
    """Conditional hand-over."""
    moved = store.move_task(
        given.whole("task_id"),
        current=given.text("current_agent"),
        new=given.text("new_agent"),
        comment=given.text("comment"),
    )
    return answers.text({"task": answers.task(moved.task), "comment": moved.comment._asdict()})


def archive_task(store: Store, given: Given) -> str:
    """For good."""
    return answers.text(answers.task(store.archive_task(given.whole("id"))))


def get_subtasks(store: Store, given: Given) -> str:
    """A flat list, also when recursive."""
    parent, recursive = given.whole("parent_task_id"), given.flag("recursive")
    found = store.subtasks(parent, recursive=recursive, include_archived=given.flag("include_archived"))
    return answers.text(
        {
            "parent_task_id": parent,
            "recursive": recursive,
            "count": len(found),
            "subtasks": answers.tasks(found),
        }
    )


def list_queues(store: Store, given: Given) -> str:  # noqa: ARG001  # every tool is called alike
    """Names in use."""
    names = store.queues()
    return answers.text({"count": len(names), "queues": names})


def get_queue_stats(store: Store, given: Given) -> str:
    """Zeros for a queue nobody has heard of."""
    queue = given.text("queue_name").strip()
    return answers.text(answers.queue_stats(queue, store.queue_stats(queue)))


def get_queue_tasks(store: Store, given: Given) -> str:
    """As ``list_tasks``, with the queue and the filters repeated."""
    found = store.tasks(_filter(given))
    return answers.text(
        {
            "queue_name": given.text("queue_name").strip(),
            "count": len(found),
            "filters": _repeated(given),
            "tasks": answers.tasks(found),
        }
    )


def _repeated(given: Given) -> dict[str, object]:
    asked = {
        "assigned_to": given.text_or_none("assigned_to"),
        "status": given.statuses("status") or None,
        "exclude_status": given.statuses("exclude_status") or None,
        "parent_task_id": given.whole_or_none("parent_task_id"),
        "limit": given.whole_or_none("limit"),
        "offset": given.whole_or_none("offset"),
    }
    said: dict[str, object] = {name: value for name, value in asked.items() if value is not None}
    return {**said, "include_archived": given.flag("include_archived")}


def add_task_to_queue(store: Store, given: Given) -> str:
    """Out of any other queue."""
    return answers.text(answers.task(store.set_queue(given.whole("task_id"), given.text("queue_name"))))


def move_task_to_queue(store: Store, given: Given) -> str:
    """The same deed under another name."""
    return answers.text(answers.task(store.set_queue(given.whole("task_id"), given.text("new_queue_name"))))


def remove_task_from_queue(store: Store, given: Given) -> str:
    """The task stays, in no queue."""
    return answers.text(answers.task(store.set_queue(given.whole("task_id"), None)))


def add_comment(store: Store, given: Given) -> str:
    """Blank is refused."""
    said = store.add_comment(given.whole("task_id"), given.text("content"), given.text_or_none("created_by"))
    return answers.text(said._asdict())


def list_comments(store: Store, given: Given) -> str:
    """Oldest first."""
    task_id = given.whole("task_id")
    found = store.comments(task_id)
    return answers.text({"task_id": task_id, "count": len(found), "comments": answers.remarks(found)})


def add_link(store: Store, given: Given) -> str:
    """Any text is a link."""
    new = NewLink(given.text("url"), given.text_or_none("description"), given.text_or_none("created_by"))
    return answers.text(store.add_link(given.whole("task_id"), new)._asdict())


def list_links(store: Store, given: Given) -> str:
    """Oldest first."""
    task_id = given.whole("task_id")
    found = store.links(task_id)
    return answers.text({"task_id": task_id, "count": len(found), "links": answers.remarks(found)})
