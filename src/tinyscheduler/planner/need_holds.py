"""Why a task has to wait for what it needs: the rows of ``rules`` about capabilities, scope, approval,
paths, goals and parts of the machine (features D11, D12, D13, D18)."""

from __future__ import annotations

from collections.abc import Sequence

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.resources import NO_RESOURCES, Resources
from tinyscheduler.model.task import Task
from tinyscheduler.planner.able import able
from tinyscheduler.planner.resources import needed, number_text, only, plus, resources_text, short_of
from tinyscheduler.planner.view import Finding, View, ledger_of

NAMES_MAX = 5
"""Of agents, in one sentence."""


def needs_approval(task: Task, view: View) -> Finding | None:
    """Features D18."""
    if not view.hints(task).needs_approval:
        return None
    ledger = ledger_of(task, view)
    value = "nobody has approved it yet"
    if isinstance(ledger, Ledger) and ledger.approvals:
        from tinyscheduler.planner.approval import approval_of

        if approval_of(ledger, task) is not None:
            return None
        value = f"it was changed since {ledger.approvals[-1].by} approved it"
    return Finding(value, f"tinyscheduler approve {task.id}")


def no_capability(task: Task, view: View) -> Finding | None:
    """Nobody who could run it has all that it asks for."""
    wanted = view.hints(task).capabilities
    if not wanted:
        return None
    agents = able(task, view, before="no_capability")
    if not agents or able(task, view, before="out_of_scope"):
        return None
    had = {name for agent in agents for name in agent.capabilities}
    missing = [name for name in wanted if name not in had]
    value = f"{_names(agents)} cannot: {', '.join(missing)}" if missing else _not_together(wanted, agents)
    nearest = min(agents, key=lambda agent: len(_lacking(agent, wanted)))
    lacking = ", ".join(_lacking(nearest, wanted))
    where = f"the capabilities of {nearest.name} in agent-control"
    return Finding(value, f"add {lacking} to {where}, or take it out of what the task asks for")


def _lacking(agent: Agent, wanted: Sequence[str]) -> list[str]:
    return [name for name in wanted if name not in agent.capabilities]


def out_of_scope(task: Task, view: View) -> Finding | None:
    """Nobody who could run it may."""
    scope = view.hints(task).scope
    if scope is None:
        return None
    agents = able(task, view, before="out_of_scope")
    if not agents or able(task, view, before="cooldown"):
        return None
    may = "; ".join(f"{agent.name}: {', '.join(agent.scope)}" for agent in agents[:NAMES_MAX])
    lever = f"add {scope} to the scope of {agents[0].name} in agent-control, or take it out of the task"
    return Finding(f"{scope} is outside of what its agents may do ({may})", lever)


def path_held(task: Task, view: View) -> Finding | None:
    """Another run writes what it reads or writes, or reads what it writes."""
    hints = view.hints(task)
    if (not hints.writes and not hints.reads) or _runs(task, view):
        return None
    holdings = view.holdings()
    for index, paths, deed, its in (
        (holdings.written, hints.writes, "write", "writes"),
        (holdings.read, hints.writes, "write", "reads"),
        (holdings.written, hints.reads, "read", "writes"),
    ):
        for path in paths:
            kept = index.holder(path)
            if kept is not None:
                holder = holdings.holders[kept.task_id].words
                value = f"it is to {deed} {path}, and {holder} {its} {kept.path}"
                return _waits_for(kept.task_id, value, view)
    return _path_kept(task, view)


def _path_kept(task: Task, view: View) -> Finding | None:
    """Nobody has it, and another one has waited for it so long that it comes first."""
    kept, hints = view.holdings().kept, view.hints(task)
    if kept is None or kept.task_id == task.id:
        return None
    for index, paths in (
        (kept.written, hints.writes),
        (kept.read, hints.writes),
        (kept.written, hints.reads),
    ):
        for path in paths:
            found = index.holder(path)
            if found is not None:
                value = f"{found.path} is kept for task {kept.task_id}, which is overdue"
                return Finding(value, f"wait for task {kept.task_id} to end")
    return None


def _runs(task: Task, view: View) -> bool:
    """What it keeps for its own run is in nobody else's hands."""
    return task.id in view.leases or task.id in view.broken


def goal_held(task: Task, view: View) -> Finding | None:
    """Of the tasks of one goal, one runs at a time."""
    goal = view.hints(task).goal
    if goal is None or _runs(task, view):
        return None
    holder, kept = view.holdings().goals.get(goal), view.holdings().kept
    if holder is None and kept is not None and kept.goal == goal and kept.task_id != task.id:
        value = f"goal {goal} is kept for task {kept.task_id}, which is overdue"
        return Finding(value, f"wait for task {kept.task_id} to end")
    if holder is None:
        return None
    words = view.holdings().holders[holder].words
    return _waits_for(holder, f"goal {goal} is worked on by {words}", view)


def resources(task: Task, view: View) -> Finding | None:
    """What it takes of the machine is taken, or kept for one that has waited for it."""
    totals = view.snapshot.totals
    if totals is None or not _takes_any(task, view):
        return None
    agents = able(task, view)
    if not agents or any(has_resources(agent, task, view) for agent in agents):
        return None
    amounts = [needed(agent, view.hints(task)) for agent in agents]
    # Of an agent on which it could never run, nobody wants to hear while there is another one.
    wanted = min([one for one in amounts if not short_of(one, NO_RESOURCES, totals)] or amounts)
    holdings, limit = view.holdings(), resources_text(totals)
    too_much = short_of(wanted, NO_RESOURCES, totals)
    if too_much:
        value = f"it takes {resources_text(wanted)}, and there is {limit} in all"
        return Finding(value, _raised(too_much, wanted, "let it ask for less"), limit=limit)
    ends = [holder.ends_by_at for holder in holdings.holders.values() if holder.ends_by_at is not None]
    missing = short_of(wanted, holdings.used, totals)
    # What there is enough of is no part of the answer.
    scarce = missing or Resources._fields
    taken, in_all = (resources_text(only(scarce, amount)) for amount in (holdings.used, totals))
    value = f"it takes {resources_text(wanted)}; {taken} of {in_all} is taken"
    if not missing and holdings.reserved is not None:
        kept = holdings.reserved
        value = f"{value}, and {resources_text(kept.amount)} is kept for task {kept.task_id}"
        lever = f"wait for task {kept.task_id} to start"
        return Finding(value, lever, limit=limit, ends_by_at=min(ends, default=None))
    lever = _raised(missing, plus(wanted, holdings.used), "wait for a run to end")
    return Finding(value, lever, limit=limit, ends_by_at=min(ends, default=None))


def has_resources(agent: Agent, task: Task, view: View) -> bool:
    """There is room on the machine for a run of the task on this agent."""
    totals = view.snapshot.totals
    if totals is None or not _takes_any(task, view):
        return True
    wanted = needed(agent, view.hints(task))
    if wanted == NO_RESOURCES:
        return True
    return view.holdings().has_room(wanted, task.id, totals)


def _takes_any(task: Task, view: View) -> bool:
    return view.holdings().takes_any or view.hints(task).resources != NO_RESOURCES


def _raised(missing: Sequence[str], amount: Resources, first: str) -> str:
    """With the values that would do."""
    wanted = ", ".join(f"{name} = {number_text(getattr(amount, name))}" for name in missing)
    return f"{first}, or set [resources] {wanted}"


def _waits_for(holder: TaskId, value: str, view: View) -> Finding:
    ends_by_at = view.holdings().holders[holder].ends_by_at
    return Finding(value, f"wait for task {holder} to end", ends_by_at=ends_by_at)


def _names(agents: Sequence[Agent]) -> str:
    names = [agent.name for agent in agents]
    more = f" and {len(names) - NAMES_MAX} more" if len(names) > NAMES_MAX else ""
    return ", ".join(names[:NAMES_MAX]) + more


def _not_together(wanted: Sequence[str], agents: Sequence[Agent]) -> str:
    return f"none of {_names(agents)} has all of {', '.join(wanted)}"
