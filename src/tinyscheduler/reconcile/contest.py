"""Which of several schedulers has claimed an assigned task: the one that said so first.

A task that is assigned beforehand is moved from its agent to the same agent, and that succeeds for each
state folder that has an agent of this name. But every claim leaves a comment, the server puts comments in
an order, and whoever looks after it has spoken sees all who have spoken before. ``claim`` asks, the
answers are here; a task of the pool needs none of it, because its exchange is under a name of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tinyscheduler.model.claim_marks import end_mark, folder_of, lease_in
from tinyscheduler.model.ids import AgentName, LeaseId
from tinyscheduler.model.lease import comment_marker
from tinyscheduler.model.task import Comment

CLAIM_MAX_S = 60
"""A claim is three calls. One that has taken longer is over: either its run shows as ``working``, or
its sender has given up."""


def lately_claimed(
    comments: Iterable[Comment], agent: AgentName, lease_id: LeaseId, now: datetime
) -> LeaseId | None:
    """Of another folder's claim that may be half done: the task may look idle in the middle of it. By
    the server's times and our clock, so clocks that differ by minutes make it wait or look away."""
    young = [said for said in comments if abs((now - said.created_at).total_seconds()) < CLAIM_MAX_S]
    return _first_of_others(young, comments, agent, lease_id)


def winner_before(
    comments: tuple[Comment, ...], agent: AgentName, lease_id: LeaseId, seen: frozenset[str]
) -> LeaseId | None:
    """Whose claim came before ours and is not over; None: ours is the first. ``seen``: ids of the comments
    that were there when the task was idle, which only count as long as a claim can take."""
    at = _place(comments, lease_id)
    if at is None:
        # Not applied, or somebody has taken our comment away: nothing speaks for us, nothing against.
        return None
    ours = comments[at]
    before = [said for said in comments[:at] if said.id not in seen or _is_young(said, ours)]
    return _first_of_others(before, comments, agent, lease_id)


def is_claimed_after(comments: tuple[Comment, ...], agent: AgentName, lease_id: LeaseId) -> bool:
    """Another folder has claimed it since, and is not over."""
    at = _place(comments, lease_id)
    after = () if at is None else comments[at + 1 :]
    return _first_of_others(after, comments, agent, lease_id) is not None


def is_claimed_for(comments: tuple[Comment, ...], agent: AgentName, lease_id: LeaseId) -> bool:
    """Another folder has claimed it for ``agent``, at any time, and is not over."""
    return _first_of_others(comments, comments, agent, lease_id) is not None


def _place(comments: tuple[Comment, ...], lease_id: LeaseId) -> int | None:
    marker = comment_marker(lease_id)
    return next((at for at, said in enumerate(comments) if marker in said.text), None)


def _is_young(said: Comment, ours: Comment) -> bool:
    return (ours.created_at - said.created_at).total_seconds() < CLAIM_MAX_S


def _first_of_others(
    claims: Iterable[Comment], comments: Iterable[Comment], agent: AgentName, lease_id: LeaseId
) -> LeaseId | None:
    texts = [said.text for said in comments]
    for said in claims:
        other = lease_in(said.text)
        is_others = said.author == agent and folder_of(other) != folder_of(lease_id)
        if other and is_others and not any(end_mark(other) in text for text in texts):
            return other
    return None
