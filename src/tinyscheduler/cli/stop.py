"""``stop``: end a run, or all of them; the task is parked unless it is to run again."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tinyscheduler.cli import asking
from tinyscheduler.cli.asking import Desk
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import task_id_of
from tinyscheduler.errors import TaskNotFound, UsageError
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.intent import Intent

CHAIN_MAX = 1_000
"""Blockers that are looked up; a longer chain is a circle or somebody's joke."""

HELP_EXAMPLES = f"""examples:
  tinyscheduler stop 7 --wait
  tinyscheduler stop 7 --requeue --reason "wrong branch checked out"
  tinyscheduler stop --all

TERM, the grace, KILL, and proof that no process is left. A run that ends by itself before keeps its own
outcome. Other tasks start in the free slots: pause or drain keeps them from it.
{asking.WAIT_HELP}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="stop")
    parser.add_argument("task", metavar="TASK", nargs="?", help="id of the task")
    parser.add_argument("--all", action="store_true", help="every run there is")
    parser.add_argument(
        "--requeue", action="store_true", help="it may start again: not parked, no attempt spent"
    )
    parser.add_argument(
        "--with-dependents", action="store_true", help="also the runs of tasks that wait for it"
    )
    asking.add_arguments(parser, needs_reason=False)
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises Refused for a task that nobody knows."""
    task_id = _subject(options)
    desk = asking.open_desk(options, context)
    try:
        runs = _all_runs(desk) if task_id is None else _runs_of(desk, task_id)
        if task_id is not None and options.with_dependents:
            runs += _dependents(desk, task_id)
        intents = [_intent(desk, options, run) for run in runs]
        if not intents and not options.json:
            print("nothing runs", file=context.stdout)
            return 0
        return asking.ask(desk, options, intents)
    finally:
        desk.close()


def _subject(options: argparse.Namespace) -> TaskId | None:
    """None: all."""
    if (options.task is None) != options.all:
        raise UsageError("name a task, or --all", hint="tinyscheduler stop --help")
    if options.all and options.with_dependents:
        raise UsageError("--all has everybody already", hint="leave --with-dependents out")
    return None if options.all else task_id_of(options.task)


def _intent(desk: Desk, options: argparse.Namespace, run: tuple[TaskId, LeaseId | None]) -> Intent:
    task_id, lease_id = run
    return asking.new_intent(desk, options, task_id, kind="stop", lease_id=lease_id, requeue=options.requeue)


def _all_runs(desk: Desk) -> list[tuple[TaskId, LeaseId | None]]:
    """Readable ones by the run that was seen; of the others nobody knows it."""
    runs: list[tuple[TaskId, LeaseId | None]] = [
        (facts.lease.task_id, facts.lease.lease_id)
        for facts in desk.snapshot.leases
        if facts.lease.state != "finished"
    ]
    return runs + [(broken.task_id, None) for broken in desk.snapshot.broken]


def _runs_of(desk: Desk, task_id: TaskId) -> list[tuple[TaskId, LeaseId | None]]:
    lease_id = next((f.lease.lease_id for f in desk.snapshot.leases if f.lease.task_id == task_id), None)
    return [(task_id, lease_id)]


def _dependents(desk: Desk, task_id: TaskId) -> list[tuple[TaskId, LeaseId | None]]:
    """Runs of tasks that wait for it, over however many others. Raises TaskServerError."""
    blockers: dict[TaskId, TaskId | None] = {}
    return [run for run in _all_runs(desk) if task_id in _chain(desk, run[0], blockers)]


def _chain(desk: Desk, task_id: TaskId, known: dict[TaskId, TaskId | None]) -> Sequence[TaskId]:
    """Everything the task waits for, nearest first."""
    chain: list[TaskId] = []
    at: TaskId | None = task_id
    while at is not None and at not in chain[:-1] and len(chain) < CHAIN_MAX:
        if at not in known:
            known[at] = _blocker(desk, at)
        at = known[at]
        if at is None or at in chain:
            break
        chain.append(at)
    return chain


def _blocker(desk: Desk, task_id: TaskId) -> TaskId | None:
    try:
        return desk.world.server.get(task_id).task.blocked_by
    except TaskNotFound:
        # Somebody has deleted it: the chain ends here.
        return None
