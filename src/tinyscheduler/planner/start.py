"""Which tasks to start on which agents, and why each other task is held."""

from __future__ import annotations

from collections.abc import Sequence

from tinyscheduler.model.action import Start, StartPlan
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.knowledge import Unknown
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.capacity import Capacity
from tinyscheduler.planner.gates import shut_gate
from tinyscheduler.planner.holds import first_hold
from tinyscheduler.planner.ranking import blocked_counts, natural_id, rank_key
from tinyscheduler.planner.view import NOBODY, Place, View, candidates, cooling, failed_to_start, view_of


def plan_start(snapshot: StartSnapshot) -> StartPlan:
    """Every task of the backlog is started or held, exactly once, with a reason; of those that are worked
    on, every one without a lease is held.

    An unknown backlog starts nothing and holds nothing: there is no task to speak of (law 4).
    """
    view = view_of(snapshot)
    capacity = Capacity(snapshot.agents, snapshot.policy, snapshot.leases, snapshot.broken, gates=view.gates)
    if isinstance(snapshot.backlog, Unknown):
        return StartPlan((), (), capacity.free)
    backlog = snapshot.backlog.value
    runnable, held = _sift(backlog.tasks, view)
    held += _worked_on(backlog.working, view)
    starts: list[Start] = []
    full: dict[Place, Held] = {}
    for task in _ranked(runnable, backlog.tasks, snapshot):
        seated = _seat(task, view, capacity, full)
        if isinstance(seated, Start):
            starts.append(seated)
        else:
            held.append(seated)
    held.sort(key=lambda hold: natural_id(hold.task_id))
    limits = (f"{snapshot.policy.max_fetch} tasks fetched, there are more",) if backlog.is_cut else ()
    return StartPlan(tuple(starts), tuple(held), capacity.free, limits)


def _sift(tasks: tuple[Task, ...], view: View) -> tuple[list[Task], list[Held]]:
    """Held tasks go out before any limit is looked at (features D7)."""
    runnable: list[Task] = []
    held: list[Held] = []
    clear: set[Place] = set()
    for task in tasks:
        hold = first_hold(task, view, clear)
        if hold is None:
            runnable.append(task)
        else:
            held.append(hold)
    return runnable, held


def _worked_on(tasks: tuple[Task, ...], view: View) -> list[Held]:
    """Why those without a run of ours are not started: they are somebody's, or will be given back."""
    elsewhere = [task for task in tasks if task.id not in view.leases and task.id not in view.broken]
    return [hold for task in elsewhere if (hold := first_hold(task, view)) is not None]


def _ranked(runnable: list[Task], seen: tuple[Task, ...], snapshot: StartSnapshot) -> list[Task]:
    blocks = blocked_counts(seen)
    first = snapshot.policy.orders_blockers_first
    return sorted(runnable, key=lambda task: rank_key(task, blocks, blockers_first=first))


def _seat(task: Task, view: View, capacity: Capacity, full: dict[Place, Held]) -> Start | Held:
    """The rows of contracts.md that depend on what this plan has started already, in their order.

    ``full`` remembers places that nobody has room for: while a plan is made slots only fill, so what
    was said of one task there holds for all that follow.
    """
    cap = _cap_hold(task, capacity)
    if cap is not None:
        return cap
    place = (task.assigned_to, task.queue)
    cool = cooling(task, view) if task.id in view.met else NOBODY
    known = None if cool else full.get(place)
    if known is not None:
        return known._replace(task_id=task.id)
    able = [a for a in candidates(task, view) if a.command and a.slots > 0 and a.name not in cool]
    if view.gates:
        able = [agent for agent in able if shut_gate(agent, view.gates) is None]
    last = failed_to_start(task, view) if task.id in view.met else ()
    agent = capacity.choose(able, last=last)
    if agent is None:
        hold = _agents_full(task, able, capacity)
        if not cool:
            full[place] = hold
        return hold
    if capacity.is_full():
        most = view.snapshot.policy.max_parallel
        return _full(task, "global_cap", "all agents", most, "TINYSCHEDULER_MAX_PARALLEL")
    capacity.take(agent, task.queue, task.tags)
    return Start(task, agent, _why(task, agent, capacity))


def _cap_hold(task: Task, capacity: Capacity) -> Held | None:
    queue_cap = capacity.full_queue(task.queue)
    if queue_cap is not None:
        return _full(task, "queue_cap", f"queue {task.queue}", queue_cap, "TINYSCHEDULER_QUEUE_LIMITS")
    tag = capacity.full_tag(task.tags)
    if tag is not None:
        return _full(task, "queue_cap", f"tag {tag[0]}", tag[1], "TINYSCHEDULER_TAG_LIMITS")
    return None


def _agents_full(task: Task, able: Sequence[Agent], capacity: Capacity) -> Held:
    """Every agent that may run the task is at its slots, or its account is at its cap, or is to show with
    one task how it does."""
    for agent in able:
        gate = capacity.tried(agent)
        if gate is not None and capacity.free.get(agent.name, 0) > 0:
            return Held(task.id, "agent_full", f"{gate.value}: 1/1", limit="1", lever=gate.lever)
        cap = capacity.full_account(agent)
        if cap is not None and capacity.free.get(agent.name, 0) > 0:
            where = f"account {agent.account}"
            return _full(task, "agent_full", where, cap, "TINYSCHEDULER_ACCOUNT_LIMITS")
    used = ", ".join(
        f"{agent.name} {capacity.used(agent)}/{agent.slots}"
        for agent in sorted(able, key=lambda agent: agent.name)
    )
    lever = f"wait for one to end, or --agent-limit {able[0].name}={able[0].slots + 1}"
    return Held(task.id, "agent_full", used, lever=lever)


def _full(task: Task, reason: HeldReason, where: str, cap: int, setting: str) -> Held:
    value = f"{where} {cap}/{cap}"
    return Held(task.id, reason, value, limit=str(cap), lever=f"wait for one to end, or raise {setting}")


def _why(task: Task, agent: Agent, capacity: Capacity) -> str:
    chosen = "assigned to it" if task.assigned_to is not None else f"serves queue {task.queue}"
    return f"{chosen}, slot {capacity.used(agent)} of {agent.slots}"
