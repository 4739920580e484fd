"""Settle finished leases: server, ledger, journal, then the lease itself, each step repeatable.

Many are settled together, a step for all of them before the next: what a step has to make durable
before the next one begins is then one sync for all (ADR 0044).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from tinyscheduler.errors import ServerRefused, StateError, TaskNotFound, TaskServerError
from tinyscheduler.model.lease import Lease, Outcome
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.task import PARKED_TAG, Task
from tinyscheduler.planner.retry import after_run, fingerprint, spent_attempts
from tinyscheduler.reconcile.context import Context, check_server
from tinyscheduler.reconcile.refusals import after_refusals
from tinyscheduler.reconcile.settle import Ending, Settled, settle_on_server


class Settlement(NamedTuple):
    """One lease on its way: what the server was told, and what is to be remembered of the run."""

    lease: Lease
    settled: Settled
    ledger: Ledger


S = TypeVar("S", Lease, Settlement)
Fail = Callable[[Lease, StateError | TaskServerError], None]


def settle_all(context: Context, leases: Iterable[Lease], fail: Fail) -> list[Settlement]:
    """Those that are settled and gone. ``fail`` hears of the others once: they stay ``finished``, and
    the next pass goes on with them wherever this one stopped.

    A power cut takes back what was not synced: a lease that was removed comes back, and is settled as
    one that its ledger knows. It never takes back a step and leaves the one after it.
    """
    world = context.world
    context.server.hold()
    told = _each(leases, lambda lease: _tell_server(context, lease), fail)
    told = _durable(told, context.server.sync, fail)
    written = _each(told, lambda one: _remember(context, one), fail)
    written = _durable(written, world.ledgers.sync, fail)
    gone = _each(written, lambda one: _close(context, one), fail)
    return _durable(gone, world.leases.sync, fail)


def _each(items: Iterable[S], step: Callable[[S], Settlement], fail: Fail) -> list[Settlement]:
    """One failure never stops the rest (law 12)."""
    done = []
    for item in items:
        try:
            done.append(step(item))
        except (StateError, TaskServerError) as error:
            fail(item.lease if isinstance(item, Settlement) else item, error)
    return done


def _durable(done: list[Settlement], sync: Callable[[], None], fail: Fail) -> list[Settlement]:
    """None of them goes on where the sync fails."""
    try:
        sync()
    except (StateError, TaskServerError) as error:
        for one in done:
            fail(one.lease, error)
        return []
    return done


def _tell_server(context: Context, lease: Lease) -> Settlement:
    """Raises TaskServerError, StateError.

    The ledger is worked out before the server is told, because the note names what comes next, and
    written after it: a crash in between tells the server twice, which the marker makes once.
    """
    assert lease.outcome is not None, "the planner settles finished leases only"
    world = context.world
    check_server(context, lease)
    if lease.task_id in context.report.unnoted:
        raise StateError("what comes after its run could not be written down, and is tried again first")
    before = _ledger_for(context, lease)
    policy = world.configuration.policy
    to = lease.outcome.to
    is_away = to is not None and _is_away(context, lease, to.agent, to.queue)
    after = after_run(before, lease, lease.outcome, policy, is_passed_on=is_away)
    is_parked = after.parked is not None and before.parked is None
    note = describe(lease, lease.outcome, after, is_parked=is_parked)
    try:
        colleagues = {agent.name for agent in world.configuration.agents}
        ending = Ending(note, is_parked, colleagues, _word_of(lease, lease.outcome))
        settled = settle_on_server(context.server, lease, ending)
    except ServerRefused as error:
        settled = Settled("left", None, after_refusals(context, lease, before, error))
    is_left = settled.outcome.kind == "handed_off"
    if is_left or settled.outcome.kind != lease.outcome.kind:
        is_away = is_left and _is_left_away(context, lease, settled.task)
        other = after_run(before, lease, settled.outcome, policy, is_passed_on=is_away)
        after = _after_all(after, other, lease, settled)
    if after.parked is not None and settled.outcome.kind == "handed_off":
        settled = _seen_again(context, lease, settled)
        after = after._replace(parked=before.parked) if _is_strangers(context, settled) else after
    after = _noting_stop(_as_left(after, before, lease, settled), lease)
    return Settlement(lease, settled, after)


def _remember(context: Context, one: Settlement) -> Settlement:
    context.world.ledgers.write(one.ledger, is_durable=False)
    return one


def _close(context: Context, one: Settlement) -> Settlement:
    context.memory.settled(one.lease)
    _tell(context, one.lease, one.settled, one.ledger)
    context.world.leases.remove(one.lease, is_durable=False)
    return one


def describe(lease: Lease, outcome: Outcome, ledger: Ledger, *, is_parked: bool) -> str:
    """The one line that people and agents read on the task."""
    how = outcome.kind.replace("_", " ")
    if outcome.code:
        how += f" (exit {outcome.code})"
    elif outcome.signal:
        how += f" (signal {outcome.signal})"
    parts = [f"{lease.agent}, attempt {lease.attempt}: {how}"]
    if outcome.summary:
        parts.append(outcome.summary)
    if outcome.artifacts:
        parts.append("artifacts: " + ", ".join(outcome.artifacts))
    if is_parked:
        why = ledger.parked.why if ledger.parked is not None else ""
        parts.append(f"parked, {why}; it is not started again until retry, or until it is changed")
    elif ledger.not_before is not None:
        parts.append(f"next attempt not before {ledger.not_before:%Y-%m-%d %H:%M:%S} UTC")
    return "; ".join(parts)


def _word_of(lease: Lease, outcome: Outcome) -> str:
    """Without what comes next: of a task that is left to others that is not for us to say. Empty where the
    agent has said nothing."""
    if outcome.kind not in ("succeeded", "partial", "handed_off", "failed"):
        return ""
    # Where there is no result the summary is the wrapper's, who has nothing to tell but this.
    said = [] if not outcome.summary or outcome.summary.startswith("exit status ") else [outcome.summary]
    if outcome.artifacts:
        said.append("artifacts: " + ", ".join(outcome.artifacts))
    return "; ".join((f"{lease.agent}, attempt {lease.attempt}", *said)) if said else ""


def _ledger_for(context: Context, lease: Lease) -> Ledger:
    found = context.world.ledgers.read([lease.task_id]).get(lease.task_id)
    if isinstance(found, BrokenLedger):
        raise StateError(
            f"the ledger {found.path} cannot be read: {found.why}",
            hint="mend or remove it; the run's outcome waits in its lease",
        )
    mine = (lease.source, lease.claim.task_created_at)
    if found is not None and (found.source, found.task_created_at) == mine:
        return found
    return Ledger(lease.task_id, *mine, generation=lease.generation, runs=lease.attempt)


def _is_left_away(context: Context, lease: Lease, task: Task | None) -> bool:
    """A task that is gone, or was taken in this moment, is not the agent's any more."""
    if task is None or task.archived_at is not None:
        return True
    return _is_away(context, lease, task.assigned_to, task.queue)


def _is_away(context: Context, lease: Lease, assignee: str | None, queue: str | None) -> bool:
    """Somebody else is to go on: what the agent leaves to itself, or in a queue of its own, comes back."""
    if assignee:
        return assignee != lease.agent
    agents = (agent for agent in context.world.configuration.agents if agent.name == lease.agent)
    own = {lease.claim.queue, *(queue for agent in agents for queue in agent.queues)}
    return queue is not None and queue not in own


def _after_all(stopped: Ledger, after: Ledger, lease: Lease, settled: Settled) -> Ledger:
    """What was stopped stays parked where the server shows that the task was moved meanwhile: else the
    next plan would start what a person has just stopped."""
    assert lease.outcome is not None, "the planner settles finished leases only"
    is_stopped = (lease.outcome.kind, settled.outcome.kind) == ("cancelled", "handed_off")
    return after._replace(parked=stopped.parked) if is_stopped else after


def _seen_again(context: Context, lease: Lease, settled: Settled) -> Settled:
    """With the task, where it was taken away in the moment of our word: it is parked as it is left."""
    if settled.told != "left" or settled.task is not None:
        return settled
    try:
        task = context.server.get(lease.task_id).task
    except TaskNotFound:
        return settled
    return settled._replace(task=task) if task.created_at == lease.claim.task_created_at else settled


def _noting_stop(after: Ledger, lease: Lease) -> Ledger:
    """What is called after the task as it is found was ended by a person all the same, who asks for it."""
    assert lease.outcome is not None, "the planner settles finished leases only"
    last = after.outcomes[-1]
    if lease.outcome.kind != "cancelled" or last.kind == "cancelled" or last.lease_id != lease.lease_id:
        return after
    return after._replace(outcomes=(*after.outcomes[:-1], last._replace(is_stopped=True)))


def _is_strangers(context: Context, settled: Settled) -> bool:
    """Gone, or with somebody who is no agent of ours: nothing of it is for us to hold."""
    if settled.task is None:
        return True
    ours = {agent.name for agent in context.world.configuration.agents}
    return settled.task.assigned_to is not None and settled.task.assigned_to not in ours


def _as_left(ledger: Ledger, before: Ledger, lease: Lease, settled: Settled) -> Ledger:
    """Parked against the task as it is left: any later change is a person's. A tag that was there
    before the run and not from us is a person's too."""
    task = settled.task
    if task is None:
        return ledger._replace(is_tagged=False)
    is_theirs = PARKED_TAG in lease.tags and not before.is_tagged
    ledger = ledger._replace(is_tagged=PARKED_TAG in task.tags and not is_theirs)
    if ledger.parked is None or ledger.parked.fingerprint:
        return ledger
    return ledger._replace(parked=ledger.parked._replace(fingerprint=fingerprint(task)))


def _left_to(settled: Settled, lease: Lease) -> dict[str, object]:
    """In whose name it is left working: who has a task by then is told nothing else by us."""
    task = settled.task
    is_left = settled.told == "left" and task is not None and task.archived_at is None
    if task is None or not is_left or task.status != "working" or task.assigned_to in (None, lease.agent):
        return {}
    return {"left_working_for": task.assigned_to}


def _tell(context: Context, lease: Lease, settled: Settled, ledger: Ledger) -> None:
    kind = settled.outcome.kind
    context.note("task_settled", lease, settled.told, outcome=kind, **_left_to(settled, lease))
    if kind == "start_failed":
        context.report.trouble(
            f"agent {lease.agent} cannot be started for task {lease.task_id}: {settled.outcome.summary}",
            hint="mend its command in agent-control; validate-config --online looks at all of them",
            reference="agent-cannot-start",
        )
    if kind in ("timed_out", "stalled"):
        context.note("limit_reached", lease, settled.outcome.summary, outcome=kind)
    if settled.told == "requeued":
        context.note("task_requeued", lease, kind, attempts=spent_attempts(ledger))
    if ledger.parked is not None and ledger.outcomes[-1].lease_id == lease.lease_id:
        context.note("task_parked", lease, ledger.parked.why)
