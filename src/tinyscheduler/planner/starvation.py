"""When a task starves, and what is done about it: steps by the time it has starved (features D15).

A task starves when it could start and nobody serves it: no agent that may run it has any slot at all, or one
has a free slot and the start comes to nothing again and again. Whoever waits because everything is full does
not starve, however long: that is a long backlog, and ageing sees to it that its turn comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Starving, Waiting, starved_s

if TYPE_CHECKING:
    from tinyscheduler.planner.view import View

STARVES_AFTER_S: Final = 120
"""Two passes by cron: an agent that is added at once is noticed by one of them."""

# Steps, in intervals of the loop that it has starved.
ANYBODY, ONE_MORE_SLOT, SAID, ASKED = 2, 4, 6, 10
"""Any agent able to serve; one slot more, and agents on demand; an event; a comment on the task."""

NOBODY_SERVES: Final[frozenset[HeldReason]] = frozenset(
    {"no_recipe", "no_agent", "no_capability", "out_of_scope"}
)
"""No agent that may run the task has any slot, busy or free."""


def steps(waiting: Waiting, now: datetime, policy: Policy) -> int:
    """How many intervals of the loop it has starved; 0: it does not."""
    return int(starved_s(waiting, now) // max(1, policy.loop_interval_s))


def starving(waiting: Mapping[TaskId, Waiting], now: datetime, policy: Policy) -> dict[TaskId, Starving]:
    """Those of which people are told."""
    counts = {
        task_id: steps(found, now, policy)
        for task_id, found in waiting.items()
        if found.starving_since is not None
    }
    return {
        task_id: Starving(starved_s(waiting[task_id], now), count >= ASKED)
        for task_id, count in counts.items()
        if count >= SAID
    }


def relieved(snapshot: StartSnapshot) -> Mapping[TaskId, int]:
    """Tasks for which more is done than for others, with their steps. Nearly always none."""
    starving = [
        (task_id, steps(waiting, snapshot.now, snapshot.policy))
        for task_id, waiting in snapshot.waiting.items()
        if waiting.starving_since is not None or waiting.starved_s
    ]
    return {task_id: count for task_id, count in starving if count >= ANYBODY}


def relief(task: Task, view: View, regular: Sequence[Agent]) -> Sequence[Agent]:
    """Those who serve its queue, and whoever else is able to: who has all the capabilities that it names. A
    task that names none says by its queue alone who can do it, so nobody else is able. From the next step on
    also agents on demand, of its queue or able.
    """
    count, needs = view.relieved[task.id], frozenset(view.hints(task).capabilities)
    names = {agent.name for agent in regular}

    def may(agent: Agent) -> bool:
        is_able = bool(needs) and needs <= frozenset(agent.capabilities)
        if agent.is_on_demand:
            return count >= ONE_MORE_SLOT and (is_able or task.queue in agent.queues)
        return is_able

    others = [a for a in view.agents.values() if a.is_enabled and a.name not in names and may(a)]
    return sorted((*regular, *others), key=lambda agent: agent.name)


def gets_one_more_slot(task: Task, view: View) -> bool:
    """An agent that is at its slots may take this one on top; caps stay what they are."""
    return view.relieved.get(task.id, 0) >= ONE_MORE_SLOT
