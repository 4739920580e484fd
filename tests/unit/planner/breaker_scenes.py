"""Agents that are quarantined and accounts that are limited, as a snapshot has them."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.builders import NOW, a_lease, a_ledger, a_past_run, a_start_snapshot, ago, an_agent
from tests.unit.planner.hold_scenes import TASK
from tinyscheduler.model.breaker import AccountKey, AccountLimit, Accounts, Breakers, Quarantine
from tinyscheduler.model.ids import AgentName, LeaseId
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.snapshot import StartSnapshot


def after(seconds: float) -> datetime:
    """That long after NOW; a negative number is before."""
    return NOW + timedelta(seconds=seconds)


def quarantined(*names: str, for_s: float = 600, why: str = "no such file") -> Breakers:
    """Agents that could not be started three times; ``for_s`` below 0: their time is up."""
    failed = (LeaseId("a"), LeaseId("b"), LeaseId("c"))
    return Breakers(
        agents={AgentName(n): Quarantine(failed, after(for_s - 900), after(for_s), why) for n in names}
    )


def limited(*keys: str, for_s: float = 600) -> Accounts:
    """Accounts at their limit; ``for_s`` below 0: their time is up."""
    return Accounts({AccountKey(key): AccountLimit(after(for_s - 900), after(for_s), 1, ()) for key in keys})


EXAMPLES_OF_GATES: list[tuple[str, StartSnapshot, HeldReason, str]] = [
    (
        "the account of its only agent is limited",
        a_start_snapshot(TASK, agents=[an_agent(account="acme")])._replace(accounts=limited("acme")),
        "account_limited",
        "account acme",
    ),
    (
        "its only agent, without an account, is limited",
        a_start_snapshot(TASK)._replace(accounts=limited("agent:dev-1")),
        "account_limited",
        "agent dev-1",
    ),
    (
        "a task tries whether the account is open again",
        a_start_snapshot(
            TASK,
            agents=[an_agent(account="acme"), an_agent("dev-2", account="acme")],
            leases=[a_lease("2", account="acme", run_age_s=60)],
        )._replace(accounts=limited("acme", for_s=-100)),
        "account_limited",
        "one task tries",
    ),
    (
        "its only agent cannot be started",
        a_start_snapshot(TASK)._replace(breakers=quarantined("dev-1")),
        "agent_quarantined",
        "dev-1",
    ),
    (
        "a task tries whether the agent can be started again",
        a_start_snapshot(TASK, agents=[an_agent(slots=2)], leases=[a_lease("2", run_age_s=60)])._replace(
            breakers=quarantined("dev-1", for_s=-100)
        ),
        "agent_quarantined",
        "one task tries",
    ),
    (
        "one of its agents cannot be started and the account of the other is limited",
        a_start_snapshot(TASK, agents=[an_agent(), an_agent("dev-2", account="acme")])._replace(
            breakers=quarantined("dev-1"), accounts=limited("acme")
        ),
        "account_limited",
        "account acme",
    ),
    (
        "one of its agents had it a moment ago and the account of the other is limited",
        a_start_snapshot(
            TASK,
            agents=[an_agent(), an_agent("dev-2", account="acme")],
            ledgers=[a_ledger(outcomes=[a_past_run("handed_off", at=ago(59))])],
        )._replace(accounts=limited("acme")),
        "account_limited",
        "account acme",
    ),
]
"""What is true, the world, the reason, a part of what people are told."""
