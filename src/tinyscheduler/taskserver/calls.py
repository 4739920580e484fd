"""What each tool about tasks and queues does: arguments in, the text of its answer out.

Every function is one call on the store; errors of the store go through to ``tools.answer``.
"""

from __future__ import annotations

from tinyscheduler.errors import ServerRefused
from tinyscheduler.model.task import Status, TagChange
from tinyscheduler.taskserver import answers
from tinyscheduler.taskserver.arguments import Given
from tinyscheduler.taskstore import checks, editing
from tinyscheduler.taskstore.rows import Expected, NewTask, Page, TaskChanges, TaskFilter
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
        once_by=given.texts("once_by"),
    )
    return answers.text(answers.task(store.create_task(new)))


def update_task(store: Store, given: Given) -> str:
    """Only the fields given are written."""
    changes = _tags_said(given)
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
    if given.has("parent_task_id"):
        changes["parent_task_id"] = given.whole("parent_task_id")
    if given.has("queue_name"):
        changes["queue_name"] = given.text("queue_name")
    if given.has("blocked_by_task_id"):
        changes["blocked_by_task_id"] = given.whole_or_none("blocked_by_task_id")
    changed = store.update_task(given.whole("id"), changes, expected=expected(given), by=_by(given))
    return answers.text(answers.task(changed))


def _tags_said(given: Given) -> TaskChanges:
    """All of them, or what changes about those that are there."""
    if not given.has("add_tags") and not given.has("remove_tags"):
        return {"tags": given.texts("tags")} if given.has("tags") else {}
    if given.has("tags"):
        raise ServerRefused("tags are all of them: add_tags and remove_tags do not go with it")
    return {"tag_change": TagChange(given.texts("add_tags"), given.texts("remove_tags"))}


def expected(given: Given) -> Expected:
    """What the caller has last seen, where it says so."""
    statuses: tuple[Status | None, ...] = given.statuses("expected_status") or (None,)
    return Expected(statuses[0], given.text_or_none("expected_assigned_to"))


def _by(given: Given) -> str | None:
    """``updated_by`` is the public server's word for it."""
    return given.text_or_none("changed_by") or given.text_or_none("updated_by")


def get_task(store: Store, given: Given) -> str:
    """With comments and links, as many as one answer holds."""
    return answers.text(answers.task_with_relations(editing.task_with_relations(store, given.whole("id"))))


def list_tasks(store: Store, given: Given) -> str:
    """``count`` is the length of this page."""
    found = answers.page(editing.page(store, _filter(given)))
    return answers.text(_as_wanted(found, given))


def _as_wanted(found: dict[str, object], given: Given) -> dict[str, object]:
    """Without descriptions for those who want none; whoever says nothing gets them."""
    if not given.has("include_description") or given.flag("include_description"):
        return found
    return answers.without_descriptions(found)


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
    return answers.text({"agent": agent, **_as_wanted(answers.page(queue_of(store, agent)), given)})


def queue_of(store: Store, agent: str) -> Page:
    """Idle and working; nobody, by whatever name, has nothing to do."""
    if checks.assignee(agent) is None:
        return Page((), is_cut=False)
    return editing.page(store, TaskFilter(assigned_to=agent, statuses=("idle", "working")))


def signup_for_task(store: Store, given: Given) -> str:
    """JSON and no sentence, on which the public server's own CLI fails; null: there was none."""
    claimed = store.sign_up(given.text("agent_name"))
    return "null" if claimed is None else answers.text(answers.task_with_relations(claimed))


def move_task(store: Store, given: Given) -> str:
    """Conditional hand-over."""
    moved = store.move_task(
        given.whole("task_id"),
        current=given.text("current_agent"),
        new=given.text("new_agent"),
        comment=given.text("comment"),
        expected=expected(given),
    )
    return answers.text({"task": answers.task(moved.task), "comment": moved.comment._asdict()})


def archive_task(store: Store, given: Given) -> str:
    """For good."""
    gone = store.archive_task(given.whole("id"), expected=expected(given), by=_by(given))
    return answers.text(answers.task(gone))


def delete_task(store: Store, given: Given) -> str:
    """With everything below it."""
    number = given.whole("id")
    editing.delete_task(store, number, expected(given), by=_by(given))
    return answers.deleted("Task", number)


def claim_task(store: Store, given: Given) -> str:
    """Of any number of callers one gets it."""
    asked = given.text_or_none("expected_assigned_to")
    claimed = editing.claim_task(store, given.whole("task_id"), given.text("agent_name"), expected=asked)
    return answers.text(answers.task_with_relations(claimed))


def get_task_changes(store: Store, given: Given) -> str:
    """Oldest first; also of a task that was deleted."""
    number = given.whole("task_id")
    limit = given.whole_or_none("limit") or editing.HISTORY_MAX
    found = editing.task_history(store, number, max(1, limit))
    return answers.text({"task_id": number, "count": len(found), "history": [e._asdict() for e in found]})


def get_task_history(store: Store, given: Given) -> str:
    """The same, as the public server tells it. Refused for a task that was never there."""
    number = given.whole("task_id")
    found = editing.task_history(store, number)
    if not found:
        store.task(number)
    return answers.history(found)


def get_subtasks(store: Store, given: Given) -> str:
    """A flat list, also when recursive."""
    parent, recursive = given.whole("parent_task_id"), given.flag("recursive")
    found = editing.subtasks(
        store, parent, recursive=recursive, include_archived=given.flag("include_archived")
    )
    return answers.text(
        {
            "parent_task_id": parent,
            "recursive": recursive,
            "count": len(found.tasks),
            "subtasks": answers.each(found.tasks),
            **answers.cut(found),
        }
    )


def get_task_with_subtasks(store: Store, given: Given) -> str:
    """The task with a flat list of what is below it."""
    task, below = editing.family(store, given.whole("task_id"), recursive=given.flag("recursive"))
    shown = {"subtasks": answers.each(below.tasks), "subtask_count": len(below.tasks)}
    return answers.text({**answers.task(task), **shown, **answers.cut(below)})


def move_subtask(store: Store, given: Given) -> str:
    """JSON and no sentence, as with ``signup_for_task``."""
    number = given.whole("subtask_id")
    parent = given.whole("new_parent_id") if given.has("new_parent_id") else None
    moved = store.update_task(number, {"parent_task_id": parent}, expected=expected(given), by=_by(given))
    return answers.text(answers.task(moved))


def list_queues(store: Store, given: Given) -> str:  # noqa: ARG001  # every tool is called alike
    """Names in use."""
    return answers.text(answers.queues(store.queues()))


def get_queue_stats(store: Store, given: Given) -> str:
    """Zeros for a queue nobody has heard of."""
    queue = given.text("queue_name").strip()
    return answers.text(answers.queue_stats(queue, store.queue_stats(queue)))


def get_queue_tasks(store: Store, given: Given) -> str:
    """As ``list_tasks``, with the queue and the filters repeated."""
    found = answers.page(editing.page(store, _filter(given)))
    queue = checks.queue(given.text("queue_name"))
    count = found.pop("count")
    return answers.text({"queue_name": queue, "count": count, "filters": _repeated(given), **found})


def get_unassigned_in_queue(store: Store, given: Given) -> str:
    """What anybody who serves the queue may claim: idle, and nobody's."""
    queue = checks.queue(given.text("queue_name"))
    wanted = TaskFilter(
        assigned_to="",
        statuses=("idle",),
        queue_name=queue,
        limit=given.whole_or_none("limit") or 0,
        offset=given.whole_or_none("offset") or 0,
    )
    return answers.text({"queue_name": queue, **answers.page(editing.page(store, wanted))})


def _repeated(given: Given) -> dict[str, object]:
    asked = {
        "assigned_to": given.text_or_none("assigned_to"),
        "status": given.statuses("status") or None,
        "exclude_status": given.statuses("exclude_status") or None,
        "parent_task_id": given.whole_or_none("parent_task_id"),
        "exclude_subtasks": given.flag("exclude_subtasks") if given.has("exclude_subtasks") else None,
        "limit": given.whole_or_none("limit"),
        "offset": given.whole_or_none("offset"),
    }
    said: dict[str, object] = {name: value for name, value in asked.items() if value is not None}
    return {**said, "include_archived": given.flag("include_archived")}


def add_task_to_queue(store: Store, given: Given) -> str:
    """Out of any other queue."""
    return _queued(store, given, given.text("queue_name"))


def move_task_to_queue(store: Store, given: Given) -> str:
    """The same deed under another name."""
    return _queued(store, given, given.text("new_queue_name"))


def remove_task_from_queue(store: Store, given: Given) -> str:
    """The task stays, in no queue."""
    return _queued(store, given, None)


def _queued(store: Store, given: Given, queue: str | None) -> str:
    task = store.set_queue(given.whole("task_id"), queue, expected=expected(given), by=_by(given))
    return answers.text(answers.task(task))


def clear_queue(store: Store, given: Given) -> str:
    """The tasks stay, in no queue."""
    queue = checks.queue(given.text("queue_name"))
    return answers.text(
        {"queue_name": queue, "tasks_cleared": editing.clear_queue(store, queue, by=_by(given))}
    )
