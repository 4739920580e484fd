"""``task update`` and ``task done``: everything is checked before anything is sent."""

from __future__ import annotations

import argparse

from tinyscheduler.cli import task_texts
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import name_of, name_or_empty, task_id_of
from tinyscheduler.cli.task_several import Deeds, each, ids_of
from tinyscheduler.cli.task_side import (
    STATUSES,
    Side,
    comment_arguments,
    family_arguments,
    ids_argument,
    place_arguments,
    quiet_flag,
    text_arguments,
)
from tinyscheduler.cli.task_told import note, told
from tinyscheduler.cli.task_unclear import changed, spoken
from tinyscheduler.errors import Refused, ServerRefused, TaskNotFound, TinySchedulerError, UsageError
from tinyscheduler.model.desk import TaskEdit
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import TagChange, Task

UPDATE_EXAMPLES = """examples:
  tinyscheduler task update 7 --priority 9 --tag urgent          besides the tags that it has
  tinyscheduler task update 7 --untag needs-approval
  tinyscheduler task update 7 8 9 --queue qa                      several at once
  tinyscheduler task update 7 --blocked-by ''                     it waits for nothing any more
  tinyscheduler task update 7 --stdin <<'END'                     nothing in it is read by the shell
  Run `make` and look at $HOME.
  END
"""
DONE_EXAMPLES = """examples:
  tinyscheduler task done 7 --comment "merged"
  tinyscheduler task list --tag import:plan.md -q | xargs -r tinyscheduler task done
"""


def update_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``update``."""
    parser.set_defaults(title=None, status=None, comment=None)
    ids_argument(parser)
    parser.add_argument("--title", metavar="TEXT", help="500 characters at most")
    parser.add_argument("--status", choices=STATUSES)
    text_arguments(parser)
    place_arguments(parser, tag="another tag, besides those that it has; '' takes all of them away")
    family_arguments(parser)
    parser.add_argument(
        "--untag", metavar="TAG", action="append", default=None, dest="untags", help="take this tag away"
    )
    parser.add_argument("--comment", metavar="TEXT", help="say why, before anything is changed")
    quiet_flag(parser)


def done_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``done``."""
    ids_argument(parser)
    comment_arguments(parser, "say what was done")
    quiet_flag(parser)


def update(options: argparse.Namespace, side: Side) -> int:
    """Change what is given, after the comment: whoever gets the task next finds it there."""
    task_ids = ids_of(options.tasks)
    edit = TaskEdit(
        title=None if options.title is None else task_texts.title_of(options.title),
        description=task_texts.description_of(options, side.context),
        status=options.status,
        assigned_to=None if options.assign is None else name_or_empty(options.assign, what="the agent"),
        queue=None if options.queue is None else name_or_empty(options.queue, what="the queue"),
        priority=task_texts.priority_of(options.priority),
        parent=None if options.parent is None else _id_or_empty(options.parent, what="--parent"),
        blocked_by=_new_blocker(options.blocked_by, task_ids),
        tags=_new_tags(options),
    )
    comment = None if options.comment is None else task_texts.comment_of(options.comment)
    if edit == TaskEdit() and comment is None:
        raise UsageError("nothing to change is given", hint="tinyscheduler task update --help")
    deeds = each(task_ids, lambda task_id: _changed(side, task_id, edit, comment=comment))
    code = told(options, side, deeds, kind="task_update")
    _tell_slips(options, side, deeds)
    return code


def done(options: argparse.Namespace, side: Side) -> int:
    """Complete them."""
    comment = task_texts.said_with(options, side.context)
    edit = TaskEdit(status="complete")
    deeds = each(ids_of(options.tasks), lambda task_id: _changed(side, task_id, edit, comment=comment))
    return told(options, side, deeds, kind="task_done")


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


def with_option(
    error: TaskNotFound | ServerRefused, *, parent: TaskId | None, blocked_by: TaskId | None
) -> TinySchedulerError:
    """Whose task is not there: an option's, or the one that is to be changed."""
    for option, task_id in (("--parent", parent), ("--blocked-by", blocked_by)):
        if task_id and error.message.endswith(f" {task_id[:40]}"):
            hint = "tinyscheduler task list --all shows what there is"
            return Refused(f"{option}: {error.message}", hint=hint)
    return error


def _new_tags(options: argparse.Namespace) -> tuple[str, ...] | TagChange | None:
    """An empty ``--tag``: all that are there go."""
    added, removed = task_texts.tags_of(options.tags), task_texts.tags_of(options.untags)
    if added is None and removed is None:
        return None
    return () if added == () else TagChange(added or (), removed or ())


def _changed(side: Side, task_id: TaskId, edit: TaskEdit, *, comment: str | None) -> Task:
    author = author_of(side.context)
    try:
        if comment is not None:
            spoken(side.desk, task_id, comment, author=author)
        if edit == TaskEdit():
            return side.desk.get(task_id).task
        return changed(side.desk, task_id, edit._replace(by=author))
    except (TaskNotFound, ServerRefused) as error:
        raise with_option(error, parent=edit.parent, blocked_by=edit.blocked_by) from error


_NOTED = ("queue", "assign", "tags", "untags", "description", "stdin", "parent", "blocked_by")
"""What of an update may be a slip of the pen."""


def _tell_slips(options: argparse.Namespace, side: Side, deeds: Deeds[Task]) -> None:
    if not any(getattr(options, name) for name in _NOTED):
        return
    from tinyscheduler.cli.task_place import place_note, waits_note

    for task in deeds.done:
        if task.status != "complete":
            note(side, place_note(task, side.configuration) or waits_note(task, side.desk))


def _id_or_empty(text: str, *, what: str) -> TaskId:
    return TaskId("") if text == "" else task_id_of(text, what=what)


def _new_blocker(given: list[str] | None, task_ids: tuple[TaskId, ...]) -> TaskId | None:
    """Empty takes it away."""
    if given is None:
        return None
    if len(given) > 1:
        # Which of the tags after:ID that it has would go with them?
        way = " ".join(f"--tag after:{other[:64]}" for other in given[1:])
        hint = f"{way} for the others"
        raise UsageError("--blocked-by names one task in an update", hint=hint)
    blocker = _id_or_empty(given[0], what="--blocked-by")
    if blocker in task_ids:
        raise Refused("a task cannot wait for itself", hint="--blocked-by '' lets it wait for nobody")
    return blocker
