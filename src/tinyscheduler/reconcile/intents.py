"""Do what commands have asked for: note it before the runs are ended, and conclude it after.

Local facts first: a run is ended whatever the task server does (features B6). What needs the server is
done before the backlog is fetched, so that the same pass plans with it. An intent goes when its effect
is on disk; cut off anywhere, it is applied again and finds less to do.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinyscheduler.errors import NotAssigned, StateError, TaskNotFound, TaskServerError
from tinyscheduler.model.event import Event
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.intent import INTENTS_MAX, BrokenIntent, Intent, IntentAnswer
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.ledger import Asked, Ledger
from tinyscheduler.model.reason import Held
from tinyscheduler.model.snapshot import LeaseFacts, TendSnapshot
from tinyscheduler.planner.intents import answer_of, held_by
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.intent_deeds import approve, park, remember_approval, requeue, retry
from tinyscheduler.reconcile.intent_look import Judged, look_at

OBEY_S_MAX = 10.0
"""A fifth of a pass, and half of the time that it may ask the task server: many intents must not keep
agents from being started, nor make a slow server look like a dead one."""
ENDED = ("cancelled", "interrupted")
"""How a run ends that did not end by itself."""


def receive(context: Context, snapshot: TendSnapshot) -> None:
    """Before tending: set aside what is no intent, and write down what is to come after each stop."""
    for broken in snapshot.broken_intents:
        _set_aside(context, broken)
    if snapshot.intents_left_out:
        context.report.limit(f"{INTENTS_MAX} intents in one pass; {snapshot.intents_left_out} wait")
    for facts in snapshot.leases:
        wish = _wish_of(facts, snapshot.intents)
        if wish is not None:
            _note_wish(context, facts.lease, wish)
    leased = {known.lease.task_id for known in snapshot.leases} | {b.task_id for b in snapshot.broken}
    for intent in snapshot.intents:
        if intent.kind == "stop" and intent.task_id not in leased:
            _note_wish_of_lost(context, intent)


def obey(
    context: Context, snapshot: TendSnapshot, leases: list[Lease], *, deadline: float
) -> dict[TaskId, Held]:
    """After tending, with the leases that are left: everything else, oldest first. Tasks that must not
    be started although nothing but their intent says so."""
    after = _after_tending(snapshot, leases)
    until = min(deadline, context.world.clock.monotonic() + OBEY_S_MAX)
    stuck: dict[TaskId, Intent] = {}
    for intent in snapshot.intents:
        if context.world.clock.monotonic() > until:
            context.report.limit("no time for more intents in this pass")
            answer = IntentAnswer(intent, "waits", "the pass had no time for it")
        elif intent.kind in ("stop", "park") and intent.task_id in context.report.unnoted:
            answer = IntentAnswer(intent, "waits", "what comes after its run could not be written down")
        else:
            answer = _answer(context, intent, after, stuck.get(intent.task_id))
        context.report.answers.append(_as_it_was_meant(answer, snapshot))
        if answer.word == "waits":
            stuck.setdefault(intent.task_id, intent)
        else:
            _conclude(context, context.report.answers[-1])
    return held_by(context.report.answers)


def _as_it_was_meant(answer: IntentAnswer, snapshot: TendSnapshot) -> IntentAnswer:
    """A release that was carried out finds no lease after it, and has to be told for what it was."""
    if answer.intent.kind != "release" or answer.word != "applied":
        return answer
    if all(facts.intent is not answer.intent for facts in snapshot.leases):
        return answer
    return answer._replace(why="its lease was given up: if its processes live, the task runs twice")


def _answer(context: Context, intent: Intent, snapshot: TendSnapshot, before: Intent | None) -> IntentAnswer:
    """Never raises: what fails is reported, and the intent waits."""
    if before is not None and intent.kind != "release":
        return IntentAnswer(intent, "waits", f"{before.kind} was asked before it")
    try:
        judged = look_at(context.world, context.server, intent, snapshot)
        if (judged.ruling.deed, judged.ruling.rule) == ("refuse", "changed"):
            remember_approval(context, judged.subject)
        return answer_of(intent, judged.ruling) or _act(context, judged)
    except (NotAssigned, TaskNotFound) as error:
        return IntentAnswer(intent, "waits", f"the task changed in this moment: {error.message}")
    except (StateError, TaskServerError) as error:
        if context.server.trouble is None:
            context.report.fault(error, task_id=intent.task_id)
        return IntentAnswer(intent, "waits", error.message)


def _act(context: Context, judged: Judged) -> IntentAnswer:
    """Raises StateError, TaskServerError."""
    match judged.ruling.deed:
        case "park":
            park(context, judged.subject)
        case "retry":
            retry(context, judged.subject)
        case "requeue":
            requeue(context, judged.subject)
        case "approve":
            approve(context, judged.subject)
        case "drop":
            _drop(context, judged)
        case other:
            raise AssertionError(f"{other} is not done here")
    return IntentAnswer(judged.subject.intent, "applied", judged.ruling.why)


def _drop(context: Context, judged: Judged) -> None:
    """The copy first. What the run has left behind is looked after without its lease: processes as
    orphans, the task by the open run in its ledger."""
    broken = judged.subject.broken
    assert broken is not None, "only what cannot be read is dropped"
    context.world.leases.quarantine(broken)
    context.world.leases.drop(broken)
    context.world.journal.append(Event("lease_undone", broken.task_id, reason="release_asked"))


def _conclude(context: Context, answer: IntentAnswer) -> None:
    """The fact before the file goes: told twice is better than never."""
    intent = answer.intent
    detail = (
        ("intent", intent.id),
        ("kind", intent.kind),
        ("by", intent.by),
        ("came", answer.word),
        ("why", answer.why),
    )
    context.world.journal.append(
        Event("intent_applied", intent.task_id, intent.lease_id, reason=intent.reason, detail=detail)
    )
    if answer.word == "refused":
        context.report.notes.append(
            f"{intent.kind} of task {intent.task_id}, asked for by {intent.by}, is refused: {answer.why}"
        )
    try:
        context.world.intents.remove(intent)
    except StateError as error:
        context.report.fault(error, task_id=intent.task_id)


def _set_aside(context: Context, broken: BrokenIntent) -> None:
    """Told once: it is gone from the folder then."""
    context.report.trouble(
        f"{broken.path} is no intent: {broken.why}",
        hint="it was moved to state/quarantine and nothing of it was done; ask again with the command",
        reference="intent-unreadable",
    )
    try:
        context.world.intents.quarantine(broken)
    except StateError as error:
        context.report.fault(error)


def _wish_of(facts: LeaseFacts, intents: Sequence[Intent]) -> Intent | None:
    """Who has it stopped or parked. Also a stop that somebody or something else is quicker than, a release or
    an ESTOP: the run is not the stop's any more, and what is to come after it still is. And one that could
    not be written down while it stopped the run."""
    if facts.intent is not None and facts.intent.kind != "release":
        return facts.intent
    outcome = facts.lease.outcome
    if facts.intent is None and (outcome is None or outcome.kind not in ENDED):
        return None
    meant = {("stop", facts.lease.task_id, facts.lease.lease_id), ("park", facts.lease.task_id, None)}
    return next((i for i in reversed(intents) if (i.kind, i.task_id, i.lease_id) in meant), None)


def _note_wish(context: Context, lease: Lease, intent: Intent) -> None:
    """A run is stopped also where this cannot be written: that is what was asked for. It is not settled
    before it can be, or the task would go another way than was asked for."""
    try:
        ledger = context.world.ledgers.read([lease.task_id]).get(lease.task_id)
        if not isinstance(ledger, Ledger) or ledger.open is None or ledger.open.lease_id != lease.lease_id:
            return
        asked = Asked(intent.by, intent.reason, intent.kind == "stop" and intent.requeue)
        if ledger.open.asked != asked:
            context.world.ledgers.write(ledger._replace(open=ledger.open._replace(asked=asked)))
    except StateError as error:
        context.report.unnoted.add(lease.task_id)
        context.fault(lease, error)


def _note_wish_of_lost(context: Context, intent: Intent) -> None:
    """Its run has lost its lease: whoever closes it as lost parks the task, too."""
    try:
        ledger = context.world.ledgers.read([intent.task_id]).get(intent.task_id)
        if not isinstance(ledger, Ledger) or ledger.open is None or intent.source not in ("", ledger.source):
            return
        asked = Asked(intent.by, intent.reason, intent.requeue)
        is_ours = ledger.open.tag.startswith(f"{context.world.state.state_id()}:")
        is_meant = intent.lease_id in (None, ledger.open.lease_id)
        if is_ours and is_meant and ledger.open.asked != asked:
            context.world.ledgers.write(ledger._replace(open=ledger.open._replace(asked=asked)))
    except StateError as error:
        context.report.unnoted.add(intent.task_id)
        context.report.fault(error, task_id=intent.task_id)


def _after_tending(snapshot: TendSnapshot, leases: list[Lease]) -> TendSnapshot:
    known = {facts.lease.lease_id: facts for facts in snapshot.leases}
    left: list[LeaseFacts] = [
        known[lease.lease_id]._replace(lease=lease) for lease in leases if lease.lease_id in known
    ]
    # Whoever had no lease was ended in tending; what could not be is told there.
    return snapshot._replace(leases=tuple(left), tagged=())
