"""An intent with what is known of its task, and the questions that the tables of ``intents`` ask.

Apart from the tables, so that those can be read as what they are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.intent import Intent
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import BrokenLease
from tinyscheduler.model.ledger import Asked, BrokenLedger, Ledger, OpenRun, PastRun
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import LeaseFacts
from tinyscheduler.model.task import Task, TaskDetail
from tinyscheduler.planner.retry import counted, fingerprint

FORGOTTEN_AFTER = timedelta(hours=24)
"""A stop that has waited for so long and whose run is gone means nothing to anybody any more."""


class Subject(NamedTuple):
    """An intent and what is known of its task."""

    intent: Intent
    now: datetime
    lease: LeaseFacts | None
    """Of the task, whichever run it is."""
    broken: BrokenLease | None
    ledger: Ledger | BrokenLedger | None
    """Of the task's id; it may be about another server's namesake."""
    agents: frozenset[AgentName]
    source: str
    """Of the task server that the settings name."""
    state_id: str
    policy: Policy
    task: Known[TaskDetail | None] | Unknown | None = None
    """Known(None): the server does not know it. None: nobody has asked."""
    has_open_children: bool = False
    living: tuple[int, ...] = ()
    """Pids of processes that carry a tag of the task."""
    queues: frozenset[QueueName] = frozenset()
    """Those that our agents serve."""
    closed: tuple[AgentName, ...] = ()
    """Agents in quarantine or at their provider's limit, if all who could run the task are."""


def past_run(subject: Subject) -> PastRun | None:
    """How the run that is meant has ended; None: it has not, or it was taken back."""
    ledger, lease_id = subject.ledger, subject.intent.lease_id
    if not isinstance(ledger, Ledger):
        return None
    return next((past for past in reversed(ledger.outcomes) if past.lease_id == lease_id), None)


def task_of(subject: Subject) -> Task | None:
    """As the server shows it; None also when nobody has asked."""
    found = subject.task
    return found.value.task if isinstance(found, Known) and found.value is not None else None


def ledger_of(subject: Subject) -> Ledger | None:
    """The ledger, if it is about this very task of this server."""
    ledger, task = subject.ledger, task_of(subject)
    if not isinstance(ledger, Ledger) or ledger.source != subject.source:
        return None
    return ledger if task is None or ledger.task_created_at == task.created_at else None


def is_said(subject: Subject) -> bool:
    """The comment of this intent is on the task: it was cut off in the middle."""
    found = subject.task
    comments = found.value.comments if isinstance(found, Known) and found.value is not None else ()
    return any(intent_marker(subject.intent) in comment.text for comment in comments)


def intent_marker(intent: Intent) -> str:
    """Makes the comment of an intent recognisable, so that an intent applied twice says it once."""
    return f"[intent {intent.id}]"


def is_waiting(ledger: Ledger, subject: Subject) -> bool:
    """Something in the ledger keeps the task from starting now, and ``retry`` takes it away."""
    now, base_s = subject.now, subject.policy.retry_base_s
    is_early = ledger.not_before is not None and ledger.not_before > now
    is_cool = any(abs((now - past.at).total_seconds()) < base_s for past in counted(ledger)[-1:])
    return ledger.parked is not None or is_early or is_cool


def always(_subject: Subject) -> bool:
    """The row that catches all."""
    return True


def is_unreadable(subject: Subject) -> bool:
    """There is a lease file that nobody can read."""
    return subject.broken is not None


def has_lease(subject: Subject) -> bool:
    """Readable or not, of whichever run."""
    return subject.lease is not None or subject.broken is not None


def is_meant(subject: Subject) -> bool:
    """There is a lease, and it is of the run that was seen when this was asked."""
    lease_id = subject.intent.lease_id
    return subject.lease is not None and lease_id in (None, subject.lease.lease.lease_id)


def is_another(subject: Subject) -> bool:
    """The lease is of a later run than the one that is meant."""
    return subject.lease is not None and not is_meant(subject)


def is_over(subject: Subject) -> bool:
    """The run that is meant has ended and is not settled yet."""
    return is_meant(subject) and subject.lease is not None and subject.lease.lease.state == "finished"


def is_over_by_itself(subject: Subject) -> bool:
    """Over, and nobody has stopped it."""
    outcome = subject.lease.lease.outcome if subject.lease is not None else None
    return is_over(subject) and (outcome is None or outcome.kind != "cancelled")


def is_taken_back(subject: Subject) -> bool:
    """Over, but no agent ran: it would be started again."""
    outcome = subject.lease.lease.outcome if subject.lease is not None else None
    return is_over(subject) and (outcome is None or outcome.kind == "start_failed")


def is_elsewhere(subject: Subject) -> bool:
    """Law 4: its processes cannot be seen from here."""
    return is_meant(subject) and subject.lease is not None and subject.lease.wrapper == "unknown"


def is_alive(subject: Subject) -> bool:
    """Its wrapper lives on this machine."""
    return is_meant(subject) and subject.lease is not None and subject.lease.wrapper == "alive"


def is_foreign(subject: Subject) -> bool:
    """Task ids mean nothing on another server."""
    return subject.intent.source not in ("", subject.source)


def was_cancelled(subject: Subject) -> bool:
    """The run that is meant was stopped, and is settled."""
    past = past_run(subject)
    return past is not None and past.kind == "cancelled"


def has_ended(subject: Subject) -> bool:
    """The run that is meant is settled, and was one: a start that failed is tried again."""
    past = past_run(subject)
    return past is not None and past.kind != "start_failed"


def is_not_to_be_parked(subject: Subject) -> bool:
    """It was to run again, or nobody remembers that it was not."""
    is_old = subject.now - subject.intent.at > FORGOTTEN_AFTER
    return not names_no_run(subject) and (subject.intent.requeue or is_old)


def names_no_run(subject: Subject) -> bool:
    """There was no lease when this was asked."""
    return subject.intent.lease_id is None


def is_about_no_run(subject: Subject) -> bool:
    """There was no lease when this was asked, and the task has run before."""
    return names_no_run(subject) and subject.ledger is not None


def is_ledger_unreadable(subject: Subject) -> bool:
    """Law 8: nothing is decided for it."""
    return isinstance(subject.ledger, BrokenLedger)


def is_unasked(subject: Subject) -> bool:
    """The rows below need the task as the server shows it."""
    return subject.task is None


def is_server_unknown(subject: Subject) -> bool:
    """Law 4: unknown is not gone."""
    return isinstance(subject.task, Unknown)


def is_gone(subject: Subject) -> bool:
    """The server answered: there is no such task."""
    return isinstance(subject.task, Known) and subject.task.value is None


def is_complete(subject: Subject) -> bool:
    """Complete or archived: nothing starts it."""
    task = task_of(subject)
    return task is not None and (task.status == "complete" or task.archived_at is not None)


def is_idle(subject: Subject) -> bool:
    """Its status on the server."""
    task = task_of(subject)
    return task is not None and task.status == "idle"


def is_strangers(subject: Subject) -> bool:
    """Somebody has it who is no agent of ours."""
    task = task_of(subject)
    return task is not None and task.assigned_to is not None and task.assigned_to not in subject.agents


def is_nobodys_of_ours(subject: Subject) -> bool:
    """Nobody has it, or somebody who is no agent of ours."""
    task = task_of(subject)
    return task is not None and task.assigned_to not in subject.agents


def open_run(subject: Subject) -> OpenRun | None:
    """The run that the ledger thinks is in flight."""
    ledger = ledger_of(subject)
    return None if ledger is None else ledger.open


def is_being_closed(subject: Subject) -> bool:
    """Lost runs of this folder are closed by the passes; those of a copied one by nobody."""
    run = open_run(subject)
    return run is not None and run.tag.startswith(f"{subject.state_id}:")


def is_orphaned(subject: Subject) -> bool:
    """No lease, and processes of the task are still there."""
    return not has_lease(subject) and lives(subject)


def is_lost(subject: Subject) -> bool:
    """The ledger has a run of this folder open that has no lease: the one that is meant, or whichever it is
    where there was no lease when this was asked."""
    run = open_run(subject)
    return (
        run is not None
        and subject.intent.lease_id in (None, run.lease_id)
        and not has_lease(subject)
        and not is_foreign(subject)
        and is_being_closed(subject)
    )


def is_lost_and_noted(subject: Subject) -> bool:
    """Whoever closes the lost run finds what comes after it."""
    run, intent = open_run(subject), subject.intent
    wish = Asked(intent.by, intent.reason, intent.requeue)
    return is_lost(subject) and run is not None and run.asked == wish


def is_half_requeued(subject: Subject) -> bool:
    """Idle by our hand, and cut off before the rest was done."""
    return is_idle(subject) and open_run(subject) is not None and is_said(subject)


def is_parked(subject: Subject) -> bool:
    """And nobody has changed the task since."""
    ledger, task = ledger_of(subject), task_of(subject)
    if ledger is None or ledger.parked is None or task is None:
        return False
    return ledger.parked.fingerprint == fingerprint(task)


def has_nothing_to_release(subject: Subject) -> bool:
    """Whatever else holds it is not for ``retry`` to say."""
    ledger = ledger_of(subject)
    return not subject.closed and (ledger is None or not is_waiting(ledger, subject))


def has_open_children(subject: Subject) -> bool:
    """Its status is made from theirs."""
    return subject.has_open_children


def lives(subject: Subject) -> bool:
    """Somebody is at work on it."""
    return bool(subject.living)
