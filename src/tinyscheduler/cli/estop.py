"""``estop``: the emergency stop. Every run is ended, and nothing starts until it is cleared (features E2)."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence

from tinyscheduler.cli.context import Context
from tinyscheduler.errors import Refused, UsageError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.ports import World
from tinyscheduler.reconcile.report import Report

EXIT_UNWRITTEN, EXIT_TIMEOUT = 1, 5
TASKS_SHOWN_MAX = 20

HELP_EXAMPLES = """examples:
  tinyscheduler estop --reason "an agent pushes to main"
  tinyscheduler estop --clear

It writes the file state/ESTOP, which wrappers and passes look for at each beat, and runs a pass that
ends every run: TERM, the grace, KILL, and proof that no process is left. The tasks go back to where they
were, without a spent attempt. Exit code 0: nothing runs any more; 1: the same, but the disk has refused to
have it written down; 5: something still runs; 4: somebody has cleared it meanwhile.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="estop")
    parser.add_argument("--reason", metavar="TEXT", help="why; it is written into the file")
    parser.add_argument("--clear", action="store_true", help="end it: tasks start again")
    parser.add_argument("--timeout", metavar="SEC", default="60", help="how long to wait for the end (60)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises UsageError, StateError; Refused when it is cleared by somebody else."""
    from tinyscheduler.bootstrap import wire
    from tinyscheduler.cli.anyhow import told_settings
    from tinyscheduler.cli.passing import passes_until, seconds_of
    from tinyscheduler.reconcile.unwritten import unwritten_ends

    timeout_s = seconds_of(options.timeout, what="--timeout")
    if options.clear and options.reason is not None:
        raise UsageError("--clear needs no reason", hint="leave --reason out")
    configuration, rejected = told_settings(context)
    world = wire(configuration, context, is_read_only=True)
    if options.clear:
        was_there = world.state.end_estop()
        told = "ESTOP is cleared: the next pass starts what may start" if was_there else "there was no ESTOP"
        return _show(world, options, context, told=told, left=runs_left(world), code=0)
    _write(world, options, context)
    left: list[str] = []
    unwritten: dict[TaskId, str] = {}

    def is_done(report: Report) -> bool:
        if not world.state.is_estopped():
            raise Refused("somebody has cleared ESTOP, so tasks start again", hint="tinyscheduler estop")
        left[:] = runs_left(world)
        unwritten.clear()
        if left:
            unwritten.update(unwritten_ends(world, report))
            left[:] = [task_id for task_id in left if task_id not in unwritten]
        return not left

    is_over = passes_until(is_done, configuration, context, timeout_s=timeout_s, rejected=rejected)
    if not is_over:
        told = f"nothing starts, but {len(left)} still run: {_shown(left)}; tinyscheduler status says why"
        return _show(world, options, context, told=told, left=left, code=EXIT_TIMEOUT)
    if unwritten:
        return _show(world, options, context, told=_unwritten_text(unwritten), left=[], code=EXIT_UNWRITTEN)
    told = "everything is stopped and nothing starts; tinyscheduler estop --clear ends it"
    return _show(world, options, context, told=told, left=left, code=0)


def _shown(task_ids: Iterable[str]) -> str:
    found = list(task_ids)
    return ", ".join(found[:TASKS_SHOWN_MAX]) + (" ..." if len(found) > TASKS_SHOWN_MAX else "")


def _unwritten_text(unwritten: Mapping[TaskId, str]) -> str:
    """What was ended while ESTOP is there is not the task's fault, and only as long as it is there can a pass
    tell."""
    why = next(iter(unwritten.values()))
    return (
        "everything is stopped and nothing starts, but that could not be written down for task "
        f"{_shown(unwritten)} ({why}); mend that, let a pass do it (tinyscheduler run --once), and then "
        "tinyscheduler estop --clear"
    )


def runs_left(world: World) -> list[str]:
    """Tasks whose lease is there, unless their run is over and only the task server has to be told."""
    scan = world.leases.scan()
    running = [str(lease.task_id) for lease in scan.leases if lease.state != "finished"]
    return [*running, *(str(broken.task_id) for broken in scan.broken)]


def _write(world: World, options: argparse.Namespace, context: Context) -> None:
    """The first word stands: it says since when nothing runs."""
    if not world.state.estop(_text(options, context, world)) and options.reason is not None:
        note = "ESTOP was there before, and keeps the reason that it has"
        print(f"tinyscheduler: {note}", file=context.stderr)


def _text(options: argparse.Namespace, context: Context, world: World) -> str:
    from tinyscheduler.cli.asking import reason_of
    from tinyscheduler.cli.task_write import author_of
    from tinyscheduler.kit.fields import instant_text

    why = "" if options.reason is None else f": {reason_of(options.reason)}"
    return f"{instant_text(world.clock.now())} {author_of(context)}{why}\n"


def _show(
    world: World,
    options: argparse.Namespace,
    context: Context,
    *,
    told: str,
    left: Sequence[str],
    code: int,
) -> int:
    if not options.json:
        print(told, file=context.stdout)
        return code
    from tinyscheduler.cli.console import print_json
    from tinyscheduler.kit.fields import identifier_value, instant_text

    body = {"estopped": world.state.is_estopped(), "running": [identifier_value(task_id) for task_id in left]}
    print_json(context.stdout, options.kind, at=instant_text(world.clock.now()), code=code, body=body)
    return code
