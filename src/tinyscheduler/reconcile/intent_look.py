"""Intents, looked at: which of them end a run, and what becomes of each. Writes nothing.

Used by the pass before it acts, and by every command that shows what is pending or asks for something.
"""

from __future__ import annotations

from typing import NamedTuple

from tinyscheduler.errors import StateError, TaskNotFound, TaskServerError
from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.model.intent import Foreseen, Intent, IntentAnswer
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import ProcessRef
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.snapshot import TendSnapshot
from tinyscheduler.model.task import Task, TaskDetail
from tinyscheduler.planner.breakers import closed_to
from tinyscheduler.planner.intent_effects import LEDGER_ALONE, ledger_after
from tinyscheduler.planner.intent_subject import Subject
from tinyscheduler.planner.intents import Ruling, answer_of, ends_of, judge, replaces
from tinyscheduler.ports import TaskServer, World


class Judged(NamedTuple):
    """An intent, what is known of its task, and what becomes of it."""

    subject: Subject
    ruling: Ruling


def with_ends(world: World, snapshot: TendSnapshot) -> TendSnapshot:
    """The snapshot with ``LeaseFacts.intent`` where an intent ends a run. Local facts only."""
    subjects = [_local_subject(world, intent, snapshot) for intent in snapshot.intents]
    ends = ends_of(subjects)
    facts = [known._replace(intent=ends.get(known.lease.lease_id)) for known in snapshot.leases]
    return snapshot._replace(leases=tuple(facts))


def foresee(world: World, server: TaskServer, snapshot: TendSnapshot) -> Foreseen:
    """What the next pass makes of each intent, oldest first; ``waits`` is what it is going to do. One
    that comes after another of the same task meets a world that nobody can know yet, unless that one
    changes nothing but the ledger. Raises StateError."""
    answers: list[IntentAnswer] = []
    before: dict[TaskId, Intent] = {}
    ledgers: dict[TaskId, Ledger] = {}
    tried: set[AgentName] = set()
    for place, intent in enumerate(snapshot.intents):
        if any(replaces(later, intent) for later in snapshot.intents[place + 1 :]):
            answers.append(IntentAnswer(intent, "nothing_to_do", "replaced by a later request"))
            continue
        first = before.get(intent.task_id)
        if first is not None and intent.kind != "release":
            answers.append(IntentAnswer(intent, "waits", f"after the {first.kind} that was asked before"))
            continue
        subject, ruling = look_at(world, server, intent, snapshot, after=ledgers.get(intent.task_id))
        answers.append(answer_of(intent, ruling) or IntentAnswer(intent, "waits", ruling.why))
        ledger = ledger_after(subject, ruling.deed)
        if ledger is not None:
            ledgers[intent.task_id] = ledger
            tried.update(subject.closed)
        if answers[-1].word == "waits" and ruling.deed not in LEDGER_ALONE:
            before[intent.task_id] = intent
    return Foreseen(tuple(answers), ledgers, frozenset(tried))


def look_at(
    world: World,
    server: TaskServer,
    intent: Intent,
    snapshot: TendSnapshot,
    *,
    after: Ledger | None = None,
) -> Judged:
    """The server is asked only where local facts do not decide. ``after``: the ledger that another intent is
    going to leave. Raises StateError."""
    ledger = after or world.ledgers.read([intent.task_id]).get(intent.task_id)
    subject = _local_subject(world, intent, snapshot)._replace(ledger=ledger, source=server.source)
    ruling = judge(subject)
    if ruling.deed == "ask":
        subject = _with_task(world, server, subject)
        ruling = judge(subject)
    return Judged(subject, ruling)


def _local_subject(world: World, intent: Intent, snapshot: TendSnapshot) -> Subject:
    task_id = intent.task_id
    broken = next((broken for broken in snapshot.broken if broken.task_id == task_id), None)
    subject = Subject(
        intent,
        snapshot.now,
        lease=next((facts for facts in snapshot.leases if facts.lease.task_id == task_id), None),
        broken=broken,
        ledger=None,
        agents=frozenset(agent.name for agent in world.configuration.agents),
        source=world.server.source,
        state_id=world.state.state_id(),
        policy=world.configuration.policy,
        queues=frozenset(world.configuration.queues),
    )
    is_over = subject.lease is None or subject.lease.lease.state == "finished"
    if intent.kind in ("stop", "release") and broken is None and is_over:
        return subject._replace(living=_orphans(snapshot, task_id))
    if broken is None or intent.kind != "release":
        return subject
    return subject._replace(living=_living_wrapper(world, task_id))


def _orphans(snapshot: TendSnapshot, task_id: TaskId) -> tuple[int, ...]:
    """Of the task, as the process table was seen before tending, which ends them."""
    return tuple(
        process.pid for run in snapshot.tagged if run.task_id == task_id for process in run.processes
    )


def _with_task(world: World, server: TaskServer, subject: Subject) -> Subject:
    task = _ask(server, subject.intent.task_id)
    subject = subject._replace(task=task)
    if subject.intent.kind == "retry" and isinstance(task, Known) and task.value is not None:
        return subject._replace(closed=_closed_to(world, task.value.task, subject))
    if subject.intent.kind != "requeue" or not isinstance(task, Known) or task.value is None:
        return subject
    try:
        children = server.has_open_children(subject.intent.task_id)
    except TaskServerError as error:
        return subject._replace(task=Unknown(error.message))
    return subject._replace(has_open_children=children, living=_living(world, subject))


def _closed_to(world: World, task: Task, subject: Subject) -> tuple[AgentName, ...]:
    agents, breakers, accounts = world.configuration.agents, world.breakers.read(), world.accounts.read()
    return closed_to(task, agents, breakers=breakers, accounts=accounts, now=subject.now)


def _ask(server: TaskServer, task_id: TaskId) -> Known[TaskDetail | None] | Unknown:
    try:
        return Known(server.get(task_id))
    except TaskNotFound:
        return Known(None)
    except TaskServerError as error:
        return Unknown(error.message)


def _living(world: World, subject: Subject) -> tuple[int, ...]:
    """Everybody who carries a tag of the task, of whichever run; also of the run that the ledger has open,
    which in a copied folder is the original's."""
    prefix = f"{subject.state_id}:{subject.intent.task_id}:"
    tagged = world.processes.tagged(subject.state_id)
    ours = [process.pid for tag, found in tagged.items() if tag.startswith(prefix) for process in found]
    run = subject.ledger.open if isinstance(subject.ledger, Ledger) else None
    if run is not None:
        ours += [process.pid for process in world.processes.tree(run.tag, ())]
    return tuple(dict.fromkeys(ours))


def _living_wrapper(world: World, task_id: TaskId) -> tuple[int, ...]:
    """Of a lease that cannot be read, by its owner file: one that lives mends its lease itself."""
    try:
        owner = world.leases.owner(task_id)
    except StateError:
        # Neither can be read: nobody can say whose they are, and a person has to.
        return ()
    wrapper: ProcessRef | None = owner.process if owner is not None else None
    if wrapper is None or world.processes.liveness(wrapper) != "alive":
        return ()
    return (wrapper.pid,)
