"""``task comment`` and ``task link``: what is said about a task, and what it points to."""

from __future__ import annotations

import argparse

from tinyscheduler.cli import task_texts
from tinyscheduler.cli.names import task_id_of
from tinyscheduler.cli.task_side import Side
from tinyscheduler.cli.task_told import print_object
from tinyscheduler.cli.task_unclear import linked, spoken
from tinyscheduler.cli.task_write import author_of
from tinyscheduler.model.desk import NewLink
from tinyscheduler.views.held import id_json
from tinyscheduler.views.task import comment_json, link_json

COMMENT_EXAMPLES = """examples:
  tinyscheduler task comment 7 "The build is red since Monday"
  tinyscheduler task comment 7 --stdin <<'END'                    nothing in it is read by the shell
  `make test` ends with $? = 2
  END
"""
LINK_EXAMPLES = """examples:
  tinyscheduler task link 7 "$(gh pr view --json url -q .url)" --description "the change"
  tinyscheduler task link 7 src/parser.py
"""


def comment_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``comment``."""
    parser.add_argument("task", metavar="ID")
    parser.add_argument("text", metavar="TEXT", nargs="?", default=None, help="90,000 characters at most")
    parser.add_argument("--stdin", action="store_true", default=False, help="read the text from stdin")


def link_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``link``."""
    parser.add_argument("task", metavar="ID")
    parser.add_argument("url", metavar="URL", help="a URL, a path, or what else one can point to")
    parser.add_argument("--description", metavar="TEXT", default="", help="what is there")


def comment(options: argparse.Namespace, side: Side) -> int:
    """Say something about a task."""
    task_id = task_id_of(options.task)
    text = task_texts.remark_of(options.text, options, side.context)
    made = spoken(side.desk, task_id, text, author=author_of(side.context))
    if options.json:
        print_object(side, "task_comment", {"task_id": id_json(task_id), "comment": comment_json(made)})
    else:
        print(f"task {task_id}: comment {made.id}", file=side.context.stdout)
    return 0


def link(options: argparse.Namespace, side: Side) -> int:
    """Point from a task to something."""
    task_id = task_id_of(options.task)
    description = task_texts.text_of(options.description, what="the description").strip()
    new = NewLink(task_texts.url_of(options.url), author_of(side.context), description)
    made = linked(side.desk, task_id, new)
    if options.json:
        print_object(side, "task_link", {"task_id": id_json(task_id), "link": link_json(made)})
    else:
        print(f"task {task_id}: link {made.id}", file=side.context.stdout)
    return 0
