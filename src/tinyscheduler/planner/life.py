"""Life of a lease as the pass sees it: every (event, state) pair, also those that do nothing.

Apart from ``tend``, which weighs the leases of a pass against each other: this is the life of one,
on one page. Events stand in the order of their precedence. Of those that are true of a lease, the
first whose entry does anything decides; ``nothing`` is always true and does something everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from tinyscheduler.model.lease import LeaseState, OutcomeClass
from tinyscheduler.model.snapshot import LeaseFacts, TendSnapshot

BEATS_MISSED_MAX = 3
STALE_S_MIN = 45
"""Three beats of the default interval: a loaded machine delays one, hardly three in a row."""
HEARTBEAT_S_MAX = 3_600
"""A lease that says more was edited or is damaged; the settings allow no more."""
BACKSTOP_S = 30
"""The wrapper enforces the hard limit; the pass steps in when it is late by grace and this much."""

Event = Literal[
    "release_asked", "not_gone", "elsewhere", "stop_asked", "revocation_unfinished", "rebooted",
    "adopter_dead", "adopter_silent", "owner_unreadable", "adopted", "estop", "wrapper_dead", "unwanted",
    "heartbeat_stale", "over_hard_limit", "not_adopted_in_time", "nothing",
]  # fmt: skip

Effect = Literal["pass_over", "keep", "tell", "reclaim", "release", "revoke", "undo", "settle"]
"""``tell`` keeps the lease and tells a person. ``reclaim`` needs proof that the run is gone,
``release`` does without."""

Next = Literal["claiming", "starting", "running", "finished", "gone"]


class Entry(NamedTuple):
    """What an event does to a lease in one state."""

    effect: Effect
    next: Next | None = None
    """The state it leads to when it succeeds; None: as it was."""
    outcome: OutcomeClass | None = None
    """Of a reclaim or a release, unless the run itself has said how it ended."""
    reason: str = ""
    """For people, where the event alone would not say it."""


def decide(facts: LeaseFacts, snapshot: TendSnapshot) -> tuple[str, Entry]:
    """The reason and the entry that decides."""
    state = facts.lease.state
    for event, entries in LIFE.items():
        entry = entries[state]
        if entry.effect != "pass_over" and PREDICATES[event](facts, snapshot):
            return entry.reason or event, entry
    raise AssertionError(f"nothing decides over a lease in state {state}")


def stale_after_s(heartbeat_interval_s: int) -> int:
    """How old a beat may be (features B3)."""
    interval_s = min(heartbeat_interval_s, HEARTBEAT_S_MAX)
    return max(BEATS_MISSED_MAX * interval_s, STALE_S_MIN)


def _is_release_asked(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    """Never while the wrapper is known to live: two wrappers of one task would be the end of law 1."""
    return facts.intent is not None and facts.intent.kind == "release" and facts.wrapper != "alive"


def _is_not_gone(facts: LeaseFacts, snapshot: TendSnapshot) -> bool:
    """Such a lease was edited or is damaged, or its wrapper is about to drop its tag: where it is claimed
    nobody has been started, and where it is finished the wrapper has seen all of them go."""
    lease = facts.lease
    meant = (lease.task_id, lease.lease_id)
    return not lease.is_given_up and any((run.task_id, run.lease_id) == meant for run in snapshot.tagged)


def _is_elsewhere(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    """Who revoked a start linked the owner name here: no wrapper has adopted it anywhere."""
    return facts.wrapper == "unknown" and not _is_revoked(facts)


def _is_stop_asked(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return facts.intent is not None and facts.intent.kind in ("stop", "park")


def _is_revocation_unfinished(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return _is_revoked(facts)


def _is_rebooted(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return not facts.is_same_boot and facts.wrapper == "dead"


def _is_adopter_dead(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return _is_adopted_by_wrapper(facts) and facts.wrapper == "dead"


def _is_adopter_silent(facts: LeaseFacts, snapshot: TendSnapshot) -> bool:
    return _is_adopted_by_wrapper(facts) and _is_heartbeat_stale(facts, snapshot)


def _is_owner_unreadable(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return facts.is_owner_unreadable


def _is_adopted(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return _is_adopted_by_wrapper(facts)


def _is_wrapper_dead(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return facts.wrapper == "dead"


def _is_estopped(_facts: LeaseFacts, snapshot: TendSnapshot) -> bool:
    return snapshot.is_estopped


def _is_unwanted(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return facts.unwanted != ""


def _is_heartbeat_stale(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return facts.beat_age_s > stale_after_s(facts.lease.heartbeat_interval_s)


def _is_over_hard_limit(facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    lease = facts.lease
    return facts.run_age_s > lease.hard_limit_s + lease.grace_s + BACKSTOP_S


def _is_not_adopted_in_time(facts: LeaseFacts, snapshot: TendSnapshot) -> bool:
    return facts.run_age_s > snapshot.policy.start_timeout_s


def _is_always(_facts: LeaseFacts, _snapshot: TendSnapshot) -> bool:
    return True


def _is_revoked(facts: LeaseFacts) -> bool:
    return facts.owner is not None and facts.owner.by == "revoked"


def _is_adopted_by_wrapper(facts: LeaseFacts) -> bool:
    owner = facts.owner
    return owner is not None and owner.by == "wrapper" and owner.lease_id == facts.lease.lease_id


PREDICATES: Mapping[Event, Callable[[LeaseFacts, TendSnapshot], bool]] = {
    "release_asked": _is_release_asked,
    "not_gone": _is_not_gone,
    "elsewhere": _is_elsewhere,
    "stop_asked": _is_stop_asked,
    "revocation_unfinished": _is_revocation_unfinished,
    "rebooted": _is_rebooted,
    "adopter_dead": _is_adopter_dead,
    "adopter_silent": _is_adopter_silent,
    "owner_unreadable": _is_owner_unreadable,
    "adopted": _is_adopted,
    "estop": _is_estopped,
    "wrapper_dead": _is_wrapper_dead,
    "unwanted": _is_unwanted,
    "heartbeat_stale": _is_heartbeat_stale,
    "over_hard_limit": _is_over_hard_limit,
    "not_adopted_in_time": _is_not_adopted_in_time,
    "nothing": _is_always,
}


def _row(claiming: Entry, starting: Entry, running: Entry, finished: Entry) -> Mapping[LeaseState, Entry]:
    return {"claiming": claiming, "starting": starting, "running": running, "finished": finished}


def _ends_as(outcome: OutcomeClass) -> Entry:
    return Entry("reclaim", "finished", outcome)


_OVER = Entry("pass_over")
_REVOKE = Entry("revoke", "gone")
_RELEASE = Entry("release", "finished", "interrupted")
_ELSEWHERE = Entry("tell", reason="unknown_host")

LIFE: Mapping[Event, Mapping[LeaseState, Entry]] = {
    # A person takes the blame, where nothing else helps: first of all.
    "release_asked": _row(_OVER, _RELEASE, _RELEASE, _RELEASE),
    # Law 1 comes before what a lease says of itself.
    "not_gone": _row(_ends_as("lost"), _OVER, _OVER, _ends_as("lost")),
    # Law 4: a process that cannot be seen is neither alive nor dead.
    "elsewhere": _row(_OVER, _ELSEWHERE, _ELSEWHERE, _OVER),
    # Before all deaths: a pass that was killed between the kill and the last word leaves a dead wrapper.
    "stop_asked": _row(_OVER, _ends_as("cancelled"), _ends_as("cancelled"), _OVER),
    "revocation_unfinished": _row(_OVER, _REVOKE, _OVER, _OVER),
    # Not the task's fault, and nobody to kill.
    "rebooted": _row(_OVER, _ends_as("interrupted"), _ends_as("interrupted"), _OVER),
    "adopter_dead": _row(_OVER, _ends_as("lost"), _OVER, _OVER),
    "adopter_silent": _row(_OVER, _ends_as("lost"), _OVER, _OVER),
    # The name is taken, so no wrapper can adopt any more, and nobody knows who did.
    "owner_unreadable": _row(_OVER, _ends_as("interrupted"), _OVER, _OVER),
    # It obeys by itself in a moment, and the next pass finds it running.
    "adopted": _row(_OVER, Entry("keep", reason="being_adopted"), _OVER, _OVER),
    # Before the wrapper's death: on a full disk it has died of this, and could not say so.
    "estop": _row(_OVER, _REVOKE, _ends_as("interrupted"), _OVER),
    # A start that nobody has adopted has no wrapper yet.
    "wrapper_dead": _row(_OVER, _OVER, _ends_as("lost"), _OVER),
    "unwanted": _row(_OVER, _REVOKE, _ends_as("handed_off"), _OVER),
    "heartbeat_stale": _row(_OVER, _OVER, _ends_as("lost"), _OVER),
    "over_hard_limit": _row(_OVER, _OVER, _ends_as("timed_out"), _OVER),
    "not_adopted_in_time": _row(_OVER, _REVOKE, _OVER, _OVER),
    "nothing": _row(
        # The pass that wrote it is gone, or its claim was never answered: this pass holds the lock.
        Entry("undo", "gone", reason="claim_interrupted"),
        Entry("keep", reason="starting"),
        Entry("keep", reason="running"),
        Entry("settle", "gone", reason="finished"),
    ),
}
