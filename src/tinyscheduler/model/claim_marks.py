"""What a claim leaves on the task server for others to see: names and marks that are unique to its lease."""

from __future__ import annotations

from tinyscheduler.model.ids import AgentName, LeaseId
from tinyscheduler.model.lease import comment_marker

FOLDER_CHARS = 6
"""Of a lease_id: enough to tell the few state folders of one server apart, and the other ten keep its leases
apart."""


def lease_id_of(state_id: str, random: bytes) -> LeaseId:
    """A new lease's: its end says which state folder it is of, so that its comments do."""
    return LeaseId(random.hex() + state_id[:FOLDER_CHARS])


def folder_of(lease_id: LeaseId) -> str:
    """The same for all leases of one state folder."""
    return lease_id[-FOLDER_CHARS:]


def claim_name(agent: AgentName, lease_id: LeaseId) -> AgentName:
    """Under which a task of the pool is taken, for the one call until it gets its agent's: an exchange shows
    what it has replaced only where the name changes, and two folders may have agents of one name."""
    return AgentName(f"{agent} {comment_marker(lease_id)}")


def is_claim_name(name: str) -> bool:
    """Of whatever scheduler."""
    return name.endswith("]") and " [lease " in name


def lease_in(text: str) -> LeaseId:
    """The lease that a claim's name or comment bears; empty: none."""
    found = text.rpartition("[lease ")
    return LeaseId(found[2].partition("]")[0]) if found[1] and "]" in found[2] else LeaseId("")


def end_mark(lease_id: LeaseId) -> str:
    """How the mark of an ended run begins: the claim's own comment carries the plain one."""
    return comment_marker(lease_id).replace("[lease ", "[end of lease ").removesuffix("]")


def word_mark(lease_id: LeaseId) -> str:
    """Of what a run said of a task that was not its own any more: nothing is ended by it, and nobody else's
    claim is over."""
    return comment_marker(lease_id).replace("[lease ", "[word of lease ")
