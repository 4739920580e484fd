"""What to do with every lease: one ordered table for each state, first match wins.

Kept apart from ``start`` because tending comes first in a pass and needs no task server: local facts
and the kill are ours alone; only settling asks the server (features B6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tinyscheduler.model.action import (
    Keep,
    Quarantine,
    Reclaim,
    Revoke,
    Settle,
    TendAction,
    TendPlan,
    Undo,
)
from tinyscheduler.model.lease import LeaseState
from tinyscheduler.model.snapshot import LeaseFacts, TendSnapshot

BEATS_MISSED_MAX = 3
STALE_S_MIN = 45
"""Three beats of the default interval: a loaded machine delays one, hardly three in a row."""
HEARTBEAT_S_MAX = 3_600
"""A lease that says more was edited or is damaged; the settings allow no more."""
BACKSTOP_S = 30
"""The wrapper enforces the hard limit; the pass steps in when it is late by grace and this much."""


class Rule(NamedTuple):
    """One row: when ``holds``, do what ``act`` says."""

    name: str
    holds: Callable[[LeaseFacts, TendSnapshot], bool]
    act: Callable[[LeaseFacts, str], TendAction]


def plan_tend(snapshot: TendSnapshot) -> TendPlan:
    """One action per lease, sorted by what is urgent, then by task.

    At most ``kills_max`` reclaims, longest without a beat first (features A8); a lease whose
    processes are dead already costs no kill and has no limit.
    """
    facts = sorted(snapshot.leases, key=lambda f: (-f.beat_age_s, f.lease.task_id))
    actions: list[TendAction] = []
    limits: list[str] = []
    kills = 0
    for fact in facts:
        action = decide(fact, snapshot)
        if isinstance(action, Reclaim) and fact.wrapper == "alive":
            kills += 1
            if kills > snapshot.policy.kills_max:
                action = Keep(fact.lease, "kill_limit", is_trouble=True)
                limits = [f"{snapshot.policy.kills_max} kills in one pass"]
        actions.append(action)
    actions += [Quarantine(broken, broken.why) for broken in snapshot.broken]
    actions.sort(key=lambda action: (_ORDER[type(action)], action.lease.task_id))
    return TendPlan(tuple(actions), tuple(limits))


def decide(facts: LeaseFacts, snapshot: TendSnapshot) -> TendAction:
    """The first rule of the lease's state that holds; the last row of each table catches all."""
    for rule in RULES[facts.lease.state]:
        if rule.holds(facts, snapshot):
            return rule.act(facts, rule.name)
    raise AssertionError(f"no rule for a lease in state {facts.lease.state}")


def stale_after_s(heartbeat_interval_s: int) -> int:
    """How old a beat may be (features B3)."""
    interval_s = min(heartbeat_interval_s, HEARTBEAT_S_MAX)
    return max(BEATS_MISSED_MAX * interval_s, STALE_S_MIN)


def _always(_facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return True


def _is_estopped(_facts: LeaseFacts, snapshot: TendSnapshot) -> bool:
    return snapshot.is_estopped


def _is_elsewhere(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return facts.wrapper == "unknown"


def _is_dead(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return facts.wrapper == "dead"


def _is_rebooted(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return not facts.is_same_boot and facts.wrapper == "dead"


def _is_stale(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return facts.beat_age_s > stale_after_s(facts.lease.heartbeat_interval_s)


def _is_overdue(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    lease = facts.lease
    return facts.run_age_s > lease.hard_limit_s + lease.grace_s + BACKSTOP_S


def _is_adopted(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    owner = facts.owner
    return owner is not None and owner.by == "wrapper" and owner.lease_id == facts.lease.lease_id


def _is_adopted_by_dead(facts: LeaseFacts, snapshot: TendSnapshot) -> bool:
    return _is_adopted(facts, snapshot) and facts.wrapper == "dead"


def _is_adopted_long_ago(facts: LeaseFacts, snapshot: TendSnapshot) -> bool:
    return _is_adopted(facts, snapshot) and _is_stale(facts, snapshot)


def _is_revoked(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return facts.owner is not None and facts.owner.by == "revoked"


def _is_late(facts: LeaseFacts, snapshot: TendSnapshot) -> bool:
    return facts.run_age_s > snapshot.policy.start_timeout_s


def _reclaim_as_lost(facts: LeaseFacts, reason: str) -> TendAction:
    return Reclaim(facts.lease, "lost", reason)


def _reclaim_as_overdue(facts: LeaseFacts, reason: str) -> TendAction:
    return Reclaim(facts.lease, "timed_out", reason)


def _reclaim_as_interrupted(facts: LeaseFacts, reason: str) -> TendAction:
    return Reclaim(facts.lease, "interrupted", reason)


def _revoke(facts: LeaseFacts, reason: str) -> TendAction:
    return Revoke(facts.lease, reason)


def _undo(facts: LeaseFacts, reason: str) -> TendAction:
    return Undo(facts.lease, reason)


def _settle(facts: LeaseFacts, reason: str) -> TendAction:
    return Settle(facts.lease, reason)


def _keep(facts: LeaseFacts, reason: str) -> TendAction:
    return Keep(facts.lease, reason)


def _keep_and_tell(facts: LeaseFacts, reason: str) -> TendAction:
    return Keep(facts.lease, reason, is_trouble=True)


RULES: Mapping[LeaseState, tuple[Rule, ...]] = {
    # The pass that wrote it is gone, or its claim was never answered: this pass holds the lock.
    "claiming": (Rule("claim_interrupted", _always, _undo),),
    "starting": (
        Rule("revocation_unfinished", _is_revoked, _revoke),
        Rule("unknown_host", _is_elsewhere, _keep_and_tell),
        Rule("rebooted", _is_rebooted, _reclaim_as_interrupted),
        Rule("wrapper_dead", _is_adopted_by_dead, _reclaim_as_lost),
        Rule("heartbeat_stale", _is_adopted_long_ago, _reclaim_as_lost),
        Rule("being_adopted", _is_adopted, _keep),
        Rule("estop", _is_estopped, _revoke),
        Rule("not_adopted_in_time", _is_late, _revoke),
        Rule("starting", _always, _keep),
    ),
    "running": (
        # Law 4: a process we cannot see is neither alive nor dead.
        Rule("unknown_host", _is_elsewhere, _keep_and_tell),
        # A reboot is not the task's fault and needs no kill.
        Rule("rebooted", _is_rebooted, _reclaim_as_interrupted),
        Rule("wrapper_dead", _is_dead, _reclaim_as_lost),
        Rule("estop", _is_estopped, _reclaim_as_interrupted),
        Rule("heartbeat_stale", _is_stale, _reclaim_as_lost),
        Rule("over_hard_limit", _is_overdue, _reclaim_as_overdue),
        Rule("running", _always, _keep),
    ),
    "finished": (Rule("finished", _always, _settle),),
}

# Stops first, because all of them share one grace; then what frees slots; then the rest.
_ORDER: Mapping[type, int] = {
    Reclaim: 0,
    Revoke: 1,
    Undo: 2,
    Settle: 3,
    Quarantine: 4,
    Keep: 5,
}
