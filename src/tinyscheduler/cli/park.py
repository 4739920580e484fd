"""``park``: a task is not started again until ``retry``, or until somebody changes it."""

from __future__ import annotations

import argparse

from tinyscheduler.cli import asking
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import task_id_of

HELP_EXAMPLES = f"""examples:
  tinyscheduler park 7 --reason "waits for the new key"

A run of it is stopped first. On the task server it becomes idle and nobody's, with one comment.
{asking.WAIT_HELP}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="park")
    parser.add_argument("task", metavar="TASK", help="id of the task")
    asking.add_arguments(parser, needs_reason=False)
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises Refused for a task that nobody knows, or that is not ours to park."""
    return asking.ask_about_task(options, context, task_id_of(options.task))
