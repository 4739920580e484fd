"""What of the past may go: an ordered table, first match wins, and what the server's word adds to it.

Kept apart from tending and starting because nothing depends on it: a sweep that never runs costs room
on the disk and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.remains import Remains, SweepVerdict
from tinyscheduler.model.task import Task

KEPT = timedelta(days=30)
"""Of all that is swept (contracts.md, Ledger; features A9): a month is what people ask about."""


class SweepFacts(NamedTuple):
    """What a verdict depends on besides the remains themselves."""

    now: datetime
    source: str
    leased: Mapping[TaskId, int]
    """Attempt of each task that has a lease."""
    broken: frozenset[TaskId]
    """Tasks whose lease cannot be read."""
    ledgers: Mapping[TaskId, Ledger | BrokenLedger]
    """Of all tasks that are asked about."""


class Rule(NamedTuple):
    """One row."""

    name: str
    holds: Callable[[Remains, SweepFacts], bool]
    verdict: SweepVerdict


def judge(remains: Remains, facts: SweepFacts) -> SweepVerdict:
    """The first rule that holds; the last row catches all."""
    return next(rule.verdict for rule in RULES if rule.holds(remains, facts))


def kept_since(task: Task | None, ledger: Ledger | BrokenLedger | None, now: datetime) -> datetime | None:
    """From when the remains of this task are to be counted anew; None: they may go.

    ``task`` is what the server has under the id now, None when it has nothing. A task that was completed
    lately keeps them until a month is over, one that is not complete for another month at least.
    """
    if task is None:
        return None
    if isinstance(ledger, Ledger) and ledger.task_created_at != task.created_at:
        return None
    if task.status != "complete":
        return now
    return None if now - task.updated_at >= KEPT else task.updated_at


def _is_young(remains: Remains, facts: SweepFacts) -> bool:
    return facts.now - remains.touched_at < KEPT


def _is_of_a_day(remains: Remains, _facts: SweepFacts) -> bool:
    return remains.task_id is None


def _has_broken_lease(remains: Remains, facts: SweepFacts) -> bool:
    return remains.task_id in facts.broken


def _is_leased_run(remains: Remains, facts: SweepFacts) -> bool:
    return (
        remains.kind == "run"
        and remains.task_id is not None
        and facts.leased.get(remains.task_id) == remains.attempt
    )


def _is_older_run(remains: Remains, _facts: SweepFacts) -> bool:
    return remains.kind == "run" and not remains.is_newest


def _is_leased(remains: Remains, facts: SweepFacts) -> bool:
    return remains.task_id in facts.leased


def _has_ledger(remains: Remains, facts: SweepFacts) -> bool:
    return remains.kind == "run" and remains.task_id in facts.ledgers


def _is_unreadable(remains: Remains, facts: SweepFacts) -> bool:
    return isinstance(_ledger(remains, facts), BrokenLedger)


def _is_of_another_server(remains: Remains, facts: SweepFacts) -> bool:
    ledger = _ledger(remains, facts)
    return isinstance(ledger, Ledger) and ledger.source != facts.source


def _is_parked(remains: Remains, facts: SweepFacts) -> bool:
    ledger = _ledger(remains, facts)
    return isinstance(ledger, Ledger) and ledger.parked is not None


def _is_open(remains: Remains, facts: SweepFacts) -> bool:
    ledger = _ledger(remains, facts)
    return isinstance(ledger, Ledger) and ledger.open is not None


def _ledger(remains: Remains, facts: SweepFacts) -> Ledger | BrokenLedger | None:
    return None if remains.task_id is None else facts.ledgers.get(remains.task_id)


RULES: tuple[Rule, ...] = (
    Rule("young", _is_young, "keep"),
    Rule("day", _is_of_a_day, "remove"),
    Rule("broken_lease", _has_broken_lease, "keep"),
    Rule("leased_run", _is_leased_run, "keep"),
    Rule("older_run", _is_older_run, "remove"),
    Rule("leased", _is_leased, "keep"),
    # The newest run goes after its ledger: while there is one, the task may not be over.
    Rule("has_ledger", _has_ledger, "keep"),
    Rule("unreadable", _is_unreadable, "keep"),
    Rule("another_server", _is_of_another_server, "keep"),
    Rule("parked", _is_parked, "keep"),
    Rule("open", _is_open, "keep"),
    Rule("nobody_knows", lambda _remains, _facts: True, "ask"),
)
