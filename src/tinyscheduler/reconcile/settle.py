"""Tell the server how a run ended: idempotent, and only what is still ours.

Before anything is written the comments are searched for this lease's marker, so that a settlement
that was cut off anywhere goes on where it stopped and nothing is said twice (features B11).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, NamedTuple

from tinyscheduler.errors import NotAssigned, TaskNotFound
from tinyscheduler.model.claim_marks import claim_name, end_mark, word_mark
from tinyscheduler.model.ids import QueueName
from tinyscheduler.model.lease import Lease, Outcome
from tinyscheduler.model.task import Task, TaskDetail
from tinyscheduler.ports import TaskServer
from tinyscheduler.reconcile.claim import give_back
from tinyscheduler.reconcile.given_on import is_given_away, is_given_on
from tinyscheduler.reconcile.parking import tagged, untagged

COMMENT_CHARS_MAX = 2_000
"""Comments are the agents' chat and every agent reads them all: one short one for each run."""

TO_NOBODY = "nobody was named to go on, so it stays where it was"

LOOKS_MAX = 2
"""Who gives a task away at the very moment of our word does not do so twice."""

Told = Literal["completed", "requeued", "handed_over", "left", "gone"]


class Settled(NamedTuple):
    """What the server was told, and the task as it is left there (None: it is gone)."""

    told: Told
    task: Task | None
    outcome: Outcome
    """The run's, or what the server shows: an agent that completed its task has succeeded."""


class Ending(NamedTuple):
    """What is to be said of a run, and to whom its task may have been given meanwhile."""

    note: str
    """The one comment."""
    is_parked: bool = False
    """The task goes to the pool whatever it came from, with a tag that says so."""
    colleagues: Collection[str] = ()
    """Agents of this folder: nobody but its passes sets a task working for them."""
    word: str = ""
    """What the agent itself has to say; all that is said of a task that is left to somebody else."""


def settle_on_server(server: TaskServer, lease: Lease, ending: Ending) -> Settled:
    """The task as the run leaves it, told once.

    Raises ServerUnavailable and ServerRefused; then the lease stays and this is called again.
    """
    left = Settled("left", None, _outcome_of(lease)._replace(kind="handed_off"))
    for _ in range(LOOKS_MAX):
        try:
            return _settle_as_seen(server, lease, ending)
        except NotAssigned:
            # Given to somebody else between our look and our word.
            continue
        except TaskNotFound:
            return left
    return left


def _settle_as_seen(server: TaskServer, lease: Lease, ending: Ending) -> Settled:
    try:
        detail = server.get(lease.task_id)
    except TaskNotFound:
        return Settled("gone", None, _outcome_of(lease))
    if detail.task.created_at != lease.claim.task_created_at:
        return Settled("gone", None, _outcome_of(lease))
    if detail.task.assigned_to == claim_name(lease.agent, lease.lease_id):
        # The claim was cut off and its lease lost after that: nothing has run.
        give_back(server, lease, ending.colleagues, is_unclear=False)
        return Settled("requeued", server.get(lease.task_id).task, _outcome_of(lease))
    return _settle_found(server, lease, detail, ending)


def _settle_found(
    server: TaskServer, lease: Lease, detail: TaskDetail, ending: Ending, *, has_spoken: bool = False
) -> Settled:
    """By what is there now: others' doings stay, ``working`` without a run does not (law 2).

    ``has_spoken``: our comment was answered, whatever the server shows of it.
    """
    if _outcome_of(lease).kind != "succeeded" and _says_it_succeeded(detail, lease):
        lease = lease._replace(outcome=_outcome_of(lease)._replace(kind="succeeded"))
        ending = ending._replace(is_parked=False)
    outcome, task = _outcome_of(lease), detail.task
    if task.status == "complete":
        _pass_on_word(server, lease, detail, ending.word[:COMMENT_CHARS_MAX])
        return Settled("completed", task, outcome._replace(kind="succeeded"))
    is_elsewhere = is_given_on(detail, lease, ending.colleagues)
    if outcome.kind == "start_failed":
        return Settled(
            "requeued", _put_back_silently(server, lease, task, is_elsewhere=is_elsewhere), outcome
        )
    note = ending.note[:COMMENT_CHARS_MAX]
    text = f"{note} {_end_marker(lease)}"
    is_said = has_spoken or any(_is_end_of(lease, comment.text) for comment in detail.comments)
    if is_elsewhere:
        release = _park_given_on if outcome.kind == "cancelled" else _let_go
        return release(server, lease, task, text=text, is_said=is_said)
    if _is_others(task, lease, is_said=is_said):
        _pass_on_word(server, lease, detail, _word_for_others(lease, detail, ending.word))
        return Settled("left", task, outcome if is_said else outcome._replace(kind="handed_off"))
    if task.status == "working" and _is_moved(task, lease):
        return _let_go(server, lease, task, text=text, is_said=is_said)
    if outcome.kind != "succeeded":
        return _put_back(server, lease, task, note=note, is_said=is_said, is_parked=ending.is_parked)
    if is_said:
        return _complete(server, lease, task, is_parked=ending.is_parked)
    server.comment(task.id, text, lease.agent)
    # Said, and looked at again: a person may have moved the task while we spoke.
    return _settle_found(server, lease, server.get(task.id), ending, has_spoken=True)


def _pass_on_word(server: TaskServer, lease: Lease, detail: TaskDetail, word: str) -> None:
    """Once, for whoever goes on with it. It has a mark of its own: by that of an end, a settlement that was
    cut off here would take the task for one that it had put back itself."""
    said = [comment.text for comment in detail.comments]
    is_told = any(_is_end_of(lease, text) or word_mark(lease.lease_id) in text for text in said)
    if word and not is_told and detail.task.archived_at is None:
        text = f"{word} {word_mark(lease.lease_id)}"
        server.comment(detail.task.id, text, lease.agent)


def _word_for_others(lease: Lease, detail: TaskDetail, word: str) -> str:
    """Whoever was given a task that works may believe that somebody still does (docs/protocol.md)."""
    word = word[:COMMENT_CHARS_MAX]
    if not is_given_away(detail, lease):
        return word
    by = word or f"{lease.agent}, attempt {lease.attempt}"
    return (
        f"{by}; its run is over, and the task is left working for {detail.task.assigned_to}: set it idle if "
        "nobody is at work on it"
    )


def _park_given_on(server: TaskServer, lease: Lease, task: Task, *, text: str, is_said: bool) -> Settled:
    """A person has stopped the run and given the task to another agent: stopped is what it is."""
    if not is_said:
        server.comment(task.id, text, lease.agent)
    left = server.update(task.id, status="idle", assigned_to="", tags=tagged(task))
    return Settled("requeued", left, _outcome_of(lease))


def _is_others(task: Task, lease: Lease, *, is_said: bool) -> bool:
    """Somebody else has it, or the agent itself or a person put it where it is (features F7), or this
    settlement was done already."""
    if task.archived_at is not None or task.assigned_to not in (lease.agent, None):
        return True
    if task.status == "idle":
        # Of our own endings only a return to its owner is idle and has a second half.
        is_ours = is_said and _outcome_of(lease).kind != "succeeded" and not _is_moved(task, lease)
        return not is_ours
    is_begun_anew = is_said and _outcome_of(lease).kind != "succeeded"
    return is_begun_anew and not _is_moved(task, lease)


def _is_moved(task: Task, lease: Lease) -> bool:
    """Its queue or its assignee was changed while the run lasted, and nobody else has taken it."""
    target = _outcome_of(lease).to
    expected = (lease.claim.queue, target.queue if target is not None else None)
    return task.assigned_to is None or task.queue not in expected


def _let_go(server: TaskServer, lease: Lease, task: Task, *, text: str, is_said: bool) -> Settled:
    """Whoever moved it wants it there, so it stays; but the ``working`` was ours and the run is over."""
    if not is_said:
        server.comment(task.id, text, lease.agent)
    is_from_pool = lease.claim.assigned_to_before is None
    assignee = "" if is_from_pool and task.assigned_to == lease.agent else None
    task = server.update(task.id, status="idle", assigned_to=assignee)
    return Settled("handed_over", task, _outcome_of(lease)._replace(kind="handed_off"))


def _complete(server: TaskServer, lease: Lease, task: Task, *, is_parked: bool) -> Settled:
    tags = tagged(task) if is_parked else None
    if server.has_open_children(task.id):
        # Its status follows its subtasks: the last of them completes it (tinytask 3.3).
        return Settled("left", server.update(task.id, status="idle", tags=tags), _outcome_of(lease))
    done = server.update(task.id, status="complete", tags=tags)
    if done.assigned_to == lease.agent and done.queue == task.queue and done.archived_at is None:
        return Settled("completed", done, _outcome_of(lease))
    if done.archived_at is not None:
        # Out of everybody's sight already; what it was before cannot be told any more.
        return Settled("left", done, _outcome_of(lease)._replace(kind="handed_off"))
    # Taken between our look and our word: what is another's is not ours to call complete.
    left = server.update(task.id, status="idle")
    return Settled("left", left, _outcome_of(lease)._replace(kind="handed_off"))


def _put_back(
    server: TaskServer, lease: Lease, task: Task, *, note: str, is_said: bool, is_parked: bool
) -> Settled:
    """Idle by a conditional move to itself, which carries the comment; then to where it belongs."""
    outcome = _outcome_of(lease)
    if _is_to_nobody(outcome):
        outcome = outcome._replace(summary="; ".join(filter(None, (TO_NOBODY, outcome.summary))))
        note = f"{note}; {TO_NOBODY}"
    if not is_said:
        task = server.move(
            task.id, current=lease.agent, new=lease.agent, comment=f"{note} {_end_marker(lease)}"
        )
    target, queue = _destination(lease, outcome, is_parked=is_parked)
    tags = tagged(task) if is_parked else None
    assignee = None if (target or None) == task.assigned_to else target
    if assignee is not None or tags is not None or (queue is not None and queue != task.queue):
        left = server.update(task.id, assigned_to=assignee, queue=queue, tags=tags)
        taker = None if assignee is None else _taker(left, task)
        if taker is not None:
            # Quicker than we by a moment: it is theirs, as if we had not come.
            left = server.update(task.id, assigned_to=taker, tags=None if tags is None else untagged(left))
            return Settled("left", left, outcome)
        task = left
    told: Told = "handed_over" if outcome.kind == "handed_off" else "requeued"
    return Settled(told, task, outcome)


def _is_to_nobody(outcome: Outcome) -> bool:
    """The agent wants somebody else to go on, names nobody, and has not moved the task either."""
    return outcome.kind == "handed_off" and outcome.to is None


def _taker(left: Task, task: Task) -> str | None:
    """Whom our exchange of the assignee has replaced, if that is not who we had seen there."""
    replaced = left.previous_assigned_to
    return None if replaced in (None, task.assigned_to) else replaced


def _outcome_of(lease: Lease) -> Outcome:
    assert lease.outcome is not None, "only a finished lease is settled"
    return lease.outcome


def _put_back_silently(server: TaskServer, lease: Lease, task: Task, *, is_elsewhere: bool) -> Task:
    """A start that failed is the agent's matter, not the task's: no comment a minute for ever. No
    agent ran, so a task that is not ours any more was not handed over: a person has moved it, or
    this settlement was cut off after it was put back."""
    if is_elsewhere:
        return server.update(task.id, status="idle")
    if task.assigned_to != lease.agent or task.status != "working":
        return task
    left = server.update(task.id, status="idle", assigned_to=lease.claim.assigned_to_before or "")
    taker = _taker(left, task)
    return left if taker is None else server.update(task.id, assigned_to=taker)


def _destination(lease: Lease, outcome: Outcome, *, is_parked: bool) -> tuple[str, QueueName | None]:
    """Assignee ('' = the pool) and queue (None = as it is) after the run."""
    if outcome.to is not None:
        return outcome.to.agent or "", outcome.to.queue
    return "" if is_parked else (lease.claim.assigned_to_before or ""), None


def _end_marker(lease: Lease) -> str:
    # The claim's own comment carries the plain marker; the end needs another one.
    how = ", succeeded" if _outcome_of(lease).kind == "succeeded" else ""
    return f"{_end_of(lease)}{how}]"


def _is_end_of(lease: Lease, text: str) -> bool:
    return f"{_end_of(lease)}]" in text or f"{_end_of(lease)}, succeeded]" in text


def _says_it_succeeded(detail: TaskDetail, lease: Lease) -> bool:
    """An earlier settlement has said so and was cut off before it called the task complete. A lease that
    was written anew meanwhile, or a ledger alone, knows less (features B9, A10)."""
    return any(f"{_end_of(lease)}, succeeded]" in comment.text for comment in detail.comments)


def _end_of(lease: Lease) -> str:
    return end_mark(lease.lease_id)
