"""``task list`` and ``task show``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from tinyscheduler.cli import task_texts
from tinyscheduler.cli.names import name_of, name_or_empty, task_id_of
from tinyscheduler.cli.task_several import each, ids_of
from tinyscheduler.cli.task_side import STATUSES, Side, ids_argument, quiet_flag
from tinyscheduler.cli.task_told import failure_json, note, print_object, tell_failures, tell_gaps
from tinyscheduler.cli.task_write import author_of
from tinyscheduler.errors import StateError, UsageError
from tinyscheduler.model.desk import TaskList, TaskQuery
from tinyscheduler.model.ids import QueueName, TaskId
from tinyscheduler.model.ledger import Ledger, Parked
from tinyscheduler.model.task import Status, Task
from tinyscheduler.planner.retry import parked_now
from tinyscheduler.ports import LedgerStore
from tinyscheduler.views.task import Shown, detail_json, detail_text, list_json, list_table

LIST_EXAMPLES = """examples:
  tinyscheduler task list --queue dev --unassigned
  tinyscheduler task list --tag import:plan.md --all --tree       how far a plan has come
  tinyscheduler task list --status idle,working --text parser
  tinyscheduler task list --blocked -q | xargs -r tinyscheduler task show     none is no mistake
"""
SHOW_EXAMPLES = """examples:
  tinyscheduler task show 7
  tinyscheduler task show 12 13 14 --json
"""
LIMIT_MAX = 100_000
"""Ten times what a pass looks at; beyond it a list is an export."""
SUBTASKS_MAX = 200

OPEN: tuple[Status, ...] = ("idle", "working")


def list_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``list_tasks``."""
    parser.set_defaults(queue=None, assigned=None, status=None, parent=None, is_blocked=None, author=None)
    parser.add_argument("--queue", metavar="NAME", action="append")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--assigned", metavar="AGENT", help="'' for those that nobody has")
    who.add_argument("--mine", action="store_true", default=False, help="an agent's own (TKO_AGENT)")
    who.add_argument("--unassigned", action="store_const", const="", dest="assigned", help="nobody's")
    parser.add_argument(
        "--status",
        metavar="STATUS",
        nargs="+",
        action="extend",
        help="one or more of: " + ", ".join(STATUSES),
    )
    parser.add_argument("--all", action="store_true", default=False, help="complete ones too")
    parser.add_argument("--archived", action="store_true", default=False, help="archived ones too")
    parser.add_argument(
        "--tag", metavar="TAG", action="append", default=None, dest="tags", help="has it; again: that one too"
    )
    parser.add_argument("--text", metavar="TEXT", default="", help="in its title or its description")
    parser.add_argument("--author", metavar="NAME", help="who made it")
    family = parser.add_mutually_exclusive_group()
    family.add_argument("--parent", metavar="ID", help="subtasks of this one")
    family.add_argument("--top", action="store_const", const="", dest="parent", help="no subtasks")
    blocked = parser.add_mutually_exclusive_group()
    blocked.add_argument(
        "--blocked", action="store_true", dest="is_blocked", default=None, help="waits for another task"
    )
    blocked.add_argument("--unblocked", action="store_false", dest="is_blocked", help="does not")
    parser.add_argument("--tree", action="store_true", default=False, help="subtasks below their parents")
    parser.add_argument("--limit", metavar="N", default="200", help="at most so many (200)")
    parser.add_argument("--offset", metavar="N", default="0", help="leave out the first N")
    quiet_flag(parser)


def show_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``show``."""
    ids_argument(parser)
    parser.add_argument("--history", action="store_true", default=False, help="who changed what, and when")


def list_tasks(options: argparse.Namespace, side: Side) -> int:
    """A table, most urgent first."""
    query = _query(options, side)
    found, now = side.desk.find(query), datetime.now(UTC)
    code = tell_gaps(side.context, found.gaps)
    if options.mine and not found.tasks and not side.context.environ.get("TKO_AGENT", "").strip():
        note(side, f"TKO_AGENT is not set, so these are the tasks of {query.assigned_to}")
    if options.ids_only:
        for task in found.tasks:
            print(task.id, file=side.context.stdout)
    else:
        _tell(options, side, found, now=now, code=code)
    if found.is_cut:
        end = query.offset + query.limit
        text = f"tinyscheduler: the first {end} of more; --limit N shows them, --offset {end} the next ones"
        print(text, file=side.context.stderr)
    return code


def show(options: argparse.Namespace, side: Side) -> int:
    """Everything about a task, comments inline. Raises TaskNotFound."""
    now = datetime.now(UTC)
    deeds = each(ids_of(options.tasks), lambda task_id: _shown(side, task_id, wants_history=options.history))
    gaps = dict.fromkeys(f"of subtasks: {gap}" for shown in deeds.done for gap in shown.gaps)
    code = max(tell_gaps(side.context, tuple(gaps)), deeds.exit_code)
    for shown in deeds.done:
        _tell_more(side, shown)
    if not options.json:
        side.context.stdout.write("\n".join(detail_text(shown, now) for shown in deeds.done))
        tell_failures(side, deeds.failures)
    elif deeds.is_single:
        print_object(side, "task_show", detail_json(deeds.done[0]), code=code)
    else:
        body = {
            "tasks": [detail_json(shown) for shown in deeds.done],
            "failed": [failure_json(failure) for failure in deeds.failures],
        }
        print_object(side, "task_show", body, code=code)
    return code


def _tell_more(side: Side, shown: Shown) -> None:
    if shown.is_cut:
        way = f"tinyscheduler task list --all --archived --parent {shown.detail.task.id}"
        text = f"tinyscheduler: the first {len(shown.subtasks)} subtasks of more; {way} shows them"
        print(text, file=side.context.stderr)


def _query(options: argparse.Namespace, side: Side) -> TaskQuery:
    statuses = _statuses(options.status)
    owner = author_of(side.context) if options.mine else options.assigned
    return TaskQuery(
        queue=_queue(options.queue),
        assigned_to=None if owner is None else name_or_empty(owner, what="the agent"),
        statuses=statuses or (() if options.all else OPEN),
        limit=_number(options.limit, "--limit", least=1),
        offset=_number(options.offset, "--offset", least=0),
        tags=task_texts.tags_of(options.tags) or (),
        parent=TaskId("") if options.parent == "" else _parent(options.parent),
        text=task_texts.text_of(options.text, what="--text"),
        is_blocked=options.is_blocked,
        created_by=options.author,
        includes_archived=options.archived,
    )


def _queue(given: Sequence[str] | None) -> QueueName | None:
    """One: of two, nobody should wonder which the list is about."""
    if given is not None and len(given) > 1:
        raise UsageError("--queue names one queue", hint="one list for each")
    return None if given is None else QueueName(name_of(given[0], what="the queue"))


def _statuses(given: Sequence[str] | None) -> tuple[Status, ...]:
    """With blanks or commas between them."""
    words = [word for text in given or () for word in text.split(",") if word]
    for word in words:
        if word not in STATUSES:
            raise UsageError(f"--status: {word[:40]!r} is none of {', '.join(STATUSES)}")
    return tuple(status for status in STATUSES if status in words)


def _parent(text: str | None) -> TaskId | None:
    return None if text is None else task_id_of(text, what="--parent")


def _tell(options: argparse.Namespace, side: Side, found: TaskList, *, now: datetime, code: int) -> None:
    parked = parked_of(side.ledgers, found.tasks)
    if options.json:
        print_object(side, "task_list", list_json(found, parked), code=code)
        return
    from tinyscheduler.views.table import show as show_tables

    table = list_table(found.tasks, now, parked, is_tree=options.tree)
    show_tables(side.context.stdout, [table], side.context.environ)
    if not found.tasks:
        print("tinyscheduler: no task matches", file=side.context.stderr)


def _shown(side: Side, task_id: TaskId, *, wants_history: bool) -> Shown:
    detail = side.desk.get(task_id)
    below = side.desk.find(TaskQuery(parent=detail.task.id, limit=SUBTASKS_MAX, includes_archived=True))
    return Shown(
        detail,
        subtasks=below.tasks,
        is_cut=below.is_cut,
        gaps=below.gaps,
        parked=parked_of(side.ledgers, [detail.task]).get(detail.task.id),
        history=side.desk.history(task_id) if wants_history else None,
        has_history=wants_history,
    )


def parked_of(ledgers: LedgerStore, tasks: Sequence[Task]) -> Mapping[TaskId, Parked]:
    """Of those that wait. The server only knows a tag, which people give and take, too."""
    idle = {task.id: task for task in tasks if task.status == "idle"}
    try:
        found = ledgers.read(idle)
    except StateError:
        # Whoever may not read our folder still gets what the server says: that is what was asked for.
        return {}
    known = {
        task_id: parked_now(ledger, idle[task_id])
        for task_id, ledger in found.items()
        if isinstance(ledger, Ledger)
    }
    return {task_id: parked for task_id, parked in known.items() if parked is not None}


def _number(text: str, option: str, *, least: int) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text[:10]) <= LIMIT_MAX):
        raise UsageError(f"{option} {text[:40]!r} is not a number from {least} to {LIMIT_MAX}")
    return int(text)
