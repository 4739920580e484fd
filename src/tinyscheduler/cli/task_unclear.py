"""What is there when nobody knows whether a write has happened (law 4): looked up, told, never repeated.

A request that was lost may still arrive, so a second one could do it twice. Whoever asked decides, and
gets what can be seen now. What is seen to have happened is no error.
"""

from __future__ import annotations

from datetime import UTC, datetime

from tinyscheduler.errors import ServerUnavailable, TaskServerError
from tinyscheduler.model.desk import NewLink, TaskDraft, TaskQuery
from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.model.task import Comment, Link, Task
from tinyscheduler.ports.reading import TaskDesk
from tinyscheduler.views.wording import ago_text

LOOKED_AT_MAX = 100_000
"""Tasks of one title are few; a server that cannot filter may hand out all it has."""


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
    """As ``desk.move`` from whoever has it. Whether it has happened can be seen here: it is the new one's."""
    assert task.assigned_to is not None, "a move begins with an owner"
    try:
        return desk.move(task.id, current=task.assigned_to, new=new, comment=comment)
    except ServerUnavailable as error:
        if not error.maybe_applied:
            raise
        seen = _seen(desk, task.id)
        if seen is not None and seen.assigned_to == new:
            return seen
        way = f"tinyscheduler task show {task.id}"
        error.hint = f"look with {way}" if seen is None else "it is not moved now: move it again"
        raise


def _seen(desk: TaskDesk, task_id: TaskId) -> Task | None:
    """None: nobody can say."""
    try:
        return desk.get(task_id).task
    except TaskServerError:
        return None


def _about_task(desk: TaskDesk, draft: TaskDraft) -> str:
    query = TaskQuery(
        text=draft.title, created_by=draft.created_by, includes_archived=True, limit=LOOKED_AT_MAX
    )
    try:
        same = [task for task in desk.find(query).tasks if task.title == draft.title]
    except TaskServerError:
        # What is told is the first error; that nobody can look either is no better known.
        return "it may have been made all the same: look with tinyscheduler task list"
    if not same:
        return "there is no task of this title now: add it again"
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
        return "the comment is not there now: say it again"
    when = ago_text(same[-1].created_at, datetime.now(UTC))
    return f"the same comment was made at {when}: if that is not it, say it again"
