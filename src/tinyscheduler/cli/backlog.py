"""``backlog``: every task that waits, in the order in which it would start, and what it waits for."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import get_args

from tinyscheduler.bootstrap import load, wire_read_side
from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.model.reason import HeldReason

HELP_EXAMPLES = """examples:
  tinyscheduler backlog
  tinyscheduler backlog --queue dev --reason agent_full
  tinyscheduler backlog --json | jq .sums

It reads only: it takes no lock and writes nothing. Tasks that the next pass starts come first, then those
that wait for room, in the order of their turns, then those that something else holds. Exit code 0: all is
known; 3: the task server is unknown, or part of it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.add_argument("--queue", metavar="QUEUE", help="only tasks of this queue")
    parser.add_argument(
        "--reason",
        metavar="REASON",
        choices=("starts", *get_args(HeldReason)),
        help="only tasks that wait for this: a held reason, or starts",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Show what waits."""
    from tinyscheduler.reconcile.look_at_backlog import look_at_backlog
    from tinyscheduler.views.backlog import backlog_json, backlog_tables, filtered
    from tinyscheduler.views.seen import exit_code

    side = wire_read_side(load(context, write_cache=False), context)
    try:
        whole = look_at_backlog(side)
    finally:
        side.world.server.close()
    seen, code = filtered(whole, queue=options.queue, reason=options.reason), exit_code(whole)
    if options.queue is not None and not (seen.waiters or seen.runs or seen.unserved.groups):
        _note_unserved(options.queue, side.world.configuration.queues, context)
    if options.json:
        from tinyscheduler.kit.fields import instant_text

        print_json(context.stdout, "backlog", at=instant_text(seen.now), code=code, body=backlog_json(seen))
        return code
    from tinyscheduler.cli.this_store import tell_store_of
    from tinyscheduler.views.table import show

    tables = list(backlog_tables(seen))
    show(context.stdout, tables, context.environ)
    tell_store_of(context, tables)
    return code


def _note_unserved(queue: str, known: Collection[str], context: Context) -> None:
    """Nothing waits there as far as anybody looks; a slip of the pen looks the same."""
    if queue in known:
        return
    from tinyscheduler.kit.nearest import nearest

    near = nearest(queue, known)
    hint = f"did you mean {near}?" if near else f"served are: {', '.join(sorted(known)) or 'none'}"
    print(
        f"tinyscheduler: note: no agent serves queue {queue!r}, and no pass looks for its tasks; {hint}",
        file=context.stderr,
    )
