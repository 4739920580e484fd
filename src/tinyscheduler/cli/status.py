"""``status``: what runs, what waits and why, what is wrong."""

from __future__ import annotations

import argparse

from tinyscheduler.bootstrap import wire_read_side
from tinyscheduler.cli.anyhow import settings_anyhow
from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.views.problems import exit_code, problems

HELP_EXAMPLES = """examples:
  tinyscheduler status
  tinyscheduler status --json | jq '.held'

It reads only: it takes no lock and writes nothing. Exit code 0: all is well; 1: something of ours is
wrong; 2: the settings do not hold; 3: the task server is unknown.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Show everything of one moment."""
    from tinyscheduler.reconcile.look import look

    configuration, fault = settings_anyhow(context)
    side = wire_read_side(configuration, context)
    try:
        side.world.state.check_entry()
        seen = look(side)._replace(settings_fault=fault)
        if side.world.schedules is not None:
            from tinyscheduler.reconcile.look_at_schedules import with_schedules

            seen = with_schedules(seen, side.world, side.world.schedules)
    finally:
        side.world.server.close()
    found = problems(seen)
    code = exit_code(found)
    if options.json:
        from tinyscheduler.kit.fields import instant_text
        from tinyscheduler.views.status_json import status_json

        body = status_json(seen, found)
        print_json(context.stdout, "status", at=instant_text(seen.now), code=code, body=body)
    else:
        from tinyscheduler.cli.this_store import tell_store_of
        from tinyscheduler.views.status import status_tables
        from tinyscheduler.views.table import show

        tables = list(status_tables(seen, found))
        show(context.stdout, tables, context.environ)
        tell_store_of(context, tables)
    return code
