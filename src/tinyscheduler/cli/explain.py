"""``explain``: why one task runs, waits or is held, and what would release it."""

from __future__ import annotations

import argparse

from tinyscheduler.bootstrap import load, wire_read_side
from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import task_id_of
from tinyscheduler.errors import Refused

HELP_EXAMPLES = """examples:
  tinyscheduler explain 7
  tinyscheduler explain 7 --json | jq -r .held.lever

Exit code 0: the task is explained, whatever it does; 3: the task server is unknown; 4: it does not know
the task.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.add_argument("task", metavar="TASK", help="id of the task")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Explain one task. Raises Refused for one that nobody knows."""
    from tinyscheduler.reconcile.look_at import look_at
    from tinyscheduler.views.explain import exit_code, explain_tables
    from tinyscheduler.views.explain_json import explain_json

    task_id = task_id_of(options.task)
    side = wire_read_side(load(context, write_cache=False), context)
    try:
        subject = look_at(side, task_id)
    finally:
        side.world.server.close()
    code = exit_code(subject)
    if code == Refused.exit_code and not subject.is_known_here:
        hint = "tinyscheduler task list --all shows what there is"
        raise Refused(f"the task server has no task {task_id}", hint=hint)
    if options.json:
        from tinyscheduler.kit.fields import instant_text

        body = explain_json(subject)
        print_json(context.stdout, "explain", at=instant_text(subject.now), code=code, body=body)
        return code
    from tinyscheduler.cli.this_store import tell_store_of
    from tinyscheduler.views.table import show

    tables = list(explain_tables(subject))
    show(context.stdout, tables, context.environ)
    tell_store_of(context, tables)
    return code
