"""Why nobody has room for a task at its turn: the rows of ``rules`` about what this plan has given away.

``view.taken`` is what live leases and the starts before this task have taken. A task that cannot start is
no reason for the next one not to.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.task import Task
from tinyscheduler.planner.able import able
from tinyscheduler.planner.view import NOBODY, Finding, View, failed_to_start


def queue_cap(task: Task, view: View) -> Finding | None:
    """Of its queue, or of one of its tags."""
    cap = view.taken.full_queue(task.queue)
    if cap is not None:
        return _full(f"queue {task.queue}", cap, "TINYSCHEDULER_QUEUE_LIMITS")
    tag = view.taken.full_tag(task.tags)
    return None if tag is None else _full(f"tag {tag[0]}", tag[1], "TINYSCHEDULER_TAG_LIMITS")


def agent_full(task: Task, view: View) -> Finding | None:
    """Every agent that may run the task is at its slots, or its account is at its cap, or is to show with
    one task how it does."""
    if seats(task, view):
        return None
    agents = able(task, view)
    for agent in agents:
        if view.taken.free.get(agent.name, 0) <= 0:
            continue
        gate = view.taken.tried(agent)
        if gate is not None:
            return Finding(f"{gate.value}: 1/1", gate.lever, limit="1")
        cap = view.taken.full_account(agent)
        if cap is not None:
            return _full(f"account {agent.account}", cap, "TINYSCHEDULER_ACCOUNT_LIMITS")
    used = ", ".join(f"{agent.name} {view.taken.used(agent)}/{agent.slots}" for agent in _by_name(agents))
    return Finding(used, f"wait for one to end, or --agent-limit {agents[0].name}={agents[0].slots + 1}")


def global_cap(_task: Task, view: View) -> Finding | None:
    """Of all agents together."""
    if not view.taken.is_full():
        return None
    return _full("all agents", view.snapshot.policy.max_parallel, "TINYSCHEDULER_MAX_PARALLEL")


def chosen(task: Task, view: View) -> Agent:
    """Who gets a task that no rule holds."""
    last = failed_to_start(task, view) if task.id in view.met else NOBODY
    return view.taken.choose(seats(task, view), last=last)


def seats(task: Task, view: View) -> Sequence[Agent]:
    """Who has room for the task now."""
    return [agent for agent in able(task, view) if view.taken.has_room(agent)]


def _by_name(agents: Sequence[Agent]) -> Sequence[Agent]:
    return sorted(agents, key=lambda agent: agent.name)


def _full(where: str, cap: int, setting: str) -> Finding:
    return Finding(f"{where} {cap}/{cap}", f"wait for one to end, or raise {setting}", limit=str(cap))
