"""``graph``: which tasks wait for which, with what the next pass makes of each."""

from __future__ import annotations

import argparse
from typing import get_args

from tinyscheduler.bootstrap import load, wire_read_side
from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import task_id_of
from tinyscheduler.errors import Refused
from tinyscheduler.model.ids import TaskId
from tinyscheduler.views.graph import Format, GraphSeen

HELP_EXAMPLES = """examples:
  tinyscheduler graph
  tinyscheduler graph 7
  tinyscheduler graph --format dot | dot -Tsvg > tasks.svg
  tinyscheduler graph --all --json

It reads only: it takes no lock and writes nothing. Below each task stand those that it waits for; an arrow
points from a task to one that it waits for. Tasks that wait for themselves, and those that wait for what
will not be complete by itself, are marked. Exit code 0: all is known; 3: the task server is unknown, or
part of it; 4: nobody has seen the task.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.add_argument(
        "task", metavar="TASK", nargs="?", help="only what it waits for, and who waits for it"
    )
    parser.add_argument("--format", choices=get_args(Format), default="text", help="of the graph (text)")
    parser.add_argument(
        "--all", action="store_true", help="also what is complete, and tasks that wait for nobody"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises Refused for a task that nobody has seen."""
    from tinyscheduler.reconcile.look_at_graph import look_at_graph
    from tinyscheduler.views.graph import chosen, exit_code, graph_json, graph_lines

    about = None if options.task is None else task_id_of(options.task)
    side = wire_read_side(load(context, write_cache=False), context)
    try:
        whole, now = look_at_graph(side), side.world.clock.now()
    finally:
        side.world.server.close()
    code = exit_code(whole)
    if about is not None and code == 0:
        _refuse_unseen(about, whole)
    seen = chosen(whole, about=about, is_all=options.all)
    if options.json:
        from tinyscheduler.kit.fields import instant_text

        print_json(context.stdout, "graph", at=instant_text(now), code=code, body=graph_json(seen))
        return code
    for line in graph_lines(seen, options.format):
        print(line, file=context.stdout)
    return code


def _refuse_unseen(task_id: TaskId, seen: GraphSeen) -> None:
    if task_id not in seen.graph.nodes:
        raise Refused(
            f"task {task_id} is in no list of ours, and no task waits for it",
            hint=f"tinyscheduler explain {task_id} says what is known of it",
        )
