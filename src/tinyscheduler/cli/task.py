"""``task``: what people and agents do with the tasks of whichever task server is configured.

Agents use it too: it is how one hands its task over. So it has to find the same server from inside an
agent's environment, where only a few of our settings are.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NamedTuple

from tinyscheduler.cli import task_add, task_import, task_move, task_read, task_speak, task_store, task_write
from tinyscheduler.cli.astray import notes_astray
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.parser import HelpText
from tinyscheduler.cli.task_several import as_ours
from tinyscheduler.cli.task_side import Side
from tinyscheduler.cli.task_told import note
from tinyscheduler.config.flags import SETTING_FLAGS
from tinyscheduler.errors import TaskServerError

HELP_EXAMPLES = """examples:
  tinyscheduler task add "Review the parser" --queue dev --priority 5
  tinyscheduler task import plan.md --queue dev --dry-run
  tinyscheduler task list --queue dev
  tinyscheduler task show 7
  tinyscheduler task move 7 --queue qa --comment "please test"
  tinyscheduler task done 7 --comment "merged"
"""


class Action(NamedTuple):
    """One word after ``task``."""

    name: str
    arguments: Callable[[argparse.ArgumentParser], None]
    act: Callable[[argparse.Namespace, Side], int]
    help: str
    examples: str
    is_look: bool = False
    """It changes nothing, so the embedded store makes and touches no file."""


ACTIONS = (
    Action("add", task_add.arguments, task_add.add, "a new task; prints its id", task_add.EXAMPLES),
    Action(
        "list",
        task_read.list_arguments,
        task_read.list_tasks,
        "tasks that are not complete",
        task_read.LIST_EXAMPLES,
        is_look=True,
    ),
    Action(
        "show",
        task_read.show_arguments,
        task_read.show,
        "a task with its comments, links and subtasks",
        task_read.SHOW_EXAMPLES,
        is_look=True,
    ),
    Action(
        "update",
        task_write.update_arguments,
        task_write.update,
        "change the fields given; '' takes one away",
        task_write.UPDATE_EXAMPLES,
    ),
    Action(
        "comment",
        task_speak.comment_arguments,
        task_speak.comment,
        "say something about a task",
        task_speak.COMMENT_EXAMPLES,
    ),
    Action(
        "link",
        task_speak.link_arguments,
        task_speak.link,
        "point from a task to a change, a log, a file",
        task_speak.LINK_EXAMPLES,
    ),
    Action(
        "move",
        task_move.move_arguments,
        task_move.move,
        "hand a task to another agent, queue or parent",
        task_move.MOVE_EXAMPLES,
    ),
    Action(
        "done", task_write.done_arguments, task_write.done, "set tasks complete", task_write.DONE_EXAMPLES
    ),
    Action(
        "archive",
        task_move.archive_arguments,
        task_move.archive,
        "out of every list, for good",
        task_move.ARCHIVE_EXAMPLES,
    ),
    Action(
        "import",
        task_import.arguments,
        task_import.run,
        "tasks from a Markdown checklist, JSON, or GitHub issues",
        task_import.EXAMPLES,
    ),
    Action(
        "check",
        task_store.check_arguments,
        task_store.check,
        "whether the embedded store's file is whole",
        task_store.CHECK_EXAMPLES,
        is_look=True,
    ),
    Action(
        "backup",
        task_store.backup_arguments,
        task_store.backup,
        "copy the embedded store's file while it is in use",
        task_store.BACKUP_EXAMPLES,
        is_look=True,
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One parser for each action; the settings may stand before and after it."""
    parser.epilog = HELP_EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for action in ACTIONS:
        action.arguments(_parser(actions, action))


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises UsageError before anything is sent, Refused for what the server will not do, and
    TaskServerError when it cannot be asked."""
    from tinyscheduler.bootstrap import desk, load, wire_ledgers

    action = next(row for row in ACTIONS if row.name == options.action)
    inside = _with_agents_server(context)
    configuration = load(inside, write_cache=False)
    is_look = action.is_look or getattr(options, "is_preview", False)
    server = desk(configuration, inside, is_read_only=is_look)
    side = Side(context, configuration, server, wire_ledgers(configuration))
    for text in notes_astray(configuration):
        note(side, text)
    try:
        return action.act(options, side)
    except TaskServerError as error:
        ours = as_ours(error)
        if ours is error:
            raise
        raise ours from error
    finally:
        server.close()


def _with_agents_server(context: Context) -> Context:
    """Inside an agent: the server its task came from, which the pass may have been told by a flag."""
    url = context.environ.get("TINYTASK_URL")
    is_inside = "TINYSCHEDULER_TASK_ID" in context.environ
    is_told = "TINYSCHEDULER_MCP_ENDPOINT" in context.environ or "MCP_ENDPOINT" in context.overrides
    if not url or not is_inside or is_told:
        return context
    return context._replace(overrides={**context.overrides, "MCP_ENDPOINT": url})


def _parser(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], action: Action
) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        action.name,
        help=action.help,
        description=action.help[0].upper() + action.help[1:] + ".",
        epilog=action.examples,
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
