"""``task add``, ``task update`` and ``task done``: everything is checked before anything is sent."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from math import isfinite

from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import name_of, name_or_empty, task_id_of
from tinyscheduler.errors import (
    Refused,
    ServerRefused,
    ServerUnavailable,
    TaskNotFound,
    TinySchedulerError,
    UsageError,
)
from tinyscheduler.kit.fields import instant_text
from tinyscheduler.model.desk import TaskDraft, TaskEdit
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Task
from tinyscheduler.ports.reading import TaskDesk
from tinyscheduler.views.task import summary_text, task_json

TITLE_CHARS_MAX = 500
"""One line in a table; the rest belongs into the description."""
TEXT_CHARS_MAX = 90_000
"""The public server reads requests of 102,400 bytes (tinytask 5); what is longer belongs into a file."""
TAG_CHARS_MAX = 255
PRIORITY_MAX = 2.0**53
"""Beyond it neighbouring numbers are the same number."""


def add(options: argparse.Namespace, context: Context, desk: TaskDesk) -> Task:
    """A new task; prints its id, for scripts."""
    blockers = [task_id_of(text, what="--blocked-by") for text in options.blocked_by or () if text]
    draft = TaskDraft(
        title=_title(options.title),
        created_by=author_of(context),
        description=_description(options, context) or "",
        queue=None if not options.queue else name_of(options.queue, what="the queue"),
        assigned_to=None if not options.assign else name_of(options.assign, what="the agent"),
        priority=_priority(options.priority) or 0,
        tags=(*(_tags(options.tags) or ()), *(f"after:{other}" for other in blockers[1:])),
        parent=_task_or_none(options.parent, what="--parent"),
        blocked_by=blockers[0] if blockers else None,
    )
    try:
        task = desk.add(draft)
    except (TaskNotFound, ServerRefused) as error:
        raise _with_option(error, parent=draft.parent, blocked_by=draft.blocked_by) from error
    except ServerUnavailable as error:
        if error.maybe_applied:
            error.hint = "it may have been made all the same: look with tinyscheduler task list"
        raise
    return _told(options, context, task, kind="task_add", text=task.id)


def update(options: argparse.Namespace, context: Context, desk: TaskDesk) -> Task:
    """Change what is given, after the comment: whoever gets the task next finds it there."""
    task_id = task_id_of(options.task)
    edit = TaskEdit(
        title=None if options.title is None else _title(options.title),
        description=_description(options, context),
        status=options.status,
        assigned_to=None if options.assign is None else name_or_empty(options.assign, what="the agent"),
        queue=None if options.queue is None else name_or_empty(options.queue, what="the queue"),
        priority=_priority(options.priority),
        tags=_tags(options.tags),
        parent=_new_parent(options.parent),
        blocked_by=_new_blocker(options.blocked_by, task_id),
    )
    comment = _comment(options.comment)
    if edit == TaskEdit() and comment is None:
        raise UsageError("nothing to change is given", hint="tinyscheduler task update --help")
    try:
        task = _change(desk, task_id, edit, comment=comment, context=context)
    except (TaskNotFound, ServerRefused) as error:
        raise _with_option(error, parent=edit.parent, blocked_by=edit.blocked_by) from error
    return _told(options, context, task, kind="task_update", text=summary_text(task))


def done(options: argparse.Namespace, context: Context, desk: TaskDesk) -> Task:
    """Complete it."""
    comment = _comment(options.comment)
    edit = TaskEdit(status="complete")
    task = _change(desk, task_id_of(options.task), edit, comment=comment, context=context)
    return _told(options, context, task, kind="task_done", text=summary_text(task))


def author_of(context: Context) -> str:
    """Who says so: the agent inside an agent, else the person who is logged in."""
    agent = context.environ.get("TKO_AGENT", "").strip()
    if agent:
        return name_of(agent, what="TKO_AGENT")
    import os
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        # A user of a container that has no entry.
        return "tinyscheduler"


def _change(
    desk: TaskDesk, task_id: TaskId, edit: TaskEdit, *, comment: str | None, context: Context
) -> Task:
    if comment is not None:
        desk.comment(task_id, comment, author_of(context))
    return desk.get(task_id).task if edit == TaskEdit() else desk.change(task_id, edit)


def _with_option(
    error: TaskNotFound | ServerRefused, *, parent: TaskId | None, blocked_by: TaskId | None
) -> TinySchedulerError:
    """Whose task is not there: an option's, or the one that is to be changed."""
    for option, task_id in (("--parent", parent), ("--blocked-by", blocked_by)):
        if task_id and error.message.endswith(f" {task_id[:40]}"):
            hint = "tinyscheduler task list --all shows what there is"
            return Refused(f"{option}: {error.message}", hint=hint)
    return error


def _told(options: argparse.Namespace, context: Context, task: Task, *, kind: str, text: str) -> Task:
    if options.json:
        at = instant_text(datetime.now(UTC))
        print_json(context.stdout, kind, at=at, code=0, body={"task": task_json(task)})
    else:
        print(text, file=context.stdout)
    return task


def _title(text: str) -> str:
    cleaned = " ".join(_text(text, what="the title").split())
    if not cleaned:
        raise UsageError("the title is empty", hint="say in one line what is to be done")
    if len(cleaned) > TITLE_CHARS_MAX:
        hint = "put the rest into --description or --stdin"
        raise UsageError(f"the title has {len(cleaned)} characters, {TITLE_CHARS_MAX} at most", hint=hint)
    return cleaned


def _description(options: argparse.Namespace, context: Context) -> str | None:
    if options.stdin:
        return _text(_read_stdin(context), what="the description")
    return None if options.description is None else _text(options.description, what="the description")


def _read_stdin(context: Context) -> str:
    try:
        return context.stdin.read(TEXT_CHARS_MAX + 1)
    except UnicodeDecodeError as error:
        raise _no_text("the description") from error


def _comment(text: str | None) -> str | None:
    if text is None:
        return None
    if not text.strip():
        raise UsageError("the comment is empty", hint="leave --comment out")
    return _text(text, what="the comment")


def _text(text: str, *, what: str) -> str:
    if len(text) > TEXT_CHARS_MAX:
        hint = "put long text into a file and name its path in the task"
        raise UsageError(f"{what} is longer than {TEXT_CHARS_MAX} characters", hint=hint)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        # Bytes that are no UTF-8 come as halves of surrogate pairs (PEP 383).
        raise _no_text(what) from error
    return text


def _no_text(what: str) -> UsageError:
    return UsageError(f"{what} is not UTF-8 text", hint="convert it, with iconv for example")


def _priority(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number) or abs(number) > PRIORITY_MAX:
        raise UsageError(
            f"the priority {text[:40]!r} is not a number", hint="0 is usual; bigger is more urgent"
        )
    return int(number) if number == int(number) else number


def _tags(given: list[str] | None) -> tuple[str, ...] | None:
    """One empty tag stands for none at all."""
    if given is None:
        return None
    if given == [""]:
        return ()
    for tag in given:
        if not tag.strip() or len(tag) > TAG_CHARS_MAX or not tag.isprintable():
            raise UsageError(f"the tag {tag[:40]!r} is not a word", hint=f"1 to {TAG_CHARS_MAX} characters")
    return tuple(given)


def _new_parent(text: str | None) -> TaskId | None:
    if text == "":
        raise UsageError("a subtask cannot be made a task of its own yet", hint="name another parent")
    return _task_or_none(text, what="--parent")


def _new_blocker(given: list[str] | None, task_id: TaskId) -> TaskId | None:
    """Empty takes it away."""
    if given is not None and len(given) > 1:
        # Its tags would have to be read first, and somebody else may change them meanwhile.
        way = " ".join(f"--tag after:{other[:64]}" for other in given[1:])
        hint = f"{way} for the others; --tag replaces the tags that are there"
        raise UsageError("--blocked-by names one task in an update", hint=hint)
    text = given[0] if given else None
    if text == "":
        return TaskId("")
    blocker = _task_or_none(text, what="--blocked-by")
    if blocker == task_id:
        raise Refused("a task cannot wait for itself", hint="--blocked-by '' lets it wait for nobody")
    return blocker


def _task_or_none(text: str | None, *, what: str) -> TaskId | None:
    return None if not text else task_id_of(text, what=what)
