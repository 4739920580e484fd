"""What becomes of a lease that nobody can read: one ordered table, first match wins (features B9).

Apart from ``tend`` because it happens once in a year, and a pass is a new process every minute. The
lease is not the only witness of its run: there are its owner file, the ledger, and the processes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, assert_never

from tinyscheduler.model.action import Discard, Quarantine, Rebuild, TendAction
from tinyscheduler.model.lease import LeaseState
from tinyscheduler.model.ledger import BrokenLedger
from tinyscheduler.model.snapshot import BrokenFacts, TendSnapshot
from tinyscheduler.planner.life import stale_after_s

Deed = Literal["leave", "rebuild", "discard"]


class Rule(NamedTuple):
    """One row."""

    reason: str
    holds: Callable[[BrokenFacts, TendSnapshot], bool]
    deed: Deed


def decide_broken(facts: BrokenFacts, snapshot: TendSnapshot) -> TendAction:
    """The first row that holds; the last one catches all."""
    rule = next(rule for rule in RULES if rule.holds(facts, snapshot))
    match rule.deed:
        case "leave":
            return Quarantine(facts.lease, rule.reason)
        case "rebuild":
            return Rebuild(facts.lease, rule.reason)
        case "discard":
            return Discard(facts.lease, rule.reason)
        case _:
            assert_never(rule.deed)


def has_no_run(facts: BrokenFacts, snapshot: TendSnapshot) -> bool:
    """Nothing stands behind it: whoever carries a tag of its task is an orphan."""
    rule = next(rule for rule in RULES if rule.holds(facts, snapshot))
    return rule.reason in ("processes_left", "no_open_run")


def state_of(facts: BrokenFacts, *, has_result: bool) -> LeaseState:
    """How far its run had come at least: the state whose rules do the right thing with what is left.

    A revoked or unadopted start is revoked again, which decides by the owner name whoever comes
    late; without any process its claim is undone; everything else has run.
    """
    if facts.is_owner_unreadable or has_result:
        return "running"
    if facts.owner is not None:
        return "running" if facts.owner.by == "wrapper" else "starting"
    return "starting" if facts.processes else "claiming"


def _is_elsewhere(facts: BrokenFacts, _snapshot: TendSnapshot) -> bool:
    """Law 4: whether anybody works there can be seen on that machine only, by passes that know its clocks."""
    return facts.is_elsewhere


def _is_being_mended(facts: BrokenFacts, snapshot: TendSnapshot) -> bool:
    """Law 6: while the wrapper may live it is the writer, and at its next beat it writes the lease anew.
    Not over a folder."""
    is_fresh = facts.file_age_s <= stale_after_s(snapshot.policy.heartbeat_interval_s)
    return facts.wrapper != "dead" and is_fresh and not facts.is_folder


def _is_ledger_unreadable(facts: BrokenFacts, _snapshot: TendSnapshot) -> bool:
    return isinstance(facts.ledger, BrokenLedger)


def _is_open(facts: BrokenFacts, _snapshot: TendSnapshot) -> bool:
    ledger = facts.ledger
    return ledger is not None and not isinstance(ledger, BrokenLedger) and ledger.open is not None


def _has_processes(facts: BrokenFacts, _snapshot: TendSnapshot) -> bool:
    return bool(facts.processes)


def _always(_facts: BrokenFacts, _snapshot: TendSnapshot) -> bool:
    return True


RULES: tuple[Rule, ...] = (
    Rule("unknown_host", _is_elsewhere, "leave"),
    Rule("wrapper_mends_it", _is_being_mended, "leave"),
    # Nobody is left who could say whether anything runs, or what was taken from whom: a person has to.
    Rule("ledger_unreadable", _is_ledger_unreadable, "leave"),
    Rule("run_open", _is_open, "rebuild"),
    Rule("processes_left", _has_processes, "leave"),
    # The ledger is opened before a claim is sent, and closed when the server has been told.
    Rule("no_open_run", _always, "discard"),
)
