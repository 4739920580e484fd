"""Why nobody has room for a task at its turn: the rows of ``rules`` about what this plan has given away.

``view.taken`` is what live leases and the starts before this task have taken. A task that cannot start is
no reason for the next one not to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.task import Task
from tinyscheduler.planner.able import able
from tinyscheduler.planner.capacity import EVERYWHERE
from tinyscheduler.planner.need_holds import has_resources
from tinyscheduler.planner.view import NOBODY, Finding, View, failed_to_start


def queue_cap(task: Task, view: View) -> Finding | None:
    """Of its queue, or of one of its tags."""
    taken, policy = view.taken, view.snapshot.policy
    cap = taken.full_queue(task.queue)
    if cap is not None and task.queue is not None:
        lever = _raised("QUEUE_LIMITS", policy.queue_caps, task.queue)
        return _full(f"queue {task.queue}", cap, lever, taken.ends_by_at(("queue", task.queue)))
    tag = taken.full_tag(task.tags)
    if tag is None:
        return None
    lever = _raised("TAG_LIMITS", policy.tag_caps, tag[0])
    return _full(f"tag {tag[0]}", tag[1], lever, taken.ends_by_at(("tag", tag[0])))


def agent_full(task: Task, view: View) -> Finding | None:
    """Every agent that may run the task is at its slots, or its account is at its cap, or is to show with
    one task how it does."""
    if seats(task, view):
        return None
    agents, taken = able(task, view), view.taken
    for agent in agents:
        if taken.free.get(agent.name, 0) <= 0:
            continue
        gate = taken.tried(agent)
        if gate is not None:
            return Finding(f"{gate.value}: 1/1", gate.lever, limit="1")
        cap = taken.full_account(agent)
        if cap is not None and agent.account is not None:
            lever = _raised("ACCOUNT_LIMITS", view.snapshot.policy.account_caps, agent.account)
            ends = taken.ends_by_at(("account", agent.account))
            return _full(f"account {agent.account}", cap, lever, ends)
    used = ", ".join(f"{agent.name} {taken.used(agent)}/{agent.slots}" for agent in agents)
    return Finding(
        used,
        f"wait for one to end, or --agent-limit {agents[0].name}={agents[0].slots + 1}",
        limit=str(sum(agent.slots for agent in agents)),
        ends_by_at=taken.ends_by_at(*[("agent", agent.name) for agent in agents]),
    )


def global_cap(_task: Task, view: View) -> Finding | None:
    """Of all agents together."""
    if not view.taken.is_full():
        return None
    cap = view.snapshot.policy.max_parallel
    lever = f"wait for one to end, or raise with TINYSCHEDULER_MAX_PARALLEL={cap + 1}"
    return _full("all agents", cap, lever, view.taken.ends_by_at(EVERYWHERE))


def chosen(task: Task, view: View) -> Agent:
    """Who gets a task that no rule holds."""
    last = failed_to_start(task, view) if task.id in view.met else NOBODY
    return view.taken.choose(seats(task, view), last=last)


def seats(task: Task, view: View) -> Sequence[Agent]:
    """Who has room for the task now; of one that has starved for long, who could take one more."""
    agents = [agent for agent in able(task, view) if has_resources(agent, task, view)]
    found = [agent for agent in agents if view.taken.has_room(agent)]
    if found or task.id not in view.relieved:
        return found
    from tinyscheduler.planner.starvation import gets_one_more_slot

    if not gets_one_more_slot(task, view):
        return found
    return [agent for agent in agents if view.taken.has_room(agent, extra=1)]


def _full(where: str, cap: int, lever: str, ends_by_at: datetime | None) -> Finding:
    return Finding(f"{where} {cap}/{cap}", lever, limit=str(cap), ends_by_at=ends_by_at)


def _raised(setting: str, caps: Sequence[tuple[str, int]], name: str) -> str:
    """The whole setting, as it would have to be: what is not in it any more has no cap."""
    more = {key: cap + (key == name) for key, cap in sorted(caps)}
    text = ",".join(f"{key}:{cap}" for key, cap in more.items())
    return f"wait for one to end, or raise with TINYSCHEDULER_{setting}={text}"
