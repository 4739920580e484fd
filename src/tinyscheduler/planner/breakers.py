"""What repeated failure closes and for how long: the breaker of a task server, the quarantine of an
agent, the limit of a provider account, and the pace of an account's starts (features C6, C7, A8).

Each function takes what is remembered and gives what is to be remembered. A stored time that is
further away than it can be comes from a clock that was wrong, and holds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.breaker import (
    CLOSED,
    AccountKey,
    AccountLimit,
    Accounts,
    Breaker,
    Breakers,
    BreakerState,
    Bucket,
    Quarantine,
)
from tinyscheduler.model.ids import AgentName, LeaseId
from tinyscheduler.model.lease import Lease, Outcome, OutcomeClass
from tinyscheduler.model.rate_limit import LIMIT_S_MAX
from tinyscheduler.model.task import Task
from tinyscheduler.planner.retry import mark

FAILURES_MAX = 5
"""In a row before a server is left alone. A pass gives up after its first, so these are five passes."""
OPEN_S = 60
"""A server that comes up again is noticed by the pass after the next."""
PROBES = 3
"""Calls that must go well before a server is trusted again: one may have hit a lucky moment."""
STARTS_FAILED_MAX = 3
QUARANTINE_S = 900
"""Long enough that a broken agent costs its tasks next to nothing, short enough for who mends it."""
LIMIT_BASE_S = 300
LIMIT_MAX_S = 3_600
"""Without a word from the provider: an hour is the shortest of the usual usage windows."""
LIMIT_REPORTED_MAX_S = LIMIT_S_MAX
"""With one."""
BURST = 4
RATE = 2.0
"""Starts of one account at once, and each second after that: many providers count new sessions."""
LEASES_KEPT = 20
"""Of one limit: as many runs of one account as may be cut off together."""
WHY_CHARS_MAX = 200

BreakerEvent = Literal["answered", "proven", "failed", "broken", "time_up"]
"""answered: a call went through. proven: the last of the probes did. failed: one did not. broken: the
last failure that is borne. time_up: nothing was asked for long enough."""

Effect = Literal["nothing", "forget", "count_failure", "open", "begin_probing", "count_probe"]


class Step(NamedTuple):
    """What follows."""

    state: BreakerState
    effect: Effect = "nothing"


STEPS: Mapping[tuple[BreakerState, BreakerEvent], Step] = {
    ("closed", "answered"): Step("closed", "forget"),
    ("closed", "proven"): Step("closed", "forget"),
    ("closed", "failed"): Step("closed", "count_failure"),
    ("closed", "broken"): Step("open", "open"),
    ("closed", "time_up"): Step("closed"),
    # While it is open no call is made; one that was on its way from before decides nothing.
    ("open", "answered"): Step("open"),
    ("open", "proven"): Step("open"),
    ("open", "failed"): Step("open"),
    ("open", "broken"): Step("open"),
    ("open", "time_up"): Step("half_open", "begin_probing"),
    ("half_open", "answered"): Step("half_open", "count_probe"),
    ("half_open", "proven"): Step("closed", "forget"),
    ("half_open", "failed"): Step("open", "open"),
    ("half_open", "broken"): Step("open", "open"),
    ("half_open", "time_up"): Step("half_open"),
}


def before_call(breaker: Breaker, now: datetime) -> Breaker:
    """``open`` as long as nothing may be asked."""
    if breaker.until is None or is_ahead(breaker.until, now, max_s=OPEN_S):
        return breaker
    return _step(breaker, "time_up", now)


def after_answer(breaker: Breaker, now: datetime) -> Breaker:
    """The server said something, and be it no."""
    is_last = breaker.state == "half_open" and breaker.probes + 1 >= PROBES
    return _step(breaker, "proven" if is_last else "answered", now)


def after_failure(breaker: Breaker, now: datetime, why: str) -> Breaker:
    """Nobody answered, or nobody knows what was said."""
    event: BreakerEvent = "broken" if breaker.failures + 1 >= FAILURES_MAX else "failed"
    return _step(breaker, event, now, why=why[:WHY_CHARS_MAX])


def entry_mark(agent: Agent) -> str:
    """Of what decides in agent-control whether the agent can be started: another mark says that somebody
    has mended it."""
    env = [part or "" for value in agent.env for part in value]
    return mark("\n".join((agent.profile, agent.workspace or "", *agent.command, "", *env)))


def is_mended(quarantine: Quarantine, agent: Agent) -> bool:
    """Its entry is another one than that whose starts have failed."""
    return quarantine.entry not in ("", entry_mark(agent))


def after_failed_start(
    quarantine: Quarantine | None, lease_id: LeaseId, now: datetime, *, why: str, entry: str = ""
) -> Quarantine:
    """One more start of this agent has failed; the same one again changes nothing."""
    if quarantine is not None and lease_id in quarantine.failed:
        return quarantine
    failed = quarantine.failed if quarantine is not None and quarantine.entry in ("", entry) else ()
    failed = (*failed, lease_id)[-STARTS_FAILED_MAX:]
    until = now + timedelta(seconds=QUARANTINE_S) if len(failed) >= STARTS_FAILED_MAX else None
    return Quarantine(failed, now, until, why[:WHY_CHARS_MAX], entry)


_SAYS_NOTHING_OF_STARTS: frozenset[OutcomeClass] = frozenset(
    {"start_failed", "lost", "interrupted", "cancelled", "unsettled"}
)


def proves_start(kind: OutcomeClass) -> bool:
    """A run that ended like this was started: its agent can be."""
    return kind not in _SAYS_NOTHING_OF_STARTS


def account_of(agent: Agent) -> AccountKey:
    """The account that an agent's limits and pace are counted for."""
    return _account_key(agent.account, agent.name)


def account_of_run(lease: Lease) -> AccountKey:
    """As ``account_of``, as it was when the run was started."""
    return _account_key(lease.account, lease.agent)


def account_name(key: AccountKey) -> str:
    """For people."""
    kind, _, name = key.partition(":")
    return f"agent {name}" if kind == "agent" and name else f"account {key}"


def after_limit(limit: AccountLimit | None, lease: Lease, outcome: Outcome) -> AccountLimit:
    """A run of this account was cut off by its provider. Runs that were under way together are one
    limit; only a run that was started after its end makes the next wait longer."""
    if limit is not None and lease.lease_id in limit.leases:
        return limit
    if limit is not None and (limit.until - outcome.at).total_seconds() > LIMIT_REPORTED_MAX_S:
        limit = None
    is_next = limit is None or lease.created_at >= limit.until
    steps = (0 if limit is None else limit.steps) + (is_next and outcome.until is None)
    known = limit.leases if limit is not None else ()
    until = _limit_end(outcome, steps)
    if limit is not None and not is_next:
        until = max(until, limit.until)
    return AccountLimit(outcome.at, until, steps, (*known, lease.lease_id)[-LEASES_KEPT:])


_WELL: frozenset[OutcomeClass] = frozenset({"succeeded", "partial", "handed_off"})


def lifts_limit(limit: AccountLimit, lease: Lease, kind: OutcomeClass) -> bool:
    """A run that was started after the limit's end and ended well."""
    return kind in _WELL and lease.created_at >= limit.until


def closed_to(
    task: Task, agents: Sequence[Agent], *, breakers: Breakers, accounts: Accounts, now: datetime
) -> tuple[AgentName, ...]:
    """Agents that could run the task and are given nothing now; none while one of them could be."""
    if task.status != "idle":
        return ()
    mine = [agent for agent in agents if agent.is_enabled and agent.command and agent.slots > 0]
    if task.assigned_to is not None:
        able = [agent for agent in mine if agent.name == task.assigned_to]
    else:
        able = [agent for agent in mine if task.queue in agent.queues]
    shut = [agent.name for agent in able if _is_shut(agent, breakers=breakers, accounts=accounts, now=now)]
    return tuple(sorted(shut)) if len(shut) == len(able) else ()


def is_ahead(until: datetime, now: datetime, *, max_s: float) -> bool:
    """A stored time that is still to come, and not further away than it can be."""
    return 0 < (until - now).total_seconds() <= max_s


def limit_set_right(limit: AccountLimit, now: datetime) -> AccountLimit:
    """Noted while the clock was ahead of what it is now: as long as it was meant to be, from now on."""
    return limit if limit.since <= now else limit._replace(since=now, until=now + (limit.until - limit.since))


def quarantine_set_right(quarantine: Quarantine, now: datetime) -> Quarantine:
    """As ``limit_set_right``."""
    if quarantine.since <= now:
        return quarantine
    until = None if quarantine.until is None else now + (quarantine.until - quarantine.since)
    return quarantine._replace(since=now, until=until)


def wait_for_start(bucket: Bucket | None, now: datetime) -> float:
    """Seconds until one more start of the account is in time."""
    return max(0.0, (1.0 - _filled(bucket, now)) / RATE)


def after_start(bucket: Bucket | None, now: datetime) -> Bucket:
    """One start was made."""
    return Bucket(max(0.0, _filled(bucket, now) - 1.0), now)


def is_rested(bucket: Bucket, now: datetime) -> bool:
    """Full again: nothing to remember."""
    return _filled(bucket, now) >= BURST


def unmended_quarantines(
    agents: Mapping[AgentName, Quarantine], crew: Sequence[Agent]
) -> Mapping[AgentName, Quarantine]:
    """Without those agents whose entry in agent-control is another one now."""
    mended = {agent.name for agent in crew if agent.name in agents and is_mended(agents[agent.name], agent)}
    return {name: quarantine for name, quarantine in agents.items() if name not in mended}


def standing_quarantines(
    agents: Mapping[AgentName, Quarantine], leases: tuple[Lease, ...]
) -> Mapping[AgentName, Quarantine]:
    """Without those agents of which a run that was started since is seen at work."""
    working = {
        lease.agent
        for lease in leases
        if lease.agent_pid is not None
        and lease.agent in agents
        and lease.created_at > agents[lease.agent].since
    }
    return {name: quarantine for name, quarantine in agents.items() if name not in working}


def _is_shut(agent: Agent, *, breakers: Breakers, accounts: Accounts, now: datetime) -> bool:
    quarantine, limit = breakers.agents.get(agent.name), accounts.limits.get(account_of(agent))
    until = None if quarantine is None or is_mended(quarantine, agent) else quarantine.until
    if until is not None and is_ahead(until, now, max_s=QUARANTINE_S):
        return True
    return limit is not None and is_ahead(limit.until, now, max_s=LIMIT_REPORTED_MAX_S)


def _step(breaker: Breaker, event: BreakerEvent, now: datetime, *, why: str = "") -> Breaker:
    step = STEPS[breaker.state, event]
    match step.effect:
        case "nothing":
            return breaker
        case "forget":
            return CLOSED
        case "count_failure":
            return Breaker(step.state, breaker.failures + 1, why=why, since=breaker.since or now)
        case "open":
            until = now + timedelta(seconds=OPEN_S)
            return Breaker(step.state, until=until, why=why, since=breaker.since or now)
        case "begin_probing":
            return Breaker(step.state, why=breaker.why, since=breaker.since)
        case "count_probe":
            return breaker._replace(state=step.state, probes=breaker.probes + 1)


def _account_key(account: str | None, agent: AgentName) -> AccountKey:
    # A colon is in no name, so the two kinds cannot be taken for each other.
    return AccountKey(account if account is not None else f"agent:{agent}")


def _limit_end(outcome: Outcome, steps: int) -> datetime:
    if outcome.until is not None:
        return min(outcome.until, outcome.at + timedelta(seconds=LIMIT_REPORTED_MAX_S))
    wait_s = min(LIMIT_BASE_S * 2 ** min(max(0, steps - 1), 10), LIMIT_MAX_S)
    return outcome.at + timedelta(seconds=wait_s)


def _filled(bucket: Bucket | None, now: datetime) -> float:
    if bucket is None:
        return float(BURST)
    # A clock that was set back gives nothing and takes nothing.
    passed_s = max(0.0, (now - bucket.at).total_seconds())
    return min(float(BURST), max(0.0, bucket.tokens) + passed_s * RATE)
