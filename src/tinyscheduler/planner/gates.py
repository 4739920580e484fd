"""Agents that are given nothing for a while, or one task at a time to see how they do.

Apart from ``breakers``, which says what is remembered: this is what follows from it for one plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import AgentName
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.planner.breakers import (
    LIMIT_REPORTED_MAX_S,
    QUARANTINE_S,
    account_name,
    account_of,
    account_of_run,
    is_ahead,
    is_mended,
)
from tinyscheduler.planner.pauses import in_force, lever, words

GateReason = Literal["paused", "account_limited", "agent_quarantined", "inactive_hours"]


class Gate(NamedTuple):
    """One reason to be careful with an agent."""

    reason: GateReason
    key: str
    """Of the account or the agent: one probe at a time for each key."""
    is_shut: bool
    """Nothing may start: the time is not up, or a probe is under way. False: one task may try."""
    value: str
    """For people."""
    since: datetime | None
    until: datetime | None
    """None: until the probe has ended, or until a person says so."""
    lever: str = "wait"


Gates = Mapping[AgentName, Sequence[Gate]]
"""Agents that nothing is known of are not in it."""


def gates_of(snapshot: StartSnapshot) -> Gates:
    """All gates of all agents."""
    if not (
        snapshot.breakers.agents
        or snapshot.accounts.limits
        or snapshot.pauses
        or snapshot.closed_hours.agents
    ):
        return {}
    found = {agent.name: _gates(agent, snapshot) for agent in snapshot.agents}
    return {name: gates for name, gates in found.items() if gates}


def shut_gate(agent: Agent, gates: Gates) -> Gate | None:
    """Why the agent is given nothing; None: it may be, if only one task."""
    return next((gate for gate in gates.get(agent.name, ()) if gate.is_shut), None)


def _gates(agent: Agent, snapshot: StartSnapshot) -> tuple[Gate, ...]:
    found = (
        _pause_gate(agent, snapshot),
        _account_gate(agent, snapshot),
        _quarantine_gate(agent, snapshot),
        _hours_gate(agent, snapshot),
    )
    return tuple(gate for gate in found if gate is not None)


def _pause_gate(agent: Agent, snapshot: StartSnapshot) -> Gate | None:
    for pause in in_force(snapshot.pauses, snapshot.now):
        if (pause.scope, pause.name) == ("agent", agent.name):
            return Gate(
                "paused", f"pause {agent.name}", True, words(pause), pause.at, pause.until, lever(pause)
            )
    return None


def _account_gate(agent: Agent, snapshot: StartSnapshot) -> Gate | None:
    key = account_of(agent)
    limit = snapshot.accounts.limits.get(key)
    if limit is None or (limit.until - snapshot.now).total_seconds() > LIMIT_REPORTED_MAX_S:
        return None
    name = account_name(key)
    if is_ahead(limit.until, snapshot.now, max_s=LIMIT_REPORTED_MAX_S):
        value = f"{name} is at its provider's limit"
        return Gate("account_limited", key, True, value, limit.since, limit.until)
    runs = [lease for lease in snapshot.leases if account_of_run(lease) == key]
    if _is_tried(runs, limit.until):
        value = f"{name} was limited; one task tries whether it is open again"
        return Gate("account_limited", key, True, value, limit.since, None)
    value = f"{name} was limited; one task at a time until one ends well"
    return Gate("account_limited", key, False, value, limit.since, None)


def _quarantine_gate(agent: Agent, snapshot: StartSnapshot) -> Gate | None:
    quarantine = snapshot.breakers.agents.get(agent.name)
    if quarantine is None or quarantine.until is None or is_mended(quarantine, agent):
        return None
    if (quarantine.until - snapshot.now).total_seconds() > QUARANTINE_S:
        return None
    # A space is in no key of an account.
    key = f"agent {agent.name}"
    why = f"{key} could not be started {len(quarantine.failed)} times in a row"
    lever = f"mend its command ({quarantine.why})" if quarantine.why else "mend its command"
    if is_ahead(quarantine.until, snapshot.now, max_s=QUARANTINE_S):
        return Gate("agent_quarantined", key, True, why, quarantine.since, quarantine.until, lever)
    runs = [lease for lease in snapshot.leases if lease.agent == agent.name]
    is_tried = _is_tried(runs, quarantine.until)
    value = f"{why}; one task tries again"
    return Gate("agent_quarantined", key, is_tried, value, quarantine.since, None, f"{lever}, or wait")


def _hours_gate(agent: Agent, snapshot: StartSnapshot) -> Gate | None:
    closed = snapshot.closed_hours.agents.get(agent.name)
    if closed is None:
        return None
    value = f"agent {agent.name} works {closed.hours}"
    lever = "wait, or change its activeHours in agent-control"
    return Gate("inactive_hours", f"hours {agent.name}", True, value, None, closed.opens_at, lever)


def _is_tried(runs: Sequence[Lease], since: datetime) -> bool:
    return any(lease.state != "finished" and lease.created_at >= since for lease in runs)
