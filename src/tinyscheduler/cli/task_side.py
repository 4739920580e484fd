"""What an action of ``task`` has at hand, and the options that several of them take."""

from __future__ import annotations

import argparse
from typing import NamedTuple

from tinyscheduler.cli.context import Context
from tinyscheduler.model.configuration import Configuration
from tinyscheduler.model.task import Status
from tinyscheduler.ports import LedgerStore
from tinyscheduler.ports.reading import TaskDesk

STATUSES: tuple[Status, ...] = ("idle", "working", "complete")


class Side(NamedTuple):
    """One call: who asks, what is configured, and where it stands what a task is: on its server, and in
    our ledger."""

    context: Context
    configuration: Configuration
    desk: TaskDesk
    ledgers: LedgerStore


def ids_argument(parser: argparse.ArgumentParser) -> None:
    """One task, or several: ``12 13 14``, or what ``task list -q`` prints."""
    parser.add_argument("tasks", metavar="ID", nargs="+", help="one task, or several: 12 13 14")


def quiet_flag(parser: argparse.ArgumentParser, text: str = "print the ids alone, for $(...)") -> None:
    """Takes the place of what people read."""
    parser.add_argument("-q", "--ids-only", action="store_true", default=False, help=text)


def text_arguments(parser: argparse.ArgumentParser) -> None:
    """A description, from here or there."""
    parser.set_defaults(description=None)
    text = parser.add_mutually_exclusive_group()
    text.add_argument("--description", metavar="TEXT", help="90,000 characters at most")
    text.add_argument("--stdin", action="store_true", default=False, help="read the description from stdin")


def comment_arguments(parser: argparse.ArgumentParser, text: str) -> None:
    """What is said with a deed, from here or there."""
    parser.set_defaults(comment=None)
    comment = parser.add_mutually_exclusive_group()
    comment.add_argument("--comment", metavar="TEXT", help=text)
    comment.add_argument("--stdin", action="store_true", default=False, help="read the comment from stdin")


def place_arguments(parser: argparse.ArgumentParser, *, tag: str) -> None:
    """Where a task goes, and how urgent it is; ``tag`` is what --tag says of itself."""
    parser.set_defaults(queue=None, assign=None, priority=None)
    parser.add_argument("--queue", metavar="NAME")
    parser.add_argument("--assign", metavar="AGENT", help="'' for nobody")
    parser.add_argument("--priority", metavar="N", help="any number; bigger is more urgent")
    parser.add_argument("--tag", metavar="TAG", action="append", default=None, dest="tags", help=tag)


def family_arguments(parser: argparse.ArgumentParser) -> None:
    """Which other tasks it has to do with."""
    parser.set_defaults(parent=None, blocked_by=None)
    parser.add_argument(
        "--blocked-by",
        metavar="ID",
        action="append",
        help="the task that has to be complete first; again, for a new task: the others become tags after:ID",
    )
    parser.add_argument("--parent", metavar="ID", help="make it a subtask of this one")
