"""``graph``: which tasks wait for which, with what the next pass makes of each."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, get_args

from tinyscheduler.bootstrap import load, wire_read_side
from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import task_id_of
from tinyscheduler.errors import Refused, TaskServerError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.views.graph import Format

if TYPE_CHECKING:
    from tinyscheduler.ports import TaskServer

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
    from tinyscheduler.views.graph import chosen, graph_json, graph_lines
    from tinyscheduler.views.seen import exit_code

    about = None if options.task is None else task_id_of(options.task)
    side = wire_read_side(load(context, write_cache=False), context)
    try:
        whole, now = look_at_graph(side), side.world.clock.now()
        code = exit_code(whole)
        if about is not None and code == 0 and about not in whole.graph.nodes:
            raise _unseen(about, side.world.server)
    finally:
        side.world.server.close()
    seen = chosen(whole, about=about, is_all=options.all)
    if options.json:
        from tinyscheduler.kit.fields import instant_text

        print_json(context.stdout, "graph", at=instant_text(now), code=code, body=graph_json(seen))
        return code
    for line in graph_lines(seen, options.format):
        print(line, file=context.stdout)
    return code


def _unseen(task_id: TaskId, server: TaskServer) -> Refused:
    try:
        is_complete = server.get(task_id).task.status == "complete"
    except TaskServerError:
        # Nobody knows it, or nobody can say: explain tells which.
        is_complete = False
    where = "complete" if is_complete else "in no list of ours"
    return Refused(
        f"task {task_id} is {where}, and no task waits for it",
        hint=f"tinyscheduler explain {task_id} says what is known of it",
    )
