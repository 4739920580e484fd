"""Claim a task, and give a claim back: the two halves of one protocol over the server's primitives.

A claim is won, lost or unclear (law 4). An unassigned task is claimed by exchanging its assignee,
an assigned one by a move from its owner to itself; both show a human's hand (tinytask 3.2) and another
scheduler's: the exchange by a name of its own, the move by its comment (``contest``). The window between
look and write is one call long; nothing closes it further on the public server.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from tinyscheduler.errors import NotAssigned, ServerRefused, ServerUnavailable, TaskNotFound
from tinyscheduler.model.claim_marks import claim_name, end_mark, is_claim_name, lease_in
from tinyscheduler.model.ids import AgentName, LeaseId
from tinyscheduler.model.lease import Claim, ClaimWay, Lease, comment_marker
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.task import TagChange, Task, TaskDetail
from tinyscheduler.planner.hints import hints_of
from tinyscheduler.ports import TaskServer
from tinyscheduler.reconcile.contest import is_claimed_after, lately_claimed, winner_before
from tinyscheduler.reconcile.given_on import has_left_a_trace, is_given_on
from tinyscheduler.reconcile.parking import untagged


class Bid(NamedTuple):
    """Who claims."""

    agent: AgentName
    lease_id: LeaseId
    now: datetime
    is_tagged: bool = False
    """Our tag of a parked task may be on it, and goes."""


class Won(NamedTuple):
    """The task is working under the agent's name because of us."""

    task: Task


class Lost(NamedTuple):
    """The task is somebody else's, refused, or not to be started; nothing of ours is left on the server."""

    reason: HeldReason
    found: str
    hint: str = ""


class Unclear(NamedTuple):
    """The server may or may not have done it. The lease stays; the next pass asks."""

    why: str


class NotAsked(NamedTuple):
    """Nothing was sent that could have changed the task."""

    why: str


ClaimResult = Won | Lost | Unclear | NotAsked


def claim_of(task: Task) -> Claim:
    """What will be taken from whom."""
    how: ClaimWay = "exchange" if task.assigned_to is None else "move"
    return Claim(task.assigned_to, task.queue, task.created_at, how)


def claim(server: TaskServer, task: Task, bid: Bid) -> ClaimResult:
    """Look again, take it, set it working. Raises nothing: every ending is one of the four."""
    try:
        seen = _look(server, task, bid)
    except ServerUnavailable as error:
        return NotAsked(error.message)
    except ServerRefused as error:
        return Lost("bad_task", error.message, error.hint)
    if isinstance(seen, Lost):
        return seen
    try:
        taken = _take(server, task, bid)
    except ServerUnavailable as error:
        return Unclear(error.message) if error.maybe_applied else NotAsked(error.message)
    except ServerRefused as error:
        return Lost("bad_task", error.message, error.hint)
    except (NotAssigned, TaskNotFound) as error:
        return Lost("working_elsewhere", error.message)
    if isinstance(taken, Lost | Unclear):
        return taken
    begun = _begin(server, task, bid, tags=untagged(taken) if bid.is_tagged else None)
    return _if_first(server, begun, bid, seen) if isinstance(begun, Won) else begun


def give_back(
    server: TaskServer, lease: Lease, colleagues: Collection[str] = (), *, is_unclear: bool
) -> bool:
    """Undo what this lease's claim did, only what is still ours. True: nothing of ours is left, the
    lease may go. False: not all of the claim has been seen, and it ``is_unclear`` whether the rest may
    still take effect; ask again later. ``colleagues``: the agents of this folder.

    Raises ServerUnavailable, ServerRefused; then nothing is known and the lease must stay.
    """
    try:
        detail = server.get(lease.task_id)
    except TaskNotFound:
        return True
    task = detail.task
    if task.created_at != lease.claim.task_created_at:
        return True
    is_elsewhere = is_given_on(detail, lease, colleagues) and has_left_a_trace(detail, lease)
    if is_elsewhere or _is_late_half(task, lease):
        server.update(task.id, status="idle")
        return True
    if not _is_applied(detail, lease) or task.status == "complete":
        return not is_unclear
    if lease.claim.how == "exchange":
        _exchange_back(server, task, lease)
    elif is_claimed_after(detail.comments, lease.agent, lease.lease_id):
        return True
    elif _is_anothers(detail, lease):
        # Cut off after our move had set it idle, or before we could see that another was first.
        if task.status == "idle":
            server.update(task.id, status="working")
        return True
    elif task.status == "working":
        server.update(task.id, status="idle")
    # Where only the first half is seen, the second may still be on its way.
    is_whole = task.assigned_to == lease.agent and task.status == "working"
    return is_whole or not is_unclear


def _exchange_back(server: TaskServer, task: Task, lease: Lease) -> None:
    """To whom it was taken from, if that was a person's choice: then the exchange was cut off before it put
    that back, and only a ``working`` under the agent's name is ours."""
    person = _without_claims(task.previous_assigned_to)
    if person and task.assigned_to != lease.agent and task.status == "working":
        _let_go(server, task, lease.agent, lease.lease_id)
    is_begun = task.assigned_to == lease.agent and task.status == "working"
    left = server.update(task.id, status="idle" if is_begun or not person else None, assigned_to=person)
    taker = left.previous_assigned_to
    if taker not in (None, task.assigned_to):
        # Taken between our look and our word.
        server.update(task.id, assigned_to=taker)


def _is_anothers(detail: TaskDetail, lease: Lease) -> bool:
    seen = frozenset(said.id for said in detail.comments)
    return winner_before(detail.comments, lease.agent, lease.lease_id, seen) is not None


def _is_late_half(task: Task, lease: Lease) -> bool:
    """The assignee was taken back, and after that the claim's ``working`` arrived."""
    is_pool = lease.claim.how == "exchange" and task.assigned_to is None
    return is_pool and task.previous_assigned_to == lease.agent and task.status == "working"


def _look(server: TaskServer, task: Task, bid: Bid) -> Lost | frozenset[str]:
    """The snapshot may be a pass old; read once more directly before taking. The ids of the comments."""
    try:
        detail = server.get(task.id)
    except TaskNotFound as error:
        return Lost("working_elsewhere", error.message)
    found = detail.task
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
    if _means_something_else(found, task):
        return Lost("working_elsewhere", "what it says of itself was changed a moment ago")
    if server.has_open_children(task.id):
        return Lost("parent_open", "it has subtasks that are not complete")
    other = lately_claimed(detail.comments, bid.agent, bid.lease_id, bid.now)
    return _claimed_by(other) if other is not None else frozenset(said.id for said in detail.comments)


def _means_something_else(found: Task, task: Task) -> bool:
    """It was planned, and its lease was written, for what it said before; and that was approved."""
    now = hints_of(found)
    is_other = (found.title, found.description) != (task.title, task.description)
    return now != hints_of(task) or (now.needs_approval and is_other)


def _take(server: TaskServer, task: Task, bid: Bid) -> Task | Lost | Unclear:
    if task.assigned_to is not None:
        text = f"{bid.agent} starts on it {comment_marker(bid.lease_id)}"
        moved = server.move(task.id, current=task.assigned_to, new=bid.agent, comment=text)
        return moved if _is_where_it_was(moved, task) else _moved_away(moved)
    taken = server.update(task.id, assigned_to=claim_name(bid.agent, bid.lease_id))
    previous = taken.previous_assigned_to
    if previous is None and taken.status == "idle" and _is_where_it_was(taken, task):
        return taken
    # Somebody was quicker by a moment: put back what the exchange replaced.
    try:
        if taken.status == "working" and _without_claims(previous):
            _let_go(server, task, bid.agent, bid.lease_id)
        server.update(task.id, assigned_to=_without_claims(previous))
    except ServerUnavailable as error:
        return Unclear(error.message)
    return Lost("working_elsewhere", f"{previous or 'somebody'} took it at the same moment")


def _begin(server: TaskServer, task: Task, bid: Bid, *, tags: TagChange | None) -> ClaimResult:
    """``task`` as it was seen before it was taken."""
    is_exchange = task.assigned_to is None
    try:
        working = server.update(
            task.id, status="working", assigned_to=bid.agent if is_exchange else None, tags=tags
        )
        if _is_won(working, task, bid):
            return Won(working)
        # The ``working`` was ours, and the assignee if it still is the agent.
        before = _without_claims(working.previous_assigned_to) if is_exchange else task.assigned_to
        is_ours = working.assigned_to == bid.agent
        server.update(task.id, status="idle", assigned_to=(before or "") if is_ours else None)
    except (ServerUnavailable, ServerRefused, TaskNotFound) as error:
        # The first half is done: only the next pass can say what has become of it.
        return Unclear(error.message)
    return _moved_away(working)


def _is_won(working: Task, task: Task, bid: Bid) -> bool:
    """Nobody has come between the two halves; under the exchange's own name that shows."""
    is_untouched = working.previous_assigned_to == claim_name(bid.agent, bid.lease_id)
    is_agents = working.assigned_to == bid.agent and (is_untouched or task.assigned_to is not None)
    return is_agents and _is_where_it_was(working, task)


def _if_first(server: TaskServer, won: Won, bid: Bid, seen: frozenset[str]) -> ClaimResult:
    """A move to itself succeeds for each scheduler that has an agent of this name. Whoever is not the first
    leaves the task as it is: it looks as the first one wants it."""
    if won.task.previous_assigned_to == claim_name(bid.agent, bid.lease_id):
        return won
    try:
        comments = server.get(won.task.id).comments
        other = winner_before(comments, bid.agent, bid.lease_id, seen)
        if other is None:
            return won
        _let_go(server, won.task, bid.agent, bid.lease_id)
    except (ServerUnavailable, ServerRefused, TaskNotFound) as error:
        return Unclear(error.message)
    return _claimed_by(other)


def _let_go(server: TaskServer, task: Task, agent: AgentName, lease_id: LeaseId) -> None:
    """To whoever was quicker and is at work. Said, because nothing else would tell another scheduler later
    that the claim's name on the task is none of the winner."""
    server.comment(task.id, f"{agent} came too late {end_mark(lease_id)}]", agent)


def _claimed_by(other: LeaseId) -> Lost:
    return Lost("working_elsewhere", f"another scheduler claims it at the same moment, as lease {other}")


def _without_claims(previous: AgentName | None) -> str:
    """To whom it is put back: a name that only a claim has used is nobody's."""
    return "" if previous is None or is_claim_name(previous) else previous


def _is_where_it_was(found: Task, task: Task) -> bool:
    return found.queue == task.queue and found.archived_at is None


def _moved_away(found: Task) -> Lost:
    if found.archived_at is not None:
        return Lost("working_elsewhere", "it was archived at the same moment")
    where = f"{found.assigned_to or 'nobody'} in {found.queue or 'no queue'}"
    return Lost("working_elsewhere", f"it was given to {where} at the same moment")


def _is_applied(detail: TaskDetail, lease: Lease) -> bool:
    """Whether the first half of the claim has happened and nobody has taken the task since: the traces
    differ by the way."""
    task, name = detail.task, claim_name(lease.agent, lease.lease_id)
    if lease.claim.how == "exchange" and task.assigned_to == name:
        return True
    if task.assigned_to != lease.agent or _says(detail, end_mark(lease.lease_id)):
        return False
    if lease.claim.how == "move":
        return _says(detail, comment_marker(lease.lease_id))
    previous = task.previous_assigned_to
    if lease.state != "claiming" or previous is None or previous == name or not is_claim_name(previous):
        return True
    # Another scheduler's claim: it has won, or it has come too late and let go.
    return _says(detail, end_mark(lease_in(previous)))


def _says(detail: TaskDetail, mark: str) -> bool:
    return any(mark in said.text for said in detail.comments)
