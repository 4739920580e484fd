"""``drain``: start nothing new, and wait until no lease is left (features E2)."""

from __future__ import annotations

import argparse

from tinyscheduler.cli.context import Context
from tinyscheduler.errors import Refused
from tinyscheduler.ports import World
from tinyscheduler.reconcile.report import Report

EXIT_TIMEOUT = 5
TASKS_SHOWN_MAX = 20

HELP_EXAMPLES = """examples:
  tinyscheduler drain --timeout 600 --reason "the machine is rebooted"
  tinyscheduler drain && systemctl stop tinyscheduler.timer

It pauses everything, and runs passes until each run has ended and the task server has been told. The
pause stays, also when time is up: tinyscheduler resume ends it. Exit code 0: no lease is left; 5: some are;
4: somebody has resumed meanwhile.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="drain")
    parser.add_argument("--timeout", metavar="SEC", default="60", help="how long to wait (60)")
    parser.add_argument("--reason", metavar="TEXT", help="why; shown by status and explain")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises UsageError, StateError; Refused when the pause is ended by somebody else."""
    from tinyscheduler.bootstrap import wire
    from tinyscheduler.cli.anyhow import told_settings
    from tinyscheduler.cli.passing import passes_until, refuse_dry_run, seconds_of
    from tinyscheduler.cli.pause import new_pause

    timeout_s = seconds_of(options.timeout, what="--timeout")
    configuration, rejected = told_settings(context)
    refuse_dry_run(configuration)
    world = wire(configuration, context, is_read_only=True)
    reason = options.reason if options.reason is not None else "drain"
    world.pauses.write(new_pause(context, world.clock.now(), reason))
    progress = _Progress(context)
    left: list[str] = []

    def is_done(_report: Report) -> bool:
        _refuse_resumed(world)
        left[:] = _leases_left(world)
        progress.show(left)
        return not left

    try:
        is_over = passes_until(is_done, configuration, context, timeout_s=timeout_s, rejected=rejected)
    finally:
        progress.end()
    code = 0 if is_over else EXIT_TIMEOUT
    if options.json:
        _print_json(world, options, context, left=left, code=code)
    elif is_over:
        print("nothing runs and nothing starts; tinyscheduler resume ends it", file=context.stdout)
    else:
        told = f"after {timeout_s} s {_tasks(left)}; nothing new starts until tinyscheduler resume"
        print(f"{told}; tinyscheduler status says how they stand", file=context.stdout)
    return code


def _refuse_resumed(world: World) -> None:
    """Waiting for the end of what is started again and again would be waiting for nothing."""
    from tinyscheduler.planner.pauses import in_force

    if not any(pause.scope == "all" for pause in in_force(world.pauses.read(), world.clock.now())):
        raise Refused("somebody has resumed, so tasks start again", hint="agree with them, then drain again")


def _leases_left(world: World) -> list[str]:
    scan = world.leases.scan()
    readable = [str(lease.task_id) for lease in scan.leases]
    return [*readable, *(str(broken.task_id) for broken in scan.broken)]


def _tasks(left: list[str]) -> str:
    more = " ..." if len(left) > TASKS_SHOWN_MAX else ""
    shown = ", ".join(left[:TASKS_SHOWN_MAX]) + more
    return f"{len(left)} {'lease is' if len(left) == 1 else 'leases are'} left: task {shown}"


def _print_json(
    world: World, options: argparse.Namespace, context: Context, *, left: list[str], code: int
) -> None:
    from tinyscheduler.cli.console import print_json
    from tinyscheduler.kit.fields import identifier_value, instant_text

    body = {"leases": [identifier_value(task_id) for task_id in left]}
    print_json(context.stdout, options.kind, at=instant_text(world.clock.now()), code=code, body=body)


class _Progress:
    """One line on a terminal that says what is waited for."""

    def __init__(self, context: Context) -> None:
        self._stream = context.stderr if context.stderr.isatty() else None

    def show(self, left: list[str]) -> None:
        if self._stream is not None and left:
            print(f"\r\x1b[K{_tasks(left)}", end="", file=self._stream, flush=True)

    def end(self) -> None:
        if self._stream is not None:
            print("\r\x1b[K", end="", file=self._stream, flush=True)
