"""``retry``: let a parked or waiting task start again."""

from __future__ import annotations

import argparse

from tinyscheduler.cli import asking
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import task_id_of

HELP_EXAMPLES = f"""examples:
  tinyscheduler retry 7
  tinyscheduler retry 7 --wait --reason "the disk was full"

Parking, delay and cooldown end, and its attempts count anew; what has been stays in its history.
Where all agents that could run it are in quarantine or at a limit, one task tries them at once.
{asking.WAIT_HELP}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="retry")
    parser.add_argument("task", metavar="TASK", help="id of the task")
    asking.add_arguments(parser, needs_reason=False)
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises Refused for a task that runs, or that nobody knows."""
    return asking.ask_about_task(options, context, task_id_of(options.task))
