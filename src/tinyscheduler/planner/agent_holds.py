"""Why nobody may run a task: the rows of ``rules`` that look at the agents who could."""

from __future__ import annotations

from datetime import timedelta

from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.task import Task
from tinyscheduler.planner.able import able, is_startable
from tinyscheduler.planner.capacity import slots_lever
from tinyscheduler.planner.gates import Gate, GateReason, shut_gate
from tinyscheduler.planner.view import Finding, View, candidates, cooling, ledger_of


def cooldown(task: Task, view: View) -> Finding | None:
    """Everybody who may run it had it a moment ago."""
    agents, cool = able(task, view, before="cooldown"), cooling(task, view)
    if not agents or any(agent.name not in cool for agent in agents):
        return None
    ledger = ledger_of(task, view)
    assert isinstance(ledger, Ledger), "only a ledger cools an agent"
    base_s, last = view.snapshot.policy.retry_base_s, ledger.outcomes[-1]
    # Whoever hands a task over without a name wonders why it comes back.
    how = f", and handed it off: {last.why}" if last.kind == "handed_off" and last.why else ""
    return Finding(
        f"{last.agent} had it a moment ago{how}",
        f"wait, or to start it at once: tinyscheduler retry {task.id}",
        limit=f"{base_s} s",
        since=last.at,
        next_look_at=last.at + timedelta(seconds=base_s),
    )


def no_recipe(task: Task, view: View) -> Finding | None:
    """Nobody who may run it has anything to run, and what that needs."""
    agents = candidates(task, view)
    if not agents or any(is_startable(agent, view) for agent in agents):
        return None
    for agent in agents:
        if agent.command:
            unready = view.snapshot.unready[agent.name]
            return Finding(f"{agent.name} cannot be started: {unready.why}", unready.remedy)
    names = ", ".join(sorted(agent.name for agent in agents))
    return Finding(f"{names}: nothing to run", "give the agent a command in agent-control")


def no_agent(task: Task, view: View) -> Finding | None:
    """Nobody may run it, or nobody has a slot."""
    agents = candidates(task, view)
    if not agents:
        if task.assigned_to is not None:
            # Whoever serves its queue is not asked.
            why = "disabled" if task.assigned_to in view.agents else "no agent of ours"
            lever = "assign it to another"
            if task.assigned_to in view.former:
                lever += ", or add the agent to agent-control again"
            return Finding(f"{task.assigned_to}, to whom it is assigned, is {why}", lever)
        if task.queue is None:
            lever = f"tinyscheduler task update {task.id} --queue QUEUE, or --assign AGENT"
            return Finding("it is without a queue and nobody's", lever)
        where, later = f"queue {task.queue}", _on_demand(task, view)
        return Finding(f"no enabled agent serves {where}{later}", f"add an agent for {where}")
    # Slots of an agent that has nothing to run are none, unless that is true of all.
    agents = [agent for agent in agents if is_startable(agent, view)] or agents
    if all(agent.slots <= 0 for agent in agents):
        names = ", ".join(sorted(agent.name for agent in agents))
        return Finding(f"{names}: 0 slots", slots_lever(agents[0], 1))
    return None


def _on_demand(task: Task, view: View) -> str:
    """Who is kept for the time when it has starved."""
    agents = sorted(view.agents.values(), key=lambda agent: agent.name)
    names = [a.name for a in agents if a.is_on_demand and a.is_enabled and task.queue in a.queues]
    return f"; {', '.join(names)} on demand when it starves" if names else ""


def account_limited(task: Task, view: View) -> Finding | None:
    """Features C7."""
    return behind_gates(task, view, "account_limited")


def agent_quarantined(task: Task, view: View) -> Finding | None:
    """Features C6."""
    return behind_gates(task, view, "agent_quarantined")


def behind_gates(task: Task, view: View, reason: GateReason) -> Finding | None:
    """Everybody who may run the task is to be given nothing now, and this is the reason of one of them."""
    if reason not in view.shut:
        return None
    shut = [shut_gate(agent, view.gates) for agent in able(task, view, before="account_limited")]
    named = list(dict.fromkeys(gate for gate in shut if gate is not None and gate.reason == reason))
    if not named or None in shut:
        return None
    ends = [gate.until for gate in shut if gate is not None and gate.until is not None]
    next_look_at = min(ends) if len(ends) == len(shut) else None
    value = "; ".join(dict.fromkeys(gate.value for gate in named))
    return Finding(
        value,
        _lever(named[0], task),
        limit="" if next_look_at is None else f"{next_look_at:%Y-%m-%dT%H:%M:%SZ}",
        since=min((gate.since for gate in named if gate.since is not None), default=None),
        next_look_at=next_look_at,
    )


def _lever(gate: Gate, task: Task) -> str:
    """While one task tries, a second try would change nothing; and ``retry`` ends no pause."""
    if gate.until is None or gate.reason in ("paused", "inactive_hours"):
        return gate.lever
    if gate.reason == "agent_quarantined":
        return f"{gate.lever}, then: tinyscheduler retry {task.id}"
    return f"{gate.lever}, or to try at once: tinyscheduler retry {task.id}"
