"""Who may be given a task now, free slots aside: what an agent has to pass, as an ordered table.

Apart from ``rules`` because a filter speaks of one agent and a rule of a task: a rule about agents holds
a task when nobody is left of those who have passed the filters before its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.hints import NO_HINTS
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.task import Task
from tinyscheduler.planner.capacity import Alike
from tinyscheduler.planner.gates import shut_gate
from tinyscheduler.planner.ranking import is_number
from tinyscheduler.planner.view import NOBODY, View, candidates, cooling

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Filter(NamedTuple):
    """One thing that is asked of an agent."""

    reason: HeldReason
    """Of the rule that holds a task when this leaves nobody."""
    keeps: Callable[[Sequence[Agent], Task, View], Sequence[Agent]]
    """All at once: what is asked of the task for it is asked once."""


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


def likeness(task: Task, view: View) -> Alike | None:
    """What tells a plain task from others, but for its rank: what is said of one is true for all like it.

    Plain is what is idle, has a name that can be used, waits for nobody, says nothing of itself and has no
    past. None: the task is not, and is like no other.
    """
    if (
        task.id in view.met
        or task.status != "idle"
        or task.blocked_by is not None
        or task.is_blocked
        or task.archived_at is not None
        or not is_name(task.id)
        or view.hints(task) is not NO_HINTS
    ):
        return None
    return (task.assigned_to, task.queue, task.tags)


def is_name(task_id: TaskId) -> bool:
    """Files, processes and tags may be named after it (law 11)."""
    # Nearly all are numbers; the pattern takes its time.
    return is_number(task_id) or _NAME.fullmatch(task_id) is not None


def _sifted(task: Task, view: View, before: HeldReason | None) -> Sequence[Agent]:
    agents = candidates(task, view)
    for reason, keeps in FILTERS:
        if reason == before:
            break
        agents = keeps(agents, task, view)
    return agents


def is_startable(agent: Agent, view: View) -> bool:
    """It has something to run, and what that needs."""
    return bool(agent.command) and agent.name not in view.snapshot.unready


def _startable(agents: Sequence[Agent], _task: Task, view: View) -> Sequence[Agent]:
    return [agent for agent in agents if is_startable(agent, view)]


def _with_slots(agents: Sequence[Agent], _task: Task, _view: View) -> Sequence[Agent]:
    return [agent for agent in agents if agent.slots > 0]


def _with_capabilities(agents: Sequence[Agent], task: Task, view: View) -> Sequence[Agent]:
    wanted = frozenset(view.hints(task).capabilities)
    return [agent for agent in agents if wanted.issubset(agent.capabilities)] if wanted else agents


def _in_scope(agents: Sequence[Agent], task: Task, view: View) -> Sequence[Agent]:
    """An agent without a scope may do everything."""
    wanted = view.hints(task).scope
    if wanted is None:
        return agents
    return [agent for agent in agents if not agent.scope or _is_within(wanted, agent.scope)]


def _is_within(wanted: str, scope: Sequence[str]) -> bool:
    return any(wanted == mine or wanted.startswith(f"{mine}/") for mine in scope)


def _not_cooling(agents: Sequence[Agent], task: Task, view: View) -> Sequence[Agent]:
    cool = cooling(task, view) if task.id in view.met else NOBODY
    return [agent for agent in agents if agent.name not in cool] if cool else agents


def _open(agents: Sequence[Agent], _task: Task, view: View) -> Sequence[Agent]:
    return [agent for agent in agents if shut_gate(agent, view.gates) is None] if view.shut else agents


FILTERS: tuple[Filter, ...] = (
    Filter("no_recipe", _startable),
    Filter("no_agent", _with_slots),
    Filter("no_capability", _with_capabilities),
    Filter("out_of_scope", _in_scope),
    Filter("cooldown", _not_cooling),
    # Of both reasons: a task waits for whichever of them ends first.
    Filter("account_limited", _open),
)
