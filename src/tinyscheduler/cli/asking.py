"""What the commands share that ask the next pass for something: ``stop park retry approve release requeue``.

A command looks, says what will happen, and writes an intent; only a pass acts (law 7). With --wait it
runs that pass itself. The words for what will happen come from the tables that the pass uses.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from tinyscheduler.bootstrap import wire
from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.passing import refuse_dry_run, seconds_of
from tinyscheduler.errors import Refused, ServerUnavailable, UsageError
from tinyscheduler.model.configuration import Configuration
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.intent import BY_CHARS_MAX, REASON_CHARS_MAX, Intent, IntentAnswer, IntentKind
from tinyscheduler.model.knowledge import Unknown
from tinyscheduler.model.snapshot import TendSnapshot
from tinyscheduler.planner.intents import Ruling, answer_of, replaces
from tinyscheduler.ports import World

EXIT_REFUSED, EXIT_TIMEOUT = Refused.exit_code, 5

WAIT_HELP = """It asks the next pass, which does it within the minute; --wait runs a pass here and waits for
it. Asking twice is asking once. Exit code 0: asked, done, or there was nothing to do; 4: refused, or a
task that nobody knows; 5: with --wait, it is not done yet."""


class Desk(NamedTuple):
    """One command at work: what it sees, and whom it asks."""

    context: Context
    configuration: Configuration
    world: World
    snapshot: TendSnapshot
    rejected: str = ""
    """Why newer settings than these do not hold."""

    def close(self) -> None:
        """Idempotent."""
        self.world.server.close()


class Outlook(NamedTuple):
    """An intent and what is going to become of it."""

    answer: IntentAnswer
    is_open: bool
    """Something is left to do for a pass."""
    hint: str = ""
    """Where it is refused."""


def add_arguments(parser: argparse.ArgumentParser, *, needs_reason: bool) -> None:
    """Those that all of them have."""
    text = "why; it is in the journal" if needs_reason else "why; default: asked by YOU"
    parser.add_argument("--reason", metavar="TEXT", required=needs_reason, help=text)
    parser.add_argument("--wait", action="store_true", help="run a pass, and wait until it is done")
    parser.add_argument("--timeout", metavar="SEC", default="60", help="of --wait (60)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def open_desk(options: argparse.Namespace, context: Context) -> Desk:
    """Look at everything, write nothing. Raises UsageError for arguments that mean nothing, StateError."""
    from tinyscheduler.bootstrap import load
    from tinyscheduler.cli.anyhow import told_settings
    from tinyscheduler.reconcile.second_look import observed_leases

    seconds_of(options.timeout, what="--timeout")
    _reason(options, "")
    # A run must be stopped also by who has half of agent-control written; all else can wait for the rest.
    is_urgent = options.kind == "stop"
    configuration, rejected = told_settings(context) if is_urgent else (load(context, write_cache=False), "")
    if options.wait:
        refuse_dry_run(configuration)
    elif rejected or configuration.is_dry_run:
        told = (
            "DRY_RUN is set: no pass does what you ask until it is not"
            if configuration.is_dry_run
            else "until they do, only --wait, or a daemon, makes a pass that does what you ask"
        )
        print(f"tinyscheduler: {told}", file=context.stderr)
    world = wire(configuration, context, is_read_only=True)
    return Desk(context, configuration, world, observed_leases(world), rejected)


def ask_about_task(options: argparse.Namespace, context: Context, task_id: TaskId) -> int:
    """One intent of ``options.kind``, whatever the task does now."""
    desk = open_desk(options, context)
    try:
        return ask(desk, options, [new_intent(desk, options, task_id, kind=options.kind, lease_id=None)])
    finally:
        desk.close()


def new_intent(
    desk: Desk,
    options: argparse.Namespace,
    task_id: TaskId,
    *,
    kind: IntentKind,
    lease_id: LeaseId | None,
    requeue: bool = False,
    mark: str = "",
) -> Intent:
    """One that is not written yet."""
    from tinyscheduler.cli.task_write import author_of
    from tinyscheduler.model.result import one_line

    by = one_line(author_of(desk.context), chars_max=BY_CHARS_MAX)
    now = desk.world.clock.now()
    return Intent(
        desk.world.intents.new_id(now),
        kind,
        task_id,
        lease_id,
        by,
        now,
        _reason(options, by),
        requeue,
        desk.world.server.source,
        mark,
    )


def ask(desk: Desk, options: argparse.Namespace, intents: Sequence[Intent]) -> int:
    """Say what will happen, write what a pass has to do, wait if that is wanted; the exit code.

    Raises Refused for a single intent that cannot be obeyed, ServerUnavailable where only the server
    could tell whether there is such a task, StateError.
    """
    outlooks = [_outlook(desk, intent) for intent in intents]
    if len(outlooks) == 1 and outlooks[0].answer.word == "refused":
        answer = outlooks[0].answer
        raise Refused(f"task {answer.intent.task_id}: {answer.why}", hint=outlooks[0].hint)
    for outlook in outlooks:
        if outlook.is_open and not _is_asked(desk, outlook.answer.intent):
            desk.world.intents.write(outlook.answer.intent)
    answers = [outlook.answer for outlook in outlooks]
    is_waiting = options.wait and any(outlook.is_open for outlook in outlooks)
    if is_waiting:
        from tinyscheduler.cli.waiting import wait_for

        wanted = [_asked_before(desk, outlook.answer.intent) for outlook in outlooks if outlook.is_open]
        timeout_s = seconds_of(options.timeout, what="--timeout")
        done = wait_for(desk.configuration, desk.context, wanted, timeout_s=timeout_s, rejected=desk.rejected)
        answers = [outlook.answer for outlook in outlooks if not outlook.is_open] + done
    code = _exit_code(answers, is_waiting=is_waiting)
    _show(desk, options, answers, code=code, is_waiting=is_waiting)
    return code


def _outlook(desk: Desk, intent: Intent) -> Outlook:
    from tinyscheduler.reconcile.intent_look import look_at

    about = (other for other in desk.snapshot.intents if other.task_id == intent.task_id)
    before = next((other for other in about if not replaces(intent, other)), None)
    if before is not None and not _is_same(before, intent) and intent.kind != "release":
        # What is there now is not what this will meet.
        return Outlook(IntentAnswer(intent, "waits", f"after the {before.kind} that was asked before"), True)
    subject, ruling = look_at(desk.world, desk.world.server, intent, desk.snapshot)
    if intent.kind == "stop" and intent.lease_id is None and isinstance(subject.task, Unknown):
        raise ServerUnavailable(
            f"task {intent.task_id} has no lease here, and whether there is such a task cannot be told: "
            f"{subject.task.why}"
        )
    answer = answer_of(intent, ruling) or IntentAnswer(intent, "waits", ruling.why)
    if answer.word == "applied":
        # It is so already, and not by this.
        answer = answer._replace(word="nothing_to_do")
    return Outlook(answer, answer.word == "waits", _hint(intent, ruling))


def _is_same(one: Intent, other: Intent) -> bool:
    """They ask for the same; who asks and when is no difference."""
    return (one.kind, one.task_id, one.lease_id, one.requeue, one.mark) == (
        other.kind,
        other.task_id,
        other.lease_id,
        other.requeue,
        other.mark,
    )


def _is_asked(desk: Desk, intent: Intent) -> bool:
    return _asked_before(desk, intent) is not intent


def _asked_before(desk: Desk, intent: Intent) -> Intent:
    """The last intent about this task, if it is the same one; else ``intent``."""
    about = [other for other in desk.snapshot.intents if other.task_id == intent.task_id]
    return about[-1] if about and _is_same(about[-1], intent) else intent


def _exit_code(answers: Sequence[IntentAnswer], *, is_waiting: bool) -> int:
    words = {answer.word for answer in answers}
    if "refused" in words:
        return EXIT_REFUSED
    return EXIT_TIMEOUT if is_waiting and "waits" in words else 0


def _show(
    desk: Desk, options: argparse.Namespace, answers: Sequence[IntentAnswer], *, code: int, is_waiting: bool
) -> None:
    from tinyscheduler.views.intents import answer_json, answer_text

    if options.json:
        from tinyscheduler.kit.fields import instant_text

        body = {"intents": [answer_json(answer) for answer in answers]}
        at = instant_text(datetime.now(UTC))
        print_json(desk.context.stdout, options.kind, at=at, code=code, body=body)
        return
    for answer in answers:
        print(answer_text(answer, is_waiting=is_waiting), file=desk.context.stdout)


def _hint(intent: Intent, ruling: Ruling) -> str:
    if ruling.rule == "gone":
        return "tinyscheduler task list --all shows what there is"
    return f"tinyscheduler explain {intent.task_id} says how it stands"


def _reason(options: argparse.Namespace, by: str) -> str:
    return f"asked by {by}" if options.reason is None else reason_of(options.reason)


def reason_of(text: str) -> str:
    """One line; it is shown on terminals and written into comments. Raises UsageError."""
    from tinyscheduler.model.result import one_line

    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError("the reason is not UTF-8 text", hint="write it in a few plain words") from error
    reason = one_line(text, chars_max=REASON_CHARS_MAX)
    if not reason:
        raise UsageError("the reason is empty", hint="say in a few words why")
    return reason
