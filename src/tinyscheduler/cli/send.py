"""``send``: a message to the agent that works on a task, through its inbox file (features E5)."""

from __future__ import annotations

import argparse

from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import task_id_of
from tinyscheduler.errors import Refused, UsageError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import Lease
from tinyscheduler.ports import World

TEXT_BYTES_MAX = 65_536
WITH_READER = ("starting", "running")

HELP_EXAMPLES = """examples:
  tinyscheduler send 7 "the tests need PostgreSQL 16"
  tinyscheduler send 7 --stdin < notes.md

It is added to the file that the agent finds as TINYSCHEDULER_INBOX, with the time and your name. Whether
the agent reads it is the agent's matter. Exit code 4: nothing runs for this task.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="send")
    parser.add_argument("task", metavar="TASK", help="id of the task")
    parser.add_argument("text", metavar="TEXT", nargs="?", help="the message")
    parser.add_argument("--stdin", action="store_true", help="read the message from standard input")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises UsageError; Refused where nothing runs; StateError."""
    from tinyscheduler.bootstrap import wire
    from tinyscheduler.cli.anyhow import told_settings
    from tinyscheduler.cli.task_write import author_of
    from tinyscheduler.kit.fields import instant_text

    task_id, text = task_id_of(options.task), _text(options, context)
    world = wire(told_settings(context)[0], context, is_read_only=True)
    lease = _lease(world, task_id)
    at = instant_text(world.clock.now())
    world.runs.send(task_id, lease.attempt, f"## {at} {author_of(context)}\n\n{text.rstrip()}\n\n")
    refuse_ended(world, lease)
    if options.json:
        from tinyscheduler.cli.console import print_json
        from tinyscheduler.kit.fields import identifier_value

        body = {"task_id": identifier_value(task_id), "agent": lease.agent, "attempt": lease.attempt}
        print_json(context.stdout, options.kind, at=at, code=0, body=body)
    else:
        print(
            f"task {task_id}: it is in the inbox of {lease.agent}, attempt {lease.attempt}",
            file=context.stdout,
        )
    return 0


def _text(options: argparse.Namespace, context: Context) -> str:
    if (options.text is None) != options.stdin:
        raise UsageError("give the message, or --stdin", hint="tinyscheduler send --help")
    text: str = context.stdin.read(TEXT_BYTES_MAX + 1) if options.stdin else options.text
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise UsageError(
            "the message is not UTF-8 text", hint="convert it, with iconv for example"
        ) from error
    if not text.strip():
        raise UsageError("the message is empty", hint="tinyscheduler send --help")
    if size > TEXT_BYTES_MAX:
        raise UsageError(
            f"the message is longer than {TEXT_BYTES_MAX} bytes", hint="put it into a file and name its path"
        )
    return text


def refuse_ended(world: World, lease: Lease) -> None:
    """Whoever sends believes that somebody reads. Raises Refused when the run of this lease is over."""
    found = world.leases.read(lease.task_id)
    is_same = isinstance(found, Lease) and found.lease_id == lease.lease_id
    if not is_same or (isinstance(found, Lease) and found.state not in WITH_READER):
        raise Refused(
            f"task {lease.task_id}: its run ended while the message was written, so perhaps nobody reads it",
            hint=f"tinyscheduler explain {lease.task_id} says how it stands; {_to_the_next(lease.task_id)}",
        )


def _lease(world: World, task_id: TaskId) -> Lease:
    found = world.leases.read(task_id)
    if isinstance(found, Lease) and found.state in WITH_READER:
        return found
    hint = f"tinyscheduler explain {task_id} says how it stands"
    if isinstance(found, Lease):
        raise Refused(f"task {task_id}: its run is {found.state}, so nobody reads a message", hint=hint)
    if found is not None:
        raise Refused(f"task {task_id}: its lease cannot be read: {found.why}", hint=hint)
    raise Refused(f"task {task_id} does not run", hint=f"{hint}; {_to_the_next(task_id)}")


def _to_the_next(task_id: TaskId) -> str:
    """Comments are not in the prompt; it names the command that shows them."""
    return f"for the next agent, who is told where to read it: tinyscheduler task comment {task_id} TEXT"
