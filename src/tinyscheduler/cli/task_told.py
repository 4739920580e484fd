"""What an action of ``task`` has done: lines for people, ids for ``$(...)``, one object for programs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.task_several import Deeds, Failure
from tinyscheduler.cli.task_side import Side
from tinyscheduler.errors import ServerUnavailable, TinySchedulerError
from tinyscheduler.kit.fields import instant_text
from tinyscheduler.model.task import Task
from tinyscheduler.views.held import id_json
from tinyscheduler.views.task import summary_text, task_json
from tinyscheduler.views.wording import line_text


def told(options: argparse.Namespace, side: Side, deeds: Deeds[Task], *, kind: str) -> int:
    """Each task as it is now, then what failed; gives the exit code."""
    if options.json:
        body = _body(deeds)
        print_object(side, kind, body, code=deeds.exit_code)
    else:
        for task in deeds.done:
            print(task.id if options.ids_only else summary_text(task), file=side.context.stdout)
        tell_failures(side, deeds.failures)
    return deeds.exit_code


def print_object(side: Side, kind: str, body: Mapping[str, object], *, code: int = 0) -> None:
    """The one shape of every command."""
    print_json(side.context.stdout, kind, at=instant_text(datetime.now(UTC)), code=code, body=body)


def failure_json(failure: Failure) -> dict[str, object]:
    """One task's trouble."""
    return {"id": id_json(failure.task_id), **trouble_json(failure.error)}


def trouble_json(error: TinySchedulerError) -> dict[str, object]:
    """What went wrong, beside what was done: one object has both."""
    return {"ref": error.reference, "message": error.message, "hint": error.hint}


def tell_failures(side: Side, failures: tuple[Failure, ...]) -> None:
    """One line each, on stderr: what was done stands on stdout."""
    for failure in failures:
        hint = f" ({failure.error.hint})" if failure.error.hint else ""
        # Some messages of servers begin so themselves.
        message = failure.error.message.removeprefix(f"Task {failure.task_id}: ")
        print(f"tinyscheduler: task {failure.task_id}: {message}{hint}", file=side.context.stderr)


def tell_gaps(context: Context, gaps: Sequence[str]) -> int:
    """What is in no list because nobody could read it, on stderr; gives the exit code."""
    for gap in gaps:
        print(f"tinyscheduler: left out: {line_text(gap, chars_max=300)}", file=context.stderr)
    return ServerUnavailable.exit_code if gaps else 0


def note(side: Side, text: str | None) -> None:
    """What was done was asked for, and may still be a slip of the pen."""
    if text is not None:
        from tinyscheduler.cli.this_store import store_words

        words = store_words(side.context, [text])
        print(f"tinyscheduler: note: {text}{words and f' ({words})'}", file=side.context.stderr)


def _body(deeds: Deeds[Task]) -> dict[str, object]:
    if deeds.is_single:
        return {"task": task_json(deeds.done[0])}
    return {
        "tasks": [task_json(task) for task in deeds.done],
        "failed": [failure_json(failure) for failure in deeds.failures],
    }
