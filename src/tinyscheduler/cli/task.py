"""``task``: add, list, show, update and complete tasks on whichever task server is configured.

Agents use it too: it is how one hands its task over. So it has to find the same server from inside an
agent's environment, where only a few of our settings are.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from tinyscheduler.cli import task_read, task_write
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.parser import HelpText
from tinyscheduler.config.flags import SETTING_FLAGS
from tinyscheduler.errors import Refused, ServerRefused, TaskNotFound
from tinyscheduler.model.configuration import Configuration
from tinyscheduler.model.task import Task
from tinyscheduler.ports.reading import TaskDesk

HELP_EXAMPLES = """examples:
  tinyscheduler task add "Review the parser" --queue dev --priority 5
  tinyscheduler task add "Fix it" --queue dev --stdin < description.md
  tinyscheduler task list --queue dev
  tinyscheduler task show 7
  tinyscheduler task update 7 --status idle --queue qa --assign ''    hand over to another queue
  tinyscheduler task done 7 --comment "merged"
"""

Write = Callable[[argparse.Namespace, Context, TaskDesk], Task]
"""Gives the task as it is after it."""
Look = Callable[[argparse.Namespace, Context, task_read.Shelves], None]

_WRITES: Mapping[str, Write] = {
    "add": task_write.add,
    "update": task_write.update,
    "done": task_write.done,
}
_LOOKS: Mapping[str, Look] = {"list": task_read.list_tasks, "show": task_read.show}
STATUSES = ("idle", "working", "complete")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One parser for each action; the settings may stand before and after it."""
    parser.epilog = HELP_EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_arguments(_action(actions, "add", "a new task; prints its id"))
    _list_arguments(_action(actions, "list", "tasks that are not complete"))
    show = _action(actions, "show", "one task with its comments")
    show.add_argument("task", metavar="ID")
    _update_arguments(_action(actions, "update", "change the fields given; '' takes one away"))
    done = _action(actions, "done", "set a task complete")
    done.add_argument("task", metavar="ID")
    done.add_argument("--comment", metavar="TEXT", default=None, help="say what was done")


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises UsageError before anything is sent, Refused for what the server will not do, and
    TaskServerError when it cannot be asked."""
    from tinyscheduler.bootstrap import desk, load, wire_ledgers

    inside = _with_agents_server(context)
    look = _LOOKS.get(options.action)
    configuration = load(inside, write_cache=False)
    server = desk(configuration, inside, is_read_only=look is not None)
    note: str | None = None
    try:
        if look is not None:
            look(options, context, task_read.Shelves(server, wire_ledgers(configuration)))
        else:
            written = _WRITES[options.action](options, context, server)
            note = _note(options, written, configuration=configuration, desk=server)
    except ServerRefused as error:
        # It is usable: what was asked for is at fault, not the way to it.
        raise Refused(error.message, hint=error.hint) from error
    except TaskNotFound as error:
        error.hint = error.hint or "tinyscheduler task list --all shows what there is"
        raise
    finally:
        server.close()
    if note is not None:
        print(f"tinyscheduler: note: {note}", file=context.stderr)
    return 0


def _note(
    options: argparse.Namespace, task: Task, *, configuration: Configuration, desk: TaskDesk
) -> str | None:
    """What was done was asked for, and may still be a slip of the pen."""
    changed = {name for name in _NOTED if getattr(options, name, None) is not None}
    if task.status == "complete" or (options.action != "add" and not changed):
        return None
    from tinyscheduler.cli.task_place import place_note, waits_note

    return place_note(task, configuration) or waits_note(task, desk)


_NOTED = ("queue", "assign", "tags", "description")
"""What of an update may be such a slip."""


def _with_agents_server(context: Context) -> Context:
    """Inside an agent: the server its task came from, which the pass may have been told by a flag."""
    url = context.environ.get("TINYTASK_URL")
    is_inside = "TINYSCHEDULER_TASK_ID" in context.environ
    is_told = "TINYSCHEDULER_MCP_ENDPOINT" in context.environ or "MCP_ENDPOINT" in context.overrides
    if not url or not is_inside or is_told:
        return context
    return context._replace(overrides={**context.overrides, "MCP_ENDPOINT": url})


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        allow_abbrev=False,
        formatter_class=HelpText,
        # What is not given here must not undo what was given before the action.
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("--json", action="store_true", default=False, help="print one JSON object")
    settings = parser.add_argument_group("settings")
    settings.add_argument("--env-file", metavar="FILE", help="read this file instead of .env")
    for flag in SETTING_FLAGS:
        if flag.is_global:
            settings.add_argument(
                flag.flag, dest=f"setting_{flag.setting}", metavar=flag.metavar, help=flag.help
            )
    return parser


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(
        description=None, queue=None, assign=None, priority=None, blocked_by=None, parent=None
    )
    parser.add_argument("title", metavar="TITLE", help="500 characters at most")
    _text_arguments(parser)
    _place_arguments(parser)
    parser.add_argument("--parent", metavar="ID", help="make it a subtask of this one")


def _update_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(
        title=None, description=None, status=None, queue=None, assign=None, priority=None, blocked_by=None,
        parent=None, comment=None,
    )  # fmt: skip
    parser.add_argument("task", metavar="ID")
    parser.add_argument("--title", metavar="TEXT", help="500 characters at most")
    parser.add_argument("--status", choices=STATUSES)
    _text_arguments(parser)
    _place_arguments(parser)
    parser.add_argument("--parent", metavar="ID", help="make it a subtask of this one")
    parser.add_argument("--comment", metavar="TEXT", help="say why, before anything is changed")


def _text_arguments(parser: argparse.ArgumentParser) -> None:
    text = parser.add_mutually_exclusive_group()
    text.add_argument("--description", metavar="TEXT", help="90,000 characters at most")
    text.add_argument("--stdin", action="store_true", default=False, help="read the description from stdin")


def _place_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--queue", metavar="NAME")
    parser.add_argument("--assign", metavar="AGENT", help="'' for nobody")
    parser.add_argument("--priority", metavar="N", help="any number; bigger is more urgent")
    parser.add_argument("--tag", metavar="TAG", action="append", default=None, dest="tags")
    parser.add_argument(
        "--blocked-by",
        metavar="ID",
        action="append",
        help="the task that has to be complete first; again, for a new task: the others become tags after:ID",
    )


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(queue=None, assigned=None, status=None)
    parser.add_argument("--queue", metavar="NAME")
    parser.add_argument("--assigned", metavar="AGENT", help="'' for those that nobody has")
    parser.add_argument(
        "--status",
        metavar="STATUS",
        nargs="+",
        choices=STATUSES,
        help="one or more of: " + ", ".join(STATUSES),
    )
    parser.add_argument("--all", action="store_true", default=False, help="complete ones too")
    parser.add_argument("--limit", metavar="N", default="200", help="at most so many (200)")
