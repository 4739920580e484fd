"""``task check`` and ``task backup``: the file of the embedded task store, for whoever looks after it."""

from __future__ import annotations

import argparse
import os

from tinyscheduler.cli.task_side import Side
from tinyscheduler.cli.task_told import print_object
from tinyscheduler.errors import Refused

CHECK_EXAMPLES = """examples:
  tinyscheduler task check
"""
BACKUP_EXAMPLES = """examples:
  tinyscheduler task backup tasks-2026-11-21.db
  tinyscheduler task backup "backups/tasks-$(date +%F).db"

To restore one: stop the scheduler and serve, remove tasks.db, tasks.db-wal and tasks.db-shm from the state
folder, put the copy in their place as tasks.db, start again.
"""


def check_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def backup_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    parser.add_argument("target", metavar="FILE", help="a file that is not there yet")


def check(options: argparse.Namespace, side: Side) -> int:
    """0, or 1 where something is wrong. Raises Refused, StateError."""
    from tinyscheduler.taskstore import upkeep

    path = _own_file(side)
    faults = upkeep.check(path)
    code = 1 if faults else 0
    if options.json:
        print_object(side, "task_check", {"file": path, "faults": list(faults)}, code=code)
        return code
    for fault in faults:
        print(fault, file=side.context.stdout)
    if faults:
        print(
            "tinyscheduler: stop everything that uses the file, and restore a backup",
            file=side.context.stderr,
        )
    else:
        print(f"{path}: nothing is wrong with it", file=side.context.stdout)
    return code


def backup(options: argparse.Namespace, side: Side) -> int:
    """Raises Refused, StateError."""
    from tinyscheduler.taskstore import upkeep

    path, target = _own_file(side), os.path.abspath(options.target)
    size_bytes = upkeep.backup(path, target)
    if options.json:
        print_object(side, "task_backup", {"file": path, "target": target})
    else:
        print(f"{target}: {size_bytes} bytes, whole", file=side.context.stdout)
    return 0


def _own_file(side: Side) -> str:
    connection = side.configuration.connection
    path = side.configuration.places.tasks_db
    elsewhere = connection.endpoint or connection.folder
    if elsewhere is None:
        return path
    # What ``serve`` offers, by whatever address, is the file beside us: looked after while it is in use.
    is_served = connection.endpoint is not None and os.path.exists(path)
    there = "look after them there"
    ours = f"{there}; where that is tinyscheduler serve over {path}: add --mcp-endpoint embedded"
    raise Refused(
        f"the tasks are in {elsewhere}, not in a store of this program's own",
        hint=ours if is_served else there,
    )
