"""``task add``: one task, or one for each line of standard input."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from tinyscheduler.cli import task_texts
from tinyscheduler.cli.names import name_of, task_id_of
from tinyscheduler.cli.task_several import as_ours
from tinyscheduler.cli.task_side import (
    Side,
    family_arguments,
    place_arguments,
    quiet_flag,
    text_arguments,
)
from tinyscheduler.cli.task_told import note, print_object, trouble_json
from tinyscheduler.cli.task_unclear import made
from tinyscheduler.cli.task_write import author_of, with_option
from tinyscheduler.errors import ServerRefused, TaskNotFound, TinySchedulerError, UsageError
from tinyscheduler.model.desk import TaskDraft
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Task
from tinyscheduler.views.task import task_json

EXAMPLES = """examples:
  tinyscheduler task add "Review the parser" --queue dev --priority 5
  tinyscheduler task add "Fix it" --queue dev --stdin < description.md
  tinyscheduler task add "Fix it" --queue dev --stdin <<'END'      nothing in it is read by the shell
  Run `make` and look at $HOME.
  END
  tinyscheduler task add --lines --queue dev < titles.txt         one task for each line
"""
LINES_MAX = 10_000
"""As many as may wait (MAX_QUEUE_DEPTH)."""
LINES_CHARS_MAX = 4_000_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """See ``add``."""
    parser.add_argument("title", metavar="TITLE", nargs="?", default=None, help="500 characters at most")
    parser.add_argument(
        "--lines",
        action="store_true",
        default=False,
        help="one task for each line of stdin, its title; empty lines are left out",
    )
    text_arguments(parser)
    place_arguments(parser, tag="may be given again")
    family_arguments(parser)
    quiet_flag(parser, "print the ids alone; a task that is added prints nothing else anyway")


def add(options: argparse.Namespace, side: Side) -> int:
    """New tasks; prints their ids, for scripts."""
    if options.lines:
        return _add_lines(options, side)
    if options.title is None:
        raise UsageError("a task has a TITLE", hint="--lines reads one for each line of stdin")
    draft = _draft(options, side, task_texts.title_of(options.title))
    task = _made(side, draft)
    if options.json:
        print_object(side, "task_add", {"task": task_json(task)})
    else:
        print(task.id, file=side.context.stdout)
    _tell_slips(side, [task])
    return 0


def _add_lines(options: argparse.Namespace, side: Side) -> int:
    """All lines are checked before the first is sent. Raises what stops it, with what is made by then."""
    if options.title is not None or options.stdin:
        raise UsageError("--lines takes the titles from stdin", hint="leave TITLE and --stdin out")
    lines = list(_titles(task_texts.read_stdin(side.context, what="the input", chars_max=LINES_CHARS_MAX)))
    draft = _draft(options, side, "")
    tasks: list[Task] = []
    try:
        _make_all(side, [(number, draft._replace(title=title)) for number, title in lines], tasks)
    except TinySchedulerError as error:
        # What was made is told also when the rest was not.
        return _tell_lines(options, side, tasks, error=as_ours(error))
    code = _tell_lines(options, side, tasks, error=None)
    _tell_slips(side, tasks[:1])
    return code


def _tell_lines(
    options: argparse.Namespace, side: Side, tasks: Sequence[Task], *, error: TinySchedulerError | None
) -> int:
    """Raises the error, where it is not part of what is printed."""
    code = 0 if error is None else error.exit_code
    if options.json:
        trouble = None if error is None else trouble_json(error)
        body = {"tasks": [task_json(task) for task in tasks], "error": trouble}
        print_object(side, "task_add_lines", body, code=code)
        return code
    for task in tasks:
        print(task.id, file=side.context.stdout)
    if error is not None:
        raise error
    return code


def _make_all(side: Side, drafts: Sequence[tuple[int, TaskDraft]], tasks: list[Task]) -> None:
    from tinyscheduler.cli.console import progress

    with progress(side.context, "tasks", len(drafts)) as step:
        for number, draft in drafts:
            try:
                tasks.append(_made(side, draft))
            except TinySchedulerError as error:
                error.message = (
                    f"line {number}: {error.message}; {len(tasks)} of {len(drafts)} tasks are made"
                )
                raise
            step()


def _titles(text: str) -> Iterator[tuple[int, str]]:
    """Line number and title. Raises UsageError naming the line."""
    if len(text) > LINES_CHARS_MAX:
        raise UsageError(f"the input is longer than {LINES_CHARS_MAX} characters", hint="split it")
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise UsageError("there is no line on stdin", hint="tinyscheduler task add --lines < titles.txt")
    if len(lines) > LINES_MAX:
        raise UsageError(f"{len(lines)} lines are too many, {LINES_MAX} at most", hint="split them")
    for number, line in lines:
        if line.lstrip().startswith(("- [ ]", "- [x]", "* [ ]")):
            hint = "tinyscheduler task import reads those: task import -"
            raise UsageError(f"line {number} is an item of a checklist", hint=hint)
        try:
            yield number, task_texts.title_of(line)
        except UsageError as error:
            raise UsageError(f"line {number}: {error.message}", hint=error.hint) from error


def _draft(options: argparse.Namespace, side: Side, title: str) -> TaskDraft:
    blockers = [task_id_of(text, what="--blocked-by") for text in options.blocked_by or () if text]
    tags = task_texts.tags_of(options.tags) or ()
    return TaskDraft(
        title=title,
        created_by=author_of(side.context),
        description=task_texts.description_of(options, side.context) or "",
        queue=None if not options.queue else name_of(options.queue, what="the queue"),
        assigned_to=None if not options.assign else name_of(options.assign, what="the agent"),
        priority=task_texts.priority_of(options.priority) or 0,
        tags=(*tags, *(f"after:{other}" for other in blockers[1:])),
        parent=_parent(options.parent),
        blocked_by=blockers[0] if blockers else None,
    )


def _parent(text: str | None) -> TaskId | None:
    return None if not text else task_id_of(text, what="--parent")


def _made(side: Side, draft: TaskDraft) -> Task:
    try:
        return made(side.desk, draft)
    except (TaskNotFound, ServerRefused) as error:
        raise with_option(error, parent=draft.parent, blocked_by=draft.blocked_by) from error


def _tell_slips(side: Side, tasks: Sequence[Task]) -> None:
    from tinyscheduler.cli.task_place import nobody_note, place_note, waits_note

    note(side, nobody_note(side.configuration))
    for task in tasks:
        note(side, place_note(task, side.configuration) or waits_note(task, side.desk))
