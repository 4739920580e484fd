"""What to do with every lease of a pass, with every run that has none, and in which order.

What becomes of one lease stands in ``life``; of one that nobody can read, in ``broken``. Apart from
``start`` because tending comes first in a pass and needs no task server: local facts and the kill are
ours alone; only settling asks the server (features B6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from tinyscheduler.model.action import (
    Discard,
    Keep,
    Quarantine,
    Rebuild,
    Reclaim,
    Release,
    Revoke,
    Settle,
    StopOrphan,
    TendAction,
    TendPlan,
    Undo,
    task_of,
)
from tinyscheduler.model.snapshot import LeaseFacts, TendSnapshot
from tinyscheduler.planner import life

BROKEN_MAX = 100
"""Leases that nobody can read, looked after in one pass: each costs some syncs. The others hold their tasks
as they are."""


def plan_tend(snapshot: TendSnapshot) -> TendPlan:
    """One action per lease and per run without one, sorted by what is urgent, then by task.

    At most ``kills_max`` runs are ended, longest without a beat first (features A8); a lease whose
    processes are dead already costs no kill and has no limit. What is left without a lease comes
    last: it was told to end before, or is about to find that its lease is gone.
    """
    facts = sorted(snapshot.leases, key=lambda f: (-f.beat_age_s, f.lease.task_id))
    wanted = [(decide(fact, snapshot), fact.wrapper == "alive") for fact in facts]
    actions: list[TendAction] = []
    kills = 0
    for action, is_alive in wanted:
        is_kill = is_alive and isinstance(action, Reclaim)
        kills += is_kill
        actions.append(_spared(action) if is_kill and kills > snapshot.policy.kills_max else action)
    broken = sorted(_broken(snapshot), key=lambda action: (_ORDER[type(action)], task_of(action)))
    actions += broken[:BROKEN_MAX]
    orphans = list(_orphans(snapshot)) if snapshot.tagged else []
    actions += orphans[: max(0, snapshot.policy.kills_max - kills)]
    actions.sort(key=lambda action: (_ORDER[type(action)], task_of(action)))
    return TendPlan(tuple(actions), tuple(_limits(snapshot, kills + len(orphans), len(broken))))


def _limits(snapshot: TendSnapshot, kills: int, broken: int) -> Iterator[str]:
    if kills > snapshot.policy.kills_max:
        yield f"{snapshot.policy.kills_max} kills in one pass"
    if broken > BROKEN_MAX:
        left = broken - BROKEN_MAX
        yield f"{BROKEN_MAX} leases that cannot be read in one pass; {left} are left as they are"


def decide(facts: LeaseFacts, snapshot: TendSnapshot) -> TendAction:
    """The action of one lease."""
    reason, entry = life.decide(facts, snapshot)
    lease = facts.lease
    match entry.effect:
        case "keep" | "tell":
            return Keep(lease, reason, is_trouble=entry.effect == "tell")
        case "reclaim":
            assert entry.outcome is not None, "a test proves it"
            return Reclaim(lease, entry.outcome, reason, _why(facts, reason))
        case "release":
            assert entry.outcome is not None, "a test proves it"
            return Release(lease, entry.outcome, reason, _why(facts, reason))
        case "revoke":
            return Revoke(lease, reason)
        case "undo":
            return Undo(lease, reason)
        case "settle":
            return Settle(lease, reason)
        case "pass_over":
            raise AssertionError("such an entry never decides")
        case _:
            assert_never(entry.effect)


def _why(facts: LeaseFacts, reason: str) -> str:
    intent = facts.intent
    if reason == "unwanted":
        return facts.unwanted
    if intent is None or reason not in ("stop_asked", "release_asked"):
        return ""
    asked = f"asked by {intent.by}"
    return asked if intent.reason in ("", asked) else f"{asked}: {intent.reason}"


def _spared(action: TendAction) -> TendAction:
    assert isinstance(action, Reclaim), "only kills have a limit"
    return Keep(action.lease, "kill_limit", is_trouble=True)


def _broken(snapshot: TendSnapshot) -> Iterator[TendAction]:
    """A lease whose run nobody has looked at stays as it is."""
    if not snapshot.broken:
        return
    from tinyscheduler.planner.broken import decide_broken

    remains = {facts.lease.task_id: facts for facts in snapshot.remains}
    for broken in snapshot.broken:
        facts = remains.get(broken.task_id)
        yield Quarantine(broken, broken.why) if facts is None else decide_broken(facts, snapshot)


def _orphans(snapshot: TendSnapshot) -> Iterator[TendAction]:
    """Who carries a tag that no lease has. Behind a broken lease there may be any run of its task, until
    its ledger says that there is none."""
    leased = {(facts.lease.task_id, facts.lease.lease_id) for facts in snapshot.leases}
    hidden = {broken.task_id for broken in snapshot.broken} - _closed(snapshot)
    for run in sorted(snapshot.tagged):
        if (run.task_id, run.lease_id) not in leased and run.task_id not in hidden:
            yield StopOrphan(run, "no_lease")


def _closed(snapshot: TendSnapshot) -> set[str]:
    if not snapshot.remains:
        return set()
    from tinyscheduler.planner.broken import has_no_run

    return {facts.lease.task_id for facts in snapshot.remains if has_no_run(facts, snapshot)}


# Stops first, because all of them share one grace; then what frees slots; then the rest.
_ORDER: Mapping[type, int] = {
    Rebuild: 0,
    Reclaim: 1,
    Release: 2,
    StopOrphan: 3,
    Revoke: 4,
    Undo: 5,
    Settle: 6,
    Discard: 7,
    Quarantine: 8,
    Keep: 9,
}
