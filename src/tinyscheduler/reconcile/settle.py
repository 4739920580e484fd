"""Tell the server how a run ended: idempotent, and only what is still ours.

Before anything is written the comments are searched for this lease's marker, so that a settlement
that was cut off anywhere goes on where it stopped and nothing is said twice (features B11).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from tinyscheduler.errors import NotAssigned, TaskNotFound
from tinyscheduler.model.ids import QueueName
from tinyscheduler.model.lease import Lease, Outcome, comment_marker
from tinyscheduler.model.task import Task, TaskDetail
from tinyscheduler.ports import TaskServer

COMMENT_CHARS_MAX = 2_000
"""Comments are the agents' chat and every agent reads them all: one short one for each run."""

Told = Literal["completed", "requeued", "handed_over", "left", "gone"]


class Settled(NamedTuple):
    """What the server was told, and the task as it is left there (None: it is gone)."""

    told: Told
    task: Task | None
    outcome: Outcome
    """The run's, or what the server shows: an agent that completed its task has succeeded."""


def settle_on_server(server: TaskServer, lease: Lease, *, note: str, unassign: bool) -> Settled:
    """``note`` is the one comment; ``unassign`` sends the task to the pool whatever it came from.

    Raises ServerUnavailable and ServerRefused; then the lease stays and this is called again.
    """
    assert lease.outcome is not None, "only a finished lease is settled"
    try:
        detail = server.get(lease.task_id)
    except TaskNotFound:
        return Settled("gone", None, lease.outcome)
    if detail.task.created_at != lease.claim.task_created_at:
        return Settled("gone", None, lease.outcome)
    try:
        return _settle_found(server, lease, detail, note=note, unassign=unassign)
    except (NotAssigned, TaskNotFound):
        return Settled("left", None, lease.outcome._replace(kind="handed_off"))


def _settle_found(
    server: TaskServer, lease: Lease, detail: TaskDetail, *, note: str, unassign: bool
) -> Settled:
    outcome = lease.outcome
    assert outcome is not None, "checked by the caller"
    task = detail.task
    if outcome.kind == "start_failed" and task.status != "complete":
        return Settled("requeued", _put_back_silently(server, lease, task), outcome)
    marker = _end_marker(lease)
    is_said = any(marker in comment.text for comment in detail.comments)
    if task.status == "complete":
        kind = outcome if outcome.kind == "succeeded" else outcome._replace(kind="succeeded")
        return Settled("completed", task, kind)
    if task.assigned_to != lease.agent or task.archived_at is not None:
        return Settled("left", task, outcome if is_said else outcome._replace(kind="handed_off"))
    if not is_said and (task.status != "working" or task.queue != lease.claim.queue):
        # The agent itself, or a person, has put it there: that stays (features F7).
        return Settled("left", task, outcome._replace(kind="handed_off"))
    text = f"{note[:COMMENT_CHARS_MAX]} {marker}"
    if outcome.kind == "succeeded":
        if not is_said:
            server.comment(task.id, text, lease.agent)
        return Settled("completed", server.update(task.id, status="complete"), outcome)
    return _put_back(server, lease, task, text=text, is_said=is_said, unassign=unassign)


def _put_back(
    server: TaskServer, lease: Lease, task: Task, *, text: str, is_said: bool, unassign: bool
) -> Settled:
    """Idle by a conditional move to itself, which carries the comment; then to where it belongs."""
    outcome = lease.outcome
    assert outcome is not None, "checked by the caller"
    if not is_said:
        task = server.move(task.id, current=lease.agent, new=lease.agent, comment=text)
    target, queue = _destination(lease, outcome, unassign=unassign)
    if (target or None) != task.assigned_to or (queue is not None and queue != task.queue):
        task = server.update(task.id, assigned_to=target, queue=queue)
    told: Told = "handed_over" if outcome.kind == "handed_off" else "requeued"
    return Settled(told, task, outcome)


def _put_back_silently(server: TaskServer, lease: Lease, task: Task) -> Task:
    """A start that failed is the agent's matter, not the task's: no comment a minute for ever. No
    agent ran, so a task that is not ours any more was not handed over: a person has moved it, or
    this settlement was cut off after it was put back."""
    if task.assigned_to != lease.agent or task.status != "working":
        return task
    return server.update(task.id, status="idle", assigned_to=lease.claim.assigned_to_before or "")


def _destination(lease: Lease, outcome: Outcome, *, unassign: bool) -> tuple[str, QueueName | None]:
    """Assignee ('' = the pool) and queue (None = as it is) after the run."""
    if outcome.to is not None:
        return outcome.to.agent or "", outcome.to.queue
    return "" if unassign else (lease.claim.assigned_to_before or ""), None


def _end_marker(lease: Lease) -> str:
    # The claim's own comment carries the plain marker; the end needs another one.
    return comment_marker(lease.lease_id).replace("[lease ", "[end of lease ")
