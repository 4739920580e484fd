"""What an intent leaves behind: the ledger of its task, and the agents that are tried again.

Apart from the tables that judge intents, because the pass writes these things and everybody who shows the
next plan reckons with them: what was asked for is done before that plan is made (law 9).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.breaker import Accounts, Breakers
from tinyscheduler.model.ledger import Approval, Ledger, Parked
from tinyscheduler.planner.approval import approved
from tinyscheduler.planner.breakers import account_of
from tinyscheduler.planner.intent_subject import Subject, ledger_of, task_of
from tinyscheduler.planner.intents import Deed
from tinyscheduler.planner.retry import fingerprint, released

LEDGER_ALONE: Final[frozenset[Deed]] = frozenset(("approve", "retry"))
"""Deeds that leave the task as it is, so that what is asked for after them can be foreseen, too."""


def ledger_after(subject: Subject, deed: Deed) -> Ledger | None:
    """Of the deeds by which a task, or who waits for it, may start or not; None: it is another one. Of a
    park as the task is now: letting it go changes it, and what is noted then."""
    match deed:
        case "approve":
            intent = subject.intent
            approval = Approval(intent.by, intent.reason, subject.now, intent.mark)
            return approved(ledger_for(subject), approval)
        case "retry":
            return released(ledger_for(subject))._replace(is_tagged=False)
        case "park":
            intent, task = subject.intent, task_of(subject)
            assert task is not None, "the tables ask before they decide"
            parked = Parked(intent.reason, intent.by, subject.now, fingerprint(task))
            return ledger_for(subject)._replace(parked=parked)
        case _:
            return None


def ledger_for(subject: Subject) -> Ledger:
    """The task's, or a new one that goes on counting where a namesake has stopped. The task has to be
    known."""
    found, task = ledger_of(subject), task_of(subject)
    assert task is not None, "the tables ask before they decide"
    if found is not None:
        return found
    other = subject.ledger
    new = Ledger(task.id, subject.source, task.created_at)
    return new._replace(generation=other.generation, runs=other.runs) if isinstance(other, Ledger) else new


def breakers_tried_again(breakers: Breakers, agents: Collection[Agent], now: datetime) -> Breakers:
    """A person says that these agents are mended: the time of their quarantine is up now."""
    names = {agent.name for agent in agents}
    known = breakers.agents.items()
    early = {n for n, q in known if n in names and q.until is not None and q.until > now}
    if not early:
        return breakers
    return breakers._replace(agents={n: q._replace(until=now) if n in early else q for n, q in known})


def accounts_tried_again(accounts: Accounts, agents: Collection[Agent], now: datetime) -> Accounts:
    """And so is that of the limits of their accounts."""
    keys = {account_of(agent) for agent in agents}
    early = {k for k, limit in accounts.limits.items() if k in keys and limit.until > now}
    if not early:
        return accounts
    limits = {k: v._replace(until=now) if k in early else v for k, v in accounts.limits.items()}
    return accounts._replace(limits=limits)
