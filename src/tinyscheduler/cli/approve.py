"""``approve``: let a task start that asks for approval, as it is now."""

from __future__ import annotations

import argparse

from tinyscheduler.cli import asking
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import task_id_of
from tinyscheduler.errors import TaskNotFound
from tinyscheduler.model.ids import TaskId

HELP_EXAMPLES = f"""examples:
  tinyscheduler task show 7
  tinyscheduler approve 7 --reason "reviewed with the team"

A task asks for approval by the tag needs-approval, or by approval: true in its front matter. What is
approved is its title and description as they are now; when they change, it has to be approved again.
{asking.WAIT_HELP}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="approve")
    parser.add_argument("task", metavar="TASK", help="id of the task")
    asking.add_arguments(parser, needs_reason=False)
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises Refused for a task that nobody knows, ServerUnavailable where nobody can say what it says."""
    desk, task_id = asking.open_desk(options, context), task_id_of(options.task)
    try:
        mark = _mark(desk, task_id)
        intent = asking.new_intent(desk, options, task_id, kind="approve", lease_id=None, mark=mark)
        return asking.ask(desk, options, [intent])
    finally:
        desk.close()


def _mark(desk: asking.Desk, task_id: TaskId) -> str:
    """Of what the task says at this moment."""
    from tinyscheduler.planner.approval import approval_mark

    try:
        return approval_mark(desk.world.server.get(task_id).task)
    except TaskNotFound:
        # Who looks at the intent says so.
        return ""
