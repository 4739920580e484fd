"""What an ended run costs its task: the outcome table of contracts.md as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from tinyscheduler.model.lease import Lease, Outcome, OutcomeClass
from tinyscheduler.model.ledger import OUTCOMES_KEPT, WHY_CHARS_MAX, Asked, Ledger, OpenRun, Parked, PastRun
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.task import Task

Delay = Literal["none", "base", "ladder", "until"]


class Cost(NamedTuple):
    """One row of the table."""

    is_spent: bool
    """Counts towards ``max_attempts``."""
    delay: Delay
    free_in_a_row: int | None = None
    """After this many in a row it does count: an outcome that costs nothing must not go round for ever."""
    parks: bool = False
    """At once, whatever the count: only a person can say that it should go on."""


COSTS: Mapping[OutcomeClass, Cost] = {
    "succeeded": Cost(False, "none"),
    "partial": Cost(False, "base", 3),
    "handed_off": Cost(False, "none"),
    "no_result": Cost(True, "base"),
    "failed": Cost(True, "ladder"),
    "killed": Cost(True, "ladder"),
    "timed_out": Cost(True, "ladder"),
    "stalled": Cost(True, "ladder"),
    "lost": Cost(True, "ladder"),
    "start_failed": Cost(False, "base"),
    "rate_limited": Cost(False, "until"),
    "deferred": Cost(False, "base", 10),
    "interrupted": Cost(False, "none", 10),
    "cancelled": Cost(False, "none", parks=True),
    "gate_failed": Cost(True, "ladder"),
    "budget_exceeded": Cost(True, "ladder", parks=True),
    "denied": Cost(False, "ladder"),
    "unsettled": Cost(False, "none"),
}


def after_run(ledger: Ledger, run: Lease | OpenRun, outcome: Outcome, policy: Policy) -> Ledger:
    """The ledger after this run. Once per lease_id: a repeated settlement changes nothing."""
    if any(past.lease_id == run.lease_id for past in ledger.outcomes):
        return ledger._replace(open=None)
    is_spent = _is_spent(ledger, outcome.kind)
    past = PastRun(
        run.lease_id,
        run.agent,
        outcome.kind,
        outcome.at,
        is_spent,
        outcome.code,
        why=outcome.summary[:WHY_CHARS_MAX],
    )
    outcomes = (*ledger.outcomes, past)[-OUTCOMES_KEPT:]
    spent = spent_attempts(outcomes)
    return ledger._replace(
        open=None,
        outcomes=outcomes,
        not_before=_not_before(outcome, spent, ledger, policy),
        parked=ledger.parked or _parked(outcome, spent, policy, _asked(ledger, run)),
    )


def spent_attempts(outcomes: tuple[PastRun, ...]) -> int:
    """Spending outcomes since the last one that cleared the count."""
    count = 0
    for past in outcomes:
        count = 0 if past.kind == "succeeded" else count + past.is_spent
    return count


def fingerprint(task: Task) -> str:
    """What a person would change to say "try again" (features C4), readable and exact enough: a
    change of any of the four gives another text."""
    texts = (task.title, task.description, task.assigned_to or "", task.queue or "")
    return ":".join(f"{len(text)}.{_checksum(text):08x}" for text in texts)


def _is_spent(ledger: Ledger, kind: OutcomeClass) -> bool:
    cost = COSTS[kind]
    if cost.free_in_a_row is None:
        return cost.is_spent
    last = ledger.outcomes[-(cost.free_in_a_row - 1) :]
    return len(last) == cost.free_in_a_row - 1 and all(
        past.kind == kind and not past.is_spent for past in last
    )


def _not_before(outcome: Outcome, spent: int, ledger: Ledger, policy: Policy) -> datetime | None:
    match COSTS[outcome.kind].delay:
        case "none":
            return None
        case "until" if outcome.until is not None:
            return outcome.until
        case "ladder":
            delay_s = min(policy.retry_base_s * 2 ** max(0, spent - 1), policy.retry_max_s)
        case _:
            delay_s = policy.retry_base_s
    return outcome.at + timedelta(seconds=delay_s * _jitter(ledger))


def _jitter(ledger: Ledger) -> float:
    """1.0 to 1.1 from a hash of task and attempt: tasks that failed together do not come back
    together, and the same snapshot still gives the same plan."""
    return 1.0 + _checksum(f"{ledger.task_id}/{ledger.runs}") % 1000 / 10_000


def _asked(ledger: Ledger, run: Lease | OpenRun) -> Asked | None:
    is_open = ledger.open is not None and ledger.open.lease_id == run.lease_id
    return ledger.open.asked if ledger.open is not None and is_open else None


def _parked(outcome: Outcome, spent: int, policy: Policy, asked: Asked | None) -> Parked | None:
    if outcome.kind == "cancelled" and asked is not None:
        # A person's word counts for what a person has stopped: it says also what comes next.
        return None if asked.requeue else Parked(asked.reason, asked.by, outcome.at, "")
    if COSTS[outcome.kind].parks:
        why = f"its run ended as {outcome.kind}"
    elif spent >= policy.max_attempts:
        why = f"{spent} attempts, the last one {outcome.kind}"
    else:
        return None
    # The fingerprint is filled in by whoever knows the task as it is left on the server.
    return Parked(why, "scheduler", outcome.at, "")


def _checksum(text: str) -> int:
    """FNV-1a, 32 bits: pure, stable between runs (unlike ``hash``), and needs no import."""
    value = 0x811C9DC5
    for byte in text.encode("utf-8", "surrogatepass"):
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value
