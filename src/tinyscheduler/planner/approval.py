"""What a person has approved: this very text, and no other (features D18)."""

from __future__ import annotations

from tinyscheduler.model.ledger import APPROVALS_KEPT, Approval, Ledger
from tinyscheduler.model.task import Task


def approval_mark(task: Task) -> str:
    """Of title and description. A digest that nobody can write another text for: whoever may change the
    task must not be able to use the approval of somebody else."""
    from hashlib import blake2b

    texts = (task.title, task.description)
    sizes = ",".join(str(len(text)) for text in texts)
    whole = "\0".join((sizes, *texts)).encode("utf-8", "surrogatepass")
    return blake2b(whole, digest_size=16).hexdigest()


def approval_of(ledger: Ledger, task: Task) -> Approval | None:
    """The newest one of the task as it is now."""
    if not ledger.approvals:
        return None
    mark = approval_mark(task)
    return next((found for found in reversed(ledger.approvals) if found.fingerprint == mark), None)


def approved(ledger: Ledger, approval: Approval) -> Ledger:
    """With one more; the oldest go."""
    return ledger._replace(approvals=(*ledger.approvals, approval)[-APPROVALS_KEPT:])
