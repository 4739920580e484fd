"""The deeds of intents that change a task on the server: server first, then the ledger.

Each comment carries the marker of its intent, so that one that was cut off says nothing twice.
"""

from __future__ import annotations

from tinyscheduler.errors import NotAssigned
from tinyscheduler.model.event import Event, EventName
from tinyscheduler.model.lease import Outcome
from tinyscheduler.model.ledger import OpenRun, Parked
from tinyscheduler.model.task import PARKED_TAG, Task
from tinyscheduler.planner.intent_effects import ledger_after, ledger_for
from tinyscheduler.planner.intent_subject import Subject, intent_marker, is_said, open_run, task_of
from tinyscheduler.planner.intents import Deed
from tinyscheduler.planner.retry import after_run, fingerprint
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.parking import tag, tagged, untag, untagged


def park(context: Context, subject: Subject) -> None:
    """Idle, nobody's, with one comment; the ledger against the task as it is left. Raises StateError,
    TaskServerError; then it is done again."""
    intent, task = subject.intent, _task(subject)
    text = f"parked by {intent.by}: {intent.reason} {intent_marker(intent)}"
    ledger, is_begun = ledger_for(subject), is_said(subject)
    left = _let_go(context, task, text, is_said=is_begun)
    parked = Parked(intent.reason, intent.by, context.world.clock.now(), fingerprint(left))
    # A tag that was there before is a person's, and stays when ours would go.
    is_ours = ledger.is_tagged or is_begun or PARKED_TAG not in task.tags
    context.world.ledgers.write(ledger._replace(parked=parked, is_tagged=is_ours))
    _tell(context, subject, "task_parked")


def retry(context: Context, subject: Subject) -> None:
    """Nothing of its past holds it any more, nor that of its agents; the past stays to be read."""
    if subject.closed:
        agents = context.world.configuration.agents
        context.memory.try_again([agent for agent in agents if agent.name in subject.closed])
    if ledger_for(subject).is_tagged:
        untag(context.server, _task(subject))
    _write(context, subject, "retry")
    _tell(context, subject, "task_released")


def approve(context: Context, subject: Subject) -> None:
    """What the person has read, and nothing else: the table has compared it with the task."""
    _write(context, subject, "approve")
    _tell(context, subject, "task_approved")


def remember_approval(context: Context, subject: Subject) -> None:
    """Of a text that the task does not have any more: refused, and nobody waits for the answer. It is an
    approval of that text all the same, so whoever asks why the task is held is told that it was changed."""
    if all(known.fingerprint != subject.intent.mark for known in ledger_for(subject).approvals):
        _write(context, subject, "approve")


def requeue(context: Context, subject: Subject) -> None:
    """Idle by a conditional move, so that whoever was quicker keeps it; where the claim is known, to
    whom it was taken from."""
    intent, task, run = subject.intent, _task(subject), open_run(subject)
    if task.status == "working":
        agent = task.assigned_to
        assert agent is not None, "only what has an agent's name is requeued"
        text = f"requeued by {intent.by}: {intent.reason} {intent_marker(intent)}"
        context.server.move(task.id, current=agent, new=agent, comment=text)
    if run is not None:
        _close(context, subject, task, run)
    _tell(context, subject, "task_requeued")


def _close(context: Context, subject: Subject, task: Task, run: OpenRun) -> None:
    before = run.claim.assigned_to_before
    if task.assigned_to == run.agent != before:
        context.server.update(task.id, assigned_to=before or "")
    outcome = Outcome("interrupted", context.world.clock.now(), summary=f"requeued by {subject.intent.by}")
    # Whatever was asked for before: who requeues wants it to run.
    ledger = ledger_for(subject)._replace(open=run._replace(asked=None))
    context.world.ledgers.write(after_run(ledger, run, outcome, subject.policy))


def _let_go(context: Context, task: Task, text: str, *, is_said: bool) -> Task:
    """Nobody's, with the tag; the task as it is left. Raises NotAssigned when somebody took it just now."""
    agent, server = task.assigned_to, context.server
    if agent is None:
        if not is_said:
            server.comment(task.id, text, author="tinyscheduler")
        return tag(server, task)
    if not is_said:
        # Conditional: a person who has taken it since keeps it.
        server.move(task.id, current=agent, new=agent, comment=text)
    left = server.update(task.id, assigned_to="", tags=tagged(task))
    taker = left.previous_assigned_to
    if taker in (None, agent):
        return left
    is_new = PARKED_TAG not in task.tags
    server.update(task.id, assigned_to=taker, tags=untagged(left) if is_new else None)
    raise NotAssigned(f"{taker} took task {task.id} at the same moment")


def _write(context: Context, subject: Subject, deed: Deed) -> None:
    ledger = ledger_after(subject, deed)
    assert ledger is not None, "only deeds that leave a ledger come here"
    context.world.ledgers.write(ledger)


def _task(subject: Subject) -> Task:
    task = task_of(subject)
    assert task is not None, "the tables ask before they decide"
    return task


def _tell(context: Context, subject: Subject, name: EventName) -> None:
    intent = subject.intent
    context.world.journal.append(
        Event(name, intent.task_id, reason=intent.reason, detail=(("by", intent.by),))
    )
