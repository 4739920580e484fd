"""The questions that the table of ``approve`` asks, and the words for them.

Apart from ``intent_subject`` because they read what a task says, which no other intent does.
"""

from __future__ import annotations

from tinyscheduler.model.hints import NO_HINTS, Hints
from tinyscheduler.planner.approval import approval_mark, approval_of
from tinyscheduler.planner.hints import hints_of
from tinyscheduler.planner.intent_subject import Subject, ledger_of, task_of


def is_unclear(subject: Subject) -> bool:
    """What it says of itself means nothing: nobody can tell what would be approved."""
    return _hints(subject).fault is not None


def wants_no_approval(subject: Subject) -> bool:
    """Nothing of it says so."""
    return not _hints(subject).needs_approval


def is_approved(subject: Subject) -> bool:
    """As it is now, whoever has done so."""
    ledger, task = ledger_of(subject), task_of(subject)
    return ledger is not None and task is not None and approval_of(ledger, task) is not None


def says_something_else(subject: Subject) -> bool:
    """Than what the person who asked has read."""
    task = task_of(subject)
    return task is None or approval_mark(task) != subject.intent.mark


def what_is_unclear(subject: Subject) -> str:
    """The first thing that is wrong with it."""
    fault = _hints(subject).fault
    return "" if fault is None else f"{fault.place}: {fault.value}; {fault.remedy}"


def _hints(subject: Subject) -> Hints:
    task = task_of(subject)
    return NO_HINTS if task is None else hints_of(task)
