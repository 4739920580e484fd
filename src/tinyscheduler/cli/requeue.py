"""``requeue``: set a task idle that is ``working`` although nothing of ours works on it."""

from __future__ import annotations

import argparse

from tinyscheduler.cli import asking
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import task_id_of

HELP_EXAMPLES = f"""examples:
  tinyscheduler requeue 7 --reason "nobody works on it"

For tasks that are held as working_elsewhere. The scheduler never does it by itself: a person or another
scheduler may be at work. What has a lease is ended with stop --requeue.
{asking.WAIT_HELP}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="requeue")
    parser.add_argument("task", metavar="TASK", help="id of the task")
    asking.add_arguments(parser, needs_reason=True)
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises Refused for a task that runs, or is not under the name of one of our agents."""
    return asking.ask_about_task(options, context, task_id_of(options.task))
