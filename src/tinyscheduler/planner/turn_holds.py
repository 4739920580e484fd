"""Why nobody has room for a task at its turn: the rows of ``rules`` about what this plan has given away.

``view.taken`` is what live leases and the starts before this task have taken. A task that cannot start is
no reason for the next one not to.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.task import Task
from tinyscheduler.planner.able import able
from tinyscheduler.planner.capacity import EVERYWHERE, Full, Scope, slots_lever
from tinyscheduler.planner.need_holds import has_resources
from tinyscheduler.planner.view import NOBODY, Finding, View, failed_to_start


def queue_cap(task: Task, view: View) -> Finding | None:
    """Of its queue, or of one of its tags."""
    policy, queue = view.snapshot.policy, view.taken.full_queue(task.queue)
    if queue is not None:
        return _full(("queue", queue.name), queue, _raised("QUEUE_LIMITS", policy.queue_caps, queue), view)
    tag = view.taken.full_tag(task.tags)
    if tag is None:
        return None
    return _full(("tag", tag.name), tag, _raised("TAG_LIMITS", policy.tag_caps, tag), view)


def agent_full(task: Task, view: View) -> Finding | None:
    """Every agent that may run the task is at its slots, or its account is at its cap, or is to show with
    one task how it does."""
    if seats(task, view):
        return None
    everybody, taken = able(task, view), view.taken
    # A slot more of one for whose run the machine has no room would help nobody.
    agents = [agent for agent in everybody if has_resources(agent, task, view)] or everybody
    for agent in agents:
        if taken.free.get(agent.name, 0) <= 0:
            continue
        gate = taken.tried(agent)
        if gate is not None:
            return Finding(f"{gate.value}: 1/1", gate.lever, limit="1")
        account = taken.full_account(agent)
        if account is not None:
            lever = _raised("ACCOUNT_LIMITS", view.snapshot.policy.account_caps, account)
            return _full(("account", account.name), account, lever, view)
    used = ", ".join(f"{agent.name} {taken.used(agent)}/{agent.slots}" for agent in agents)
    scopes: list[Scope] = [("agent", agent.name) for agent in agents]
    kept, first = _kept(view, *scopes)
    return Finding(
        used + kept,
        f"{first}, or {slots_lever(agents[0], taken.used(agents[0]) + 1)}",
        limit=str(sum(agent.slots for agent in agents)),
        ends_by_at=taken.ends_by_at(*scopes),
    )


def global_cap(_task: Task, view: View) -> Finding | None:
    """Of all agents together."""
    if not view.taken.is_full():
        return None
    full = Full("", view.taken.total, view.snapshot.policy.max_parallel)
    return _full(EVERYWHERE, full, f"TINYSCHEDULER_MAX_PARALLEL={full.used + 1}", view)


def chosen(task: Task, view: View) -> Agent:
    """Who gets a task that no rule holds."""
    last = failed_to_start(task, view) if task.id in view.met else NOBODY
    return view.taken.choose(seats(task, view), last=last)


def seats(task: Task, view: View) -> Sequence[Agent]:
    """Who has room for the task now; of one that has starved for long, who could take one more."""
    agents, has_room = able(task, view), view.taken.has_room
    # A slot is quickly counted, and mostly there is none.
    found = [agent for agent in agents if has_room(agent) and has_resources(agent, task, view)]
    if found or task.id not in view.relieved:
        return found
    from tinyscheduler.planner.starvation import gets_one_more_slot

    if not gets_one_more_slot(task, view):
        return found
    return [agent for agent in agents if has_room(agent, extra=1) and has_resources(agent, task, view)]


def _full(scope: Scope, full: Full, setting: str, view: View) -> Finding:
    kind, name = scope
    where = "all agents" if kind == "all" else f"{kind} {name}"
    kept, first = _kept(view, scope)
    return Finding(
        f"{where} {full.used}/{full.cap}{kept}",
        f"{first}, or raise with {setting}" if full.used else f"raise with {setting}",
        limit=str(full.cap),
        ends_by_at=view.taken.ends_by_at(scope),
    )


def _kept(view: View, *scopes: Scope) -> tuple[str, str]:
    """What to add to the figures, and what to wait for."""
    task_id = view.taken.kept_in(*scopes)
    if task_id is None:
        return "", "wait for one to end"
    return f", one of them kept for task {task_id}, which is overdue", f"wait for task {task_id} to start"


def _raised(setting: str, caps: Sequence[tuple[str, int]], full: Full) -> str:
    """The whole setting, as it would have to be: what is not in it any more has no cap."""
    more = {**dict(caps), full.name: full.used + 1}
    return f"TINYSCHEDULER_{setting}=" + ",".join(f"{name}:{cap}" for name, cap in sorted(more.items()))
