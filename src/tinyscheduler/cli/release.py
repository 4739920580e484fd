"""``release``: give up a lease whose run nobody can prove gone."""

from __future__ import annotations

import argparse

from tinyscheduler.cli import asking
from tinyscheduler.cli.asking import Desk
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import task_id_of
from tinyscheduler.errors import Refused
from tinyscheduler.model.ids import LeaseId, TaskId

HELP_EXAMPLES = f"""examples:
  tinyscheduler release 7 --reason "build-2 is scrapped"

For leases of machines that are gone, runs whose processes cannot be ended, and leases that nobody can
read. It is force: if a process of the run lives after all, the task runs twice. Refused while the run's
wrapper lives on this machine; stop is for that.
{asking.WAIT_HELP}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="release")
    parser.add_argument("lease", metavar="LEASE", help="id of the lease, or of its task")
    asking.add_arguments(parser, needs_reason=True)
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises Refused where there is no such lease, or where its wrapper lives."""
    name = str(task_id_of(options.lease))
    desk = asking.open_desk(options, context)
    try:
        task_id, lease_id = _find(desk, name)
        intent = asking.new_intent(desk, options, task_id, kind="release", lease_id=lease_id)
        return asking.ask(desk, options, [intent])
    finally:
        desk.close()


def _find(desk: Desk, name: str) -> tuple[TaskId, LeaseId | None]:
    """Lease ids first: they are the more exact word."""
    leases = [facts.lease for facts in desk.snapshot.leases]
    for lease in leases:
        if lease.lease_id == name:
            return lease.task_id, lease.lease_id
    for lease in leases:
        if lease.task_id == name:
            return lease.task_id, lease.lease_id
    is_known = any(broken.task_id == name for broken in desk.snapshot.broken)
    if not is_known and not desk.world.ledgers.read([TaskId(name)]):
        raise Refused(f"there is no lease {name}", hint="tinyscheduler status --json shows them all")
    return TaskId(name), None
