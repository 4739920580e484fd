"""What is there when nobody knows whether a write has happened (law 4): looked up, told, never repeated.

A request that was lost may still arrive, so a second one could do it twice. Whoever asked decides, and
gets what can be seen now. What is seen to have happened is no error.
"""

from __future__ import annotations

from datetime import UTC, datetime

from tinyscheduler.errors import ServerUnavailable, TaskServerError
from tinyscheduler.model.desk import NewLink, TaskDraft, TaskEdit, TaskQuery
from tinyscheduler.model.ids import AgentName, TaskId, agent_or_nobody
from tinyscheduler.model.task import Comment, Link, Task, TaskDetail, tags_after
from tinyscheduler.ports.reading import TaskDesk
from tinyscheduler.views.wording import ago_text, line_text

LOOKED_AT_MAX = 100_000
"""Tasks of one title are few; a server that cannot filter may hand out all it has."""
LOOK_AGAIN = "it may still arrive: look again in a minute, and only then {}"
"""A server that was slow to answer may be slow to do it, too."""


def made(desk: TaskDesk, draft: TaskDraft) -> Task:
    """As ``desk.add``; where it is not known whether the task was made, the hint says what is there."""
    try:
        return desk.add(draft)
    except ServerUnavailable as error:
        if error.maybe_applied:
            error.hint = _about_task(desk, draft)
        raise


def spoken(desk: TaskDesk, task_id: TaskId, text: str, *, author: str) -> Comment:
    """As ``desk.comment``, likewise."""
    try:
        return desk.comment(task_id, text, author)
    except ServerUnavailable as error:
        if error.maybe_applied:
            error.hint = _about_comment(desk, task_id, text, author=author)
        raise


def linked(desk: TaskDesk, task_id: TaskId, link: NewLink) -> Link:
    """As ``desk.link``, likewise."""
    try:
        return desk.link(task_id, link)
    except ServerUnavailable as error:
        if error.maybe_applied:
            error.hint = f"it may be there all the same: look with tinyscheduler task show {task_id}"
        raise


def moved(desk: TaskDesk, task: Task, new: AgentName, *, comment: str) -> Task:
    """As ``desk.move`` from whoever has it. That it has happened can be seen: it is the new one's, who did
    not have it before, and what was said is there."""
    assert task.assigned_to is not None, "a move begins with an owner"
    try:
        return desk.move(task.id, current=task.assigned_to, new=new, comment=comment)
    except ServerUnavailable as error:
        if not error.maybe_applied:
            raise
        seen = _seen(desk, task.id)
        if seen is not None and _is_moved(task, seen, new, comment=comment):
            return seen.task
        error.hint = _about_move(task, seen, new)
        raise


def changed(desk: TaskDesk, task_id: TaskId, edit: TaskEdit) -> Task:
    """As ``desk.change``. A task that is as it was to be is no error, whoever has made it so."""
    try:
        return desk.change(task_id, edit)
    except ServerUnavailable as error:
        if not error.maybe_applied:
            raise
        seen = _seen(desk, task_id)
        if seen is not None and not _otherwise(seen.task, edit):
            return seen.task
        error.hint = _about_change(task_id, seen, edit)
        raise


def archived(desk: TaskDesk, task_id: TaskId, *, by: str) -> Task:
    """As ``desk.archive``, likewise."""
    try:
        return desk.archive(task_id, by=by)
    except ServerUnavailable as error:
        if not error.maybe_applied:
            raise
        seen = _seen(desk, task_id)
        if seen is not None and seen.task.archived_at is not None:
            return seen.task
        not_so = f"it is not archived now; {LOOK_AGAIN.format('archive it again')}"
        error.hint = _maybe_all_the_same(task_id) if seen is None else not_so
        raise


def _seen(desk: TaskDesk, task_id: TaskId) -> TaskDetail | None:
    """None: nobody can say."""
    try:
        return desk.get(task_id)
    except TaskServerError:
        return None


def _is_moved(before: Task, seen: TaskDetail, new: AgentName, *, comment: str) -> bool:
    """Somebody else may have given it to the same agent; then the comment is missing."""
    is_said = not comment.strip() or any(entry.text.strip() == comment.strip() for entry in seen.comments)
    return is_said and before.assigned_to != new == seen.task.assigned_to


def _about_move(before: Task, seen: TaskDetail | None, new: AgentName) -> str:
    if seen is None or before.assigned_to == new:
        return _maybe_all_the_same(before.id)
    if seen.task.assigned_to == new:
        way = f"tinyscheduler task show {before.id}"
        return f"{new} has it now, but the comment is not there: look with {way}"
    return f"it is not moved now; {LOOK_AGAIN.format('move it again')}"


def _about_change(task_id: TaskId, seen: TaskDetail | None, edit: TaskEdit) -> str:
    if seen is None:
        return _maybe_all_the_same(task_id)
    fields = ", ".join(_otherwise(seen.task, edit))
    return f"not as it was to be now: {fields}; {LOOK_AGAIN.format('change it again')}"


def _otherwise(task: Task, edit: TaskEdit) -> tuple[str, ...]:
    """The fields that are not as the edit would have made them."""
    asked: tuple[tuple[str, object, object, object], ...] = (
        ("title", edit.title, _words(edit.title or ""), _words(task.title)),
        ("description", edit.description, _words(edit.description or ""), _words(task.description)),
        ("status", edit.status, edit.status, task.status),
        ("agent", edit.assigned_to, agent_or_nobody(edit.assigned_to), task.assigned_to),
        ("queue", edit.queue, edit.queue or None, task.queue),
        ("priority", edit.priority, edit.priority, task.priority),
        ("tags", edit.tags, set(tags_after(edit.tags or (), task.tags)), set(task.tags)),
        ("parent", edit.parent, edit.parent or None, task.parent_id),
        ("blocker", edit.blocked_by, edit.blocked_by or None, task.blocked_by),
    )
    return tuple(name for name, given, wanted, found in asked if given is not None and wanted != found)


def _words(text: str) -> list[str]:
    """Servers trim texts, each in its way."""
    return text.split()


def _maybe_all_the_same(task_id: TaskId) -> str:
    return f"it may have happened all the same: look with tinyscheduler task show {task_id}"


def _about_task(desk: TaskDesk, draft: TaskDraft) -> str:
    query = TaskQuery(
        text=draft.title, created_by=draft.created_by, includes_archived=True, limit=LOOKED_AT_MAX
    )
    try:
        found = desk.find(query)
    except TaskServerError:
        # What is told is the first error; that nobody can look either is no better known.
        return "it may have been made all the same: look with tinyscheduler task list"
    same = [task for task in found.tasks if task.title == draft.title]
    if not same and (found.is_cut or found.gaps):
        why = line_text(found.gaps[0], chars_max=300) if found.gaps else "there are too many tasks"
        return (
            f"it may have been made all the same, nobody can tell ({why}): look with tinyscheduler task list"
        )
    if not same:
        return f"there is no task of this title now; {LOOK_AGAIN.format('add it again')}"
    newest = max(same, key=lambda task: task.created_at)
    when = ago_text(newest.created_at, datetime.now(UTC))
    return f"task {newest.id} of this title was made at {when}: if that is not it, add it again"


def _about_comment(desk: TaskDesk, task_id: TaskId, text: str, *, author: str) -> str:
    try:
        comments = desk.get(task_id).comments
    except TaskServerError:
        # As above.
        return f"it may be there all the same: look with tinyscheduler task show {task_id}"
    same = [entry for entry in comments if entry.author == author and entry.text.strip() == text.strip()]
    if not same:
        return f"the comment is not there now; {LOOK_AGAIN.format('say it again')}"
    when = ago_text(same[-1].created_at, datetime.now(UTC))
    return f"the same comment was made at {when}: if that is not it, say it again"
