"""Who may be given a task now, free slots aside: what an agent has to pass, as an ordered table.

Apart from ``rules`` because a filter speaks of one agent and a rule of a task: a rule about agents holds
a task when nobody is left of those who have passed the filters before its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.hints import NO_HINTS
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.task import Task
from tinyscheduler.planner.gates import shut_gate
from tinyscheduler.planner.view import View, candidates, cooling


class Filter(NamedTuple):
    """One thing that is asked of an agent."""

    reason: HeldReason
    """Of the rule that holds a task when this leaves nobody."""
    keeps: Callable[[Agent, Task, View], bool]


Kind = tuple[AgentName | None, QueueName | None, tuple[str, ...], str | None]
"""Place of a task, and what it asks of its agent: the same agents may run all tasks of a kind."""


def able(task: Task, view: View, *, before: HeldReason | None = None) -> Sequence[Agent]:
    """Candidates that pass every filter, or every one before that of a rule."""
    key = (kind_of(task, view) or task.id, before)
    found = view.able.get(key)
    if found is None:
        found = view.able[key] = _sifted(task, view, before)
    return found


def kind_of(task: Task, view: View) -> Kind | None:
    """None: it has a past, and with it agents of its own."""
    if task.id in view.met:
        return None
    hints = view.hints(task)
    return (task.assigned_to, task.queue, hints.capabilities, hints.scope)


def is_plain(task: Task, view: View) -> bool:
    """Nothing tells it from other tasks of its place but its rank: what is said of one is true for all."""
    if task.id in view.met or task.tags or view.hints(task) is not NO_HINTS:
        return False
    if view.snapshot.totals is None:
        return True
    # The one for which room is kept is told apart by just that; until it starts it stays the same one.
    kept = (view.held[0] if view.held else view.holdings()).reserved
    return kept is None or kept.task_id != task.id


def _sifted(task: Task, view: View, before: HeldReason | None) -> Sequence[Agent]:
    agents = candidates(task, view)
    for reason, keeps in FILTERS:
        if reason == before:
            break
        agents = [agent for agent in agents if keeps(agent, task, view)]
    return agents


def _has_command(agent: Agent, _task: Task, _view: View) -> bool:
    return bool(agent.command)


def _has_slots(agent: Agent, _task: Task, _view: View) -> bool:
    return agent.slots > 0


def _has_capabilities(agent: Agent, task: Task, view: View) -> bool:
    wanted = view.hints(task).capabilities
    return not wanted or set(wanted) <= set(agent.capabilities)


def _is_in_scope(agent: Agent, task: Task, view: View) -> bool:
    """An agent without a scope may do everything."""
    wanted = view.hints(task).scope
    if wanted is None or not agent.scope:
        return True
    return any(wanted == mine or wanted.startswith(f"{mine}/") for mine in agent.scope)


def _is_not_cooling(agent: Agent, task: Task, view: View) -> bool:
    return task.id not in view.met or agent.name not in cooling(task, view)


def _is_open(agent: Agent, _task: Task, view: View) -> bool:
    return shut_gate(agent, view.gates) is None


FILTERS: tuple[Filter, ...] = (
    Filter("no_recipe", _has_command),
    Filter("no_agent", _has_slots),
    Filter("no_capability", _has_capabilities),
    Filter("out_of_scope", _is_in_scope),
    Filter("cooldown", _is_not_cooling),
    # Of both reasons: a task waits for whichever of them ends first.
    Filter("account_limited", _is_open),
)
