"""``task move`` and ``task archive``: to another agent, queue or parent, or out of every list."""

from __future__ import annotations

import argparse
from typing import NamedTuple

from tinyscheduler.cli import task_texts
from tinyscheduler.cli.names import name_of, task_id_of
from tinyscheduler.cli.task_several import each, ids_of
from tinyscheduler.cli.task_side import Side, comment_arguments, ids_argument, quiet_flag
from tinyscheduler.cli.task_told import note, told
from tinyscheduler.cli.task_unclear import archived, changed, moved, spoken
from tinyscheduler.cli.task_write import author_of, with_option
from tinyscheduler.errors import NotAssigned, Refused, ServerRefused, TaskNotFound, UsageError
from tinyscheduler.model.desk import TaskEdit
from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.model.task import Task

MOVE_EXAMPLES = """examples:
  tinyscheduler task move 7 --to qa-1 --comment "please test"     from whoever has it
  tinyscheduler task move 7 --to qa-1 --from dev-1                only while dev-1 has it
  tinyscheduler task move 7 8 --queue qa                          for anybody who serves that queue
  tinyscheduler task move 7 --queue qa --stdin < hand-over.md     a long comment
  tinyscheduler task move 7 --parent 3                            or --top: a task of its own again

Whoever gets a task finds it idle. One that is complete is not moved to an agent or a queue.
"""
ARCHIVE_EXAMPLES = """examples:
  tinyscheduler task archive 7 8
  tinyscheduler task list --status complete --tag import:plan.md -q | xargs -r tinyscheduler task archive

An archived task is in no list and is never started; it can still be shown. There is no way back. A run of
it is ended by the next pass.
"""


class Wish(NamedTuple):
    """Where to."""

    agent: str | None
    """None: nobody in particular."""
    queue: str | None
    """None: the one it is in."""
    owner: str | None
    """Who has to have it; None: whoever does."""
    comment: str | None


def move_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``move``."""
    parser.set_defaults(to=None, owner=None, queue=None, parent=None)
    ids_argument(parser)
    parser.add_argument("--to", metavar="AGENT", help="whose turn it is")
    parser.add_argument("--from", metavar="AGENT", dest="owner", help="refused when somebody else has it")
    parser.add_argument("--queue", metavar="NAME", help="without --to it is nobody's there")
    family = parser.add_mutually_exclusive_group()
    family.add_argument("--parent", metavar="ID", help="make it a subtask of this one")
    family.add_argument("--top", action="store_true", default=False, help="make it a task of its own")
    comment_arguments(parser, "say why, before anything is changed")
    quiet_flag(parser)


def archive_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``archive``."""
    ids_argument(parser)
    quiet_flag(parser)


def move(options: argparse.Namespace, side: Side) -> int:
    """To an agent or a queue, or to another place in the tree."""
    task_ids = ids_of(options.tasks)
    wish = Wish(
        agent=None if options.to is None else name_of(options.to, what="the agent"),
        queue=None if options.queue is None else name_of(options.queue, what="the queue"),
        owner=None if options.owner is None else name_of(options.owner, what="the agent"),
        comment=task_texts.said_with(options, side.context),
    )
    is_hand_over = wish.agent is not None or wish.queue is not None
    is_family = options.top or options.parent is not None
    if is_hand_over == is_family or (is_family and wish.owner is not None):
        raise UsageError("say where to: --to AGENT and --queue NAME, or --parent ID, or --top")
    if is_family:
        parent = TaskId("") if options.top else task_id_of(options.parent, what="--parent")
        deeds = each(task_ids, lambda task_id: _hung(side, task_id, parent, comment=wish.comment))
    else:
        deeds = each(task_ids, lambda task_id: _handed(side, task_id, wish))
    code = told(options, side, deeds, kind="task_move")
    from tinyscheduler.cli.task_place import place_note, waits_note

    for task in deeds.done:
        note(side, place_note(task, side.configuration) if is_hand_over else waits_note(task, side.desk))
    return code


def archive(options: argparse.Namespace, side: Side) -> int:
    """Out of every list, for good."""
    author = author_of(side.context)
    gone = each(ids_of(options.tasks), lambda task_id: archived(side.desk, task_id, by=author))
    return told(options, side, gone, kind="task_archive")


def _hung(side: Side, task_id: TaskId, parent: TaskId, *, comment: str | None) -> Task:
    if parent == task_id:
        raise Refused("a task cannot be its own subtask", hint="--top makes it a task of its own")
    author = author_of(side.context)
    try:
        if comment is not None:
            spoken(side.desk, task_id, comment, author=author)
        return changed(side.desk, task_id, TaskEdit(parent=parent, by=author))
    except (TaskNotFound, ServerRefused) as error:
        raise with_option(error, parent=parent, blocked_by=None) from error


def _handed(side: Side, task_id: TaskId, wish: Wish) -> Task:
    task = side.desk.get(task_id).task
    if task.status == "complete":
        hint = f"tinyscheduler task update {task_id} --status idle opens it again"
        raise Refused(f"task {task_id} is complete", hint=hint)
    if wish.owner is not None and task.assigned_to != wish.owner:
        raise NotAssigned(f"task {task_id} is not {wish.owner}'s but {_whose(task)}")
    if wish.agent is not None and wish.queue is None and task.assigned_to is not None:
        # The one change that the server makes only while the task is whose we have read it to be.
        comment = wish.comment or f"Handed to {wish.agent}"
        return moved(side.desk, task, AgentName(wish.agent), comment=comment)
    author = author_of(side.context)
    if wish.comment is not None:
        spoken(side.desk, task_id, wish.comment, author=author)
    edit = TaskEdit(status="idle", assigned_to=wish.agent or "", queue=wish.queue, by=author)
    return changed(side.desk, task_id, edit)


def _whose(task: Task) -> str:
    return "nobody's" if task.assigned_to is None else f"{task.assigned_to[:80]}'s"
