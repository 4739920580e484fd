"""A task that was given to somebody else while it was claimed for an agent: whose ``working`` is it?

Another agent of ours has no lease, so it is not at work: nobody but our passes sets a task working for it.
What the server shows is the ``working`` of our claim, and nobody else would ever take it back (law 2). Of a
stranger nobody here can tell: a person who takes a running task over is at work without another call. It is
left alone and told.
"""

from __future__ import annotations

from collections.abc import Collection

from tinyscheduler.model.claim_marks import claim_name, is_claim_name
from tinyscheduler.model.lease import Lease, comment_marker
from tinyscheduler.model.task import TaskDetail
from tinyscheduler.reconcile.contest import is_claimed_for


def is_given_on(detail: TaskDetail, lease: Lease, colleagues: Collection[str]) -> bool:
    """It works in the name of one of ``colleagues``, agents of this folder. Not so where another scheduler
    has claimed it since, which has agents of the same names."""
    return detail.task.assigned_to in colleagues and is_given_away(detail, lease)


def is_given_away(detail: TaskDetail, lease: Lease) -> bool:
    """The same, in whoever's name."""
    task = detail.task
    if task.status != "working" or task.archived_at is not None:
        return False
    if task.assigned_to is None or task.assigned_to == lease.agent:
        return False
    is_taken = task.previous_assigned_to is not None and is_claim_name(task.previous_assigned_to)
    return not is_taken and not is_claimed_for(detail.comments, task.assigned_to, lease.lease_id)


def has_left_a_trace(detail: TaskDetail, lease: Lease) -> bool:
    """The claim was applied, at least in part. Without a trace a person may have been quicker, and the
    ``working`` is hers."""
    if lease.state != "claiming":
        return True
    if lease.claim.how == "exchange":
        return detail.task.previous_assigned_to in (lease.agent, claim_name(lease.agent, lease.lease_id))
    return any(comment_marker(lease.lease_id) in said.text for said in detail.comments)
