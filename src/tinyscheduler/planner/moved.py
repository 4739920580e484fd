"""A run that was stopped, and whose task had been moved on the server before its settlement came.

The settlement leaves such a task as it is and parks it by the ledger alone. Where nobody else has it, the
stop then makes that visible on the server; so these questions are asked by its table only.
"""

from __future__ import annotations

from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.task import PARKED_TAG
from tinyscheduler.planner.intent_subject import (
    Subject,
    is_complete,
    is_foreign,
    is_idle,
    is_parked,
    is_said,
    is_server_unknown,
    is_unasked,
    ledger_of,
    past_run,
    task_of,
)
from tinyscheduler.planner.retry import STOPPED


def was_parked(subject: Subject) -> bool:
    """The run that is meant was stopped, and is called otherwise because its task was moved meanwhile."""
    past, ledger, intent = past_run(subject), subject.ledger, subject.intent
    parked = ledger.parked if isinstance(ledger, Ledger) else None
    is_named_otherwise = past is not None and past.kind in STOPPED
    return is_named_otherwise and parked is not None and (parked.why, parked.by) == (intent.reason, intent.by)


def was_left_to_others(subject: Subject) -> bool:
    """The run that is meant was stopped, and nothing of its task is left to be parked."""
    past = past_run(subject)
    return past is not None and past.is_stopped


def is_to_be_asked(subject: Subject) -> bool:
    """Whether people can see on the server that it is parked has to be looked at."""
    return was_parked(subject) and not is_foreign(subject) and is_unasked(subject)


def is_unanswered(subject: Subject) -> bool:
    """The same, and the server does not answer."""
    return was_parked(subject) and not is_foreign(subject) and is_server_unknown(subject)


def is_unmarked(subject: Subject) -> bool:
    """The settlement left the task as it was changed, and nothing there says that it is parked; or saying so
    was cut off before the ledger knew the task as it is now. Not where somebody has given it to another
    agent, to a person, or to a queue that is not ours."""
    task, past = task_of(subject), past_run(subject)
    if task is None or past is None or ledger_of(subject) is None or not was_parked(subject):
        return False
    is_in_pool = task.assigned_to is None and task.queue in subject.queues
    is_free = is_in_pool or task.assigned_to == past.agent
    is_cut_off = is_said(subject) and not is_parked(subject)
    is_open = is_idle(subject) and not is_complete(subject)
    return is_open and is_free and (is_cut_off or PARKED_TAG not in task.tags)
