"""What people are told about an intent: one clause for each row of the tables of ``intents``."""

from __future__ import annotations

from collections.abc import Callable

from tinyscheduler.model.knowledge import Unknown
from tinyscheduler.planner.intent_subject import Subject, ledger_of, past_run, task_of


def say(text: str) -> Callable[[Subject], str]:
    """The same words for every subject."""
    return lambda _subject: text


def where(subject: Subject) -> str:
    """Whom to ask instead."""
    host = subject.lease.lease.host if subject.lease is not None else "another machine"
    return f"its run is on {host}, which cannot be seen from here: ask there, or release it"


def how_it_ended(subject: Subject) -> str:
    """By a person or by itself."""
    outcome = subject.lease.lease.outcome if subject.lease is not None else None
    past = past_run(subject)
    kind = outcome.kind if outcome is not None else past.kind if past is not None else "finished"
    if kind == "cancelled":
        return "its run was stopped"
    return f"its run has ended by itself as {kind}, so nothing was stopped"


def to_whom_it_is_left(subject: Subject) -> str:
    """Why a stop has parked nothing."""
    past = past_run(subject)
    if past is not None and past.kind == "succeeded":
        return "its run was stopped; the task is complete, so there is nothing to park"
    if subject.intent.requeue:
        return "its run was stopped; what others have made of its task meanwhile stays"
    return "its run was stopped; the task was given to somebody who is no agent of ours, so it is not parked"


def what_was_quicker(subject: Subject) -> str:
    """Of a run that is over and not settled yet."""
    outcome = subject.lease.lease.outcome if subject.lease is not None else None
    if outcome is None:
        return "its run is over, and is settled first"
    return f"its run has ended by itself as {outcome.kind}, which stands, and is settled first"


def it_does_not_run(subject: Subject) -> str:
    """And how its last run has ended: whoever wants to stop it has just seen it run."""
    ledger = ledger_of(subject)
    runs = [past for past in ledger.outcomes if past.kind != "denied"] if ledger is not None else []
    if not runs:
        return "it does not run"
    last = runs[-1]
    is_stopped = last.kind == "cancelled" or last.is_stopped
    how = "was stopped" if is_stopped else f"ended as {last.kind}"
    return f"it does not run; its last run, on {last.agent}, {how} at {last.at:%Y-%m-%dT%H:%M:%SZ}"


def how_it_ends(subject: Subject) -> str:
    """What comes after it, too."""
    after = "it may start again" if subject.intent.requeue else "it is parked"
    return f"its run is ended and proven gone, and {after}"


def what_retry_does(subject: Subject) -> str:
    """Who is tried, too, where everybody was left alone."""
    may = "it may start again, and its attempts count anew"
    if not subject.closed:
        return may
    return f"{may}; one task tries {', '.join(subject.closed)} without waiting"


def whose(subject: Subject) -> str:
    """Why it is not for us to touch."""
    task = task_of(subject)
    if task is not None and task.assigned_to is None:
        return f"no agent has it; tinyscheduler task update {task.id} --status idle"
    return f"it is assigned to {task.assigned_to if task else '-'}, who is no agent of ours"


def other_server(subject: Subject) -> str:
    """Both of them, for people."""
    return f"it was asked for a task of {subject.intent.source}, the settings name {subject.source}"


def no_answer(subject: Subject) -> str:
    """Why it has to wait."""
    found = subject.task
    return f"the task server has to be asked first: {found.why if isinstance(found, Unknown) else 'unknown'}"


def what_it_is(subject: Subject) -> str:
    """Why there is nothing to do for us."""
    task = task_of(subject)
    return "it is archived" if task is not None and task.archived_at is not None else "it is complete"


def who_is_left(subject: Subject) -> str:
    """Of a run without a lease."""
    pids = ", ".join(str(pid) for pid in subject.living)
    return f"its lease is gone, its processes are still there and are ended: {pids}"


def who_lives(subject: Subject) -> str:
    """Their pids, for ps."""
    pids = ", ".join(str(pid) for pid in subject.living)
    return f"processes of a run still work on it: {pids}"
