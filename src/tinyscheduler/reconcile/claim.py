"""Claim a task, and give a claim back: the two halves of one protocol over the server's primitives.

A claim is won, lost or unclear (law 4). An unassigned task is claimed by exchanging its assignee,
an assigned one by a move from its owner to itself; both show a human's hand (tinytask 3.2). The
window between look and write is one call long; nothing closes it further on the public server.
"""

from __future__ import annotations

from typing import NamedTuple

from tinyscheduler.errors import NotAssigned, ServerRefused, ServerUnavailable, TaskNotFound
from tinyscheduler.model.ids import AgentName, LeaseId
from tinyscheduler.model.lease import Claim, Lease, comment_marker
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.task import Task, TaskDetail
from tinyscheduler.ports import TaskServer
from tinyscheduler.reconcile.parking import untagged


class Won(NamedTuple):
    """The task is working under the agent's name because of us."""

    task: Task


class Lost(NamedTuple):
    """The task is somebody else's or not to be started; nothing of ours is left on the server."""

    reason: HeldReason
    found: str


class Unclear(NamedTuple):
    """The server may or may not have done it. The lease stays; the next pass asks."""

    why: str


class NotAsked(NamedTuple):
    """Nothing was sent that could have changed the task."""

    why: str


ClaimResult = Won | Lost | Unclear | NotAsked


def claim_of(task: Task) -> Claim:
    """What will be taken from whom."""
    how = "exchange" if task.assigned_to is None else "move"
    return Claim(task.assigned_to, task.queue, task.created_at, how)  # type: ignore[arg-type]


def claim(
    server: TaskServer, task: Task, agent: AgentName, lease_id: LeaseId, *, is_tagged: bool = False
) -> ClaimResult:
    """Look again, take it, set it working. Raises nothing: every ending is one of the four.

    ``is_tagged``: our tag of a parked task may be on it, and goes."""
    try:
        difference = _look(server, task)
    except ServerUnavailable as error:
        return NotAsked(error.message)
    except ServerRefused as error:
        return Lost("working_elsewhere", error.message)
    if difference is not None:
        return difference
    try:
        taken = _take(server, task, agent, lease_id)
    except ServerUnavailable as error:
        return Unclear(error.message) if error.maybe_applied else NotAsked(error.message)
    except (NotAssigned, ServerRefused, TaskNotFound) as error:
        return Lost("working_elsewhere", error.message)
    if isinstance(taken, Lost | Unclear):
        return taken
    return _begin(server, task, agent, tags=untagged(taken) if is_tagged else None)


def give_back(server: TaskServer, lease: Lease, *, is_unclear: bool) -> bool:
    """Undo what this lease's claim did, only what is still ours. True: nothing of ours is left, the
    lease may go. False: not all of the claim has been seen, and it ``is_unclear`` whether the rest may
    still take effect; ask again later.

    Raises ServerUnavailable, ServerRefused; then nothing is known and the lease must stay.
    """
    try:
        detail = server.get(lease.task_id)
    except TaskNotFound:
        return True
    task = detail.task
    if task.created_at != lease.claim.task_created_at:
        return True
    if _is_late_half(task, lease):
        server.update(task.id, status="idle")
        return True
    if not _is_applied(detail, lease):
        return not is_unclear
    if task.assigned_to != lease.agent or task.status == "complete":
        return not is_unclear
    _take_back(server, task, lease)
    # Where only the first half is seen, the second may still be on its way.
    return task.status == "working" or not is_unclear


def _take_back(server: TaskServer, task: Task, lease: Lease) -> None:
    if lease.claim.how == "move":
        if task.status == "working":
            server.update(task.id, status="idle")
    elif task.previous_assigned_to is not None:
        # Our exchange replaced a person's choice and was cut off before it put that back.
        server.update(task.id, assigned_to=task.previous_assigned_to)
    else:
        server.update(task.id, status="idle", assigned_to="")


def _is_late_half(task: Task, lease: Lease) -> bool:
    """The assignee was taken back, and after that the claim's ``working`` arrived."""
    is_pool = lease.claim.how == "exchange" and task.assigned_to is None
    return is_pool and task.previous_assigned_to == lease.agent and task.status == "working"


def _look(server: TaskServer, task: Task) -> Lost | None:
    """The snapshot may be a pass old; read once more directly before taking."""
    try:
        found = server.get(task.id).task
    except TaskNotFound as error:
        return Lost("working_elsewhere", error.message)
    if found.created_at != task.created_at:
        return Lost("working_elsewhere", "another task has its id now")
    for what, seen, wanted in (
        ("status", found.status, "idle"),
        ("assignee", found.assigned_to, task.assigned_to),
        ("queue", found.queue, task.queue),
    ):
        if seen != wanted:
            return Lost("working_elsewhere", f"its {what} has become {seen or 'none'}")
    if found.archived_at is not None:
        return Lost("working_elsewhere", "it was archived")
    if found.is_blocked:
        return Lost("blocked", f"waits for task {found.blocked_by}")
    if server.has_open_children(task.id):
        return Lost("parent_open", "it has subtasks that are not complete")
    return None


def _take(server: TaskServer, task: Task, agent: AgentName, lease_id: LeaseId) -> Task | Lost | Unclear:
    if task.assigned_to is not None:
        text = f"{agent} starts on it {comment_marker(lease_id)}"
        moved = server.move(task.id, current=task.assigned_to, new=agent, comment=text)
        return moved if _is_where_it_was(moved, task) else _moved_away(moved)
    taken = server.update(task.id, assigned_to=agent)
    previous = taken.previous_assigned_to
    if previous is None and taken.status == "idle" and _is_where_it_was(taken, task):
        return taken
    # Somebody was quicker by a moment: put back what the exchange replaced.
    try:
        server.update(task.id, assigned_to=previous or "")
    except ServerUnavailable as error:
        return Unclear(error.message)
    return Lost("working_elsewhere", f"{previous or 'somebody'} took it at the same moment")


def _begin(server: TaskServer, task: Task, agent: AgentName, *, tags: tuple[str, ...] | None) -> ClaimResult:
    """``task`` as it was seen before it was taken."""
    try:
        working = server.update(task.id, status="working", tags=tags)
        if working.assigned_to == agent and _is_where_it_was(working, task):
            return Won(working)
        # The ``working`` was ours, and the assignee if it still is the agent.
        is_ours = working.assigned_to == agent
        server.update(task.id, status="idle", assigned_to=(task.assigned_to or "") if is_ours else None)
    except (ServerUnavailable, ServerRefused, TaskNotFound) as error:
        # The first half is done: only the next pass can say what has become of it.
        return Unclear(error.message)
    return _moved_away(working)


def _is_where_it_was(found: Task, task: Task) -> bool:
    return found.queue == task.queue and found.archived_at is None


def _moved_away(found: Task) -> Lost:
    if found.archived_at is not None:
        return Lost("working_elsewhere", "it was archived at the same moment")
    where = f"{found.assigned_to or 'nobody'} in {found.queue or 'no queue'}"
    return Lost("working_elsewhere", f"it was given to {where} at the same moment")


def _is_applied(detail: TaskDetail, lease: Lease) -> bool:
    """Whether the first half of the claim has happened: the traces differ by the way."""
    if lease.claim.how == "move":
        marker = comment_marker(lease.lease_id)
        return any(marker in comment.text for comment in detail.comments)
    return detail.task.assigned_to == lease.agent
