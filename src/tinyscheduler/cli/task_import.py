"""``task import``: a plan that somebody has written, as tasks.

What it does is in ``task_import_run``, which the other actions of ``task`` need not load.
"""

from __future__ import annotations

import argparse

from tinyscheduler.cli.importing.reading import FORMATS
from tinyscheduler.cli.task_side import Side, place_arguments, quiet_flag

EXAMPLES = """examples:
  tinyscheduler task import plan.md --queue dev --dry-run         what it would make
  tinyscheduler task import plan.md --queue dev
  tinyscheduler task list --tag import:plan.md --all --tree       how far it has come
  gh issue list --json number,title,body,labels,state,url | tinyscheduler task import - --queue dev
  tinyscheduler task list --all --limit 9999 --json | tinyscheduler task import - --mcp-endpoint URL

Markdown: an item is a line '- [ ] title', or '- [x] title' for what is done; items below it become its
subtasks, other text below it its description. JSON: what task list --json prints, or an array of objects
with a title, and description, status, queue, assigned_to, priority, tags, id, parent, blocked_by, subtasks.
GitHub: what gh issue list --json prints; labels become tags.

The same file can be imported again: items that are tasks already are left as they are. They are known by
two tags: import:SOURCE, the name of the file ("stdin" from a pipe; --source says another), and one of the
item: its titles, its id, or the address of its issue. Another name is another source, which makes new tasks.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See ``task_import_run``."""
    parser.set_defaults(format=None, source=None, parent=None)
    parser.add_argument("file", metavar="FILE", help="'-' for stdin; 16 MB and 10,000 items at most")
    parser.add_argument("--format", choices=FORMATS, help="told by the file as a rule")
    parser.add_argument("--source", metavar="NAME", help="instead of the file's name, to know its items by")
    parser.add_argument(
        "--dry-run", action="store_true", default=False, dest="is_preview", help="show it, make nothing"
    )
    place_arguments(parser, tag="every item gets it; may be given again")
    parser.add_argument("--parent", metavar="ID", help="make all of it subtasks of this one")
    parser.add_argument(
        "--in-order", action="store_true", default=False, help="each item waits for the one before it"
    )
    parser.add_argument("--open-only", action="store_true", default=False, help="leave out what is done")
    quiet_flag(parser, "print the ids of the new tasks alone")


def run(options: argparse.Namespace, side: Side) -> int:
    """The whole file is read and checked before anything is sent."""
    from tinyscheduler.cli.task_import_run import run_import

    return run_import(options, side)
