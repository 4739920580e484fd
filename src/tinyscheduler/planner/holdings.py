"""What live runs and the starts of this plan keep to themselves: paths, goals, parts of the machine.

One tree of paths for all: two agents' workspaces are often two copies of one project, and what both change
meets again when they are merged (ADR 0047).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.hints import NO_HINTS, Hints
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import BrokenLease, Lease
from tinyscheduler.model.resources import NO_RESOURCES, Resources
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import waited_s
from tinyscheduler.planner.able import able
from tinyscheduler.planner.capacity import latest_end
from tinyscheduler.planner.hint_values import EVERYTHING
from tinyscheduler.planner.ownership import PathIndex
from tinyscheduler.planner.ranking import natural_id
from tinyscheduler.planner.resources import RESERVED_AFTER_S, fits, minus, needed, plus
from tinyscheduler.planner.view import View


class Holder(NamedTuple):
    """Who keeps something, for people."""

    words: str
    """``task 7 on dev-1``."""
    ends_by_at: datetime | None


class Reserved(NamedTuple):
    """Room that is kept for a task which others have passed for long enough."""

    task_id: TaskId
    amount: Resources


class Kept(NamedTuple):
    """What nobody else may take before an overdue task has had it. Parts of the machine: see ``Reserved``."""

    task_id: TaskId
    written: PathIndex
    read: PathIndex
    goal: str | None


class Holdings:
    """Grows while a plan is made. Never leaves the planner."""

    def __init__(self, *, takes_any: bool = False) -> None:
        self.takes_any = takes_any
        """An agent takes a part of the machine for each of its runs."""
        self.reserved: Reserved | None = None
        self.kept: Kept | None = None
        self.written = PathIndex()
        self.read = PathIndex()
        self.goals: dict[str, TaskId] = {}
        self.used = NO_RESOURCES
        self.holders: dict[TaskId, Holder] = {}
        self._starts = 0
        self._room: dict[tuple[Resources, bool], bool] = {}
        """What was asked before, until somebody takes more."""

    def keep(
        self,
        task_id: TaskId,
        holder: Holder,
        *,
        writes: Sequence[str],
        reads: Sequence[str],
        goal: str | None,
        resources: Resources,
    ) -> None:
        """One more run."""
        self._room.clear()
        self.holders[task_id] = holder
        for path in writes:
            self.written.keep(path, task_id)
        for path in reads:
            self.read.keep(path, task_id)
        if goal is not None:
            self.goals.setdefault(goal, task_id)
        self.used = plus(self.used, resources)

    def has_room(self, wanted: Resources, task_id: TaskId, totals: Resources) -> bool:
        """Beside what is taken, and what is kept for another task."""
        kept = self.reserved
        is_others = kept is not None and kept.task_id != task_id
        found = self._room.get((wanted, is_others))
        if found is None:
            taken = plus(self.used, kept.amount) if kept is not None and is_others else self.used
            found = self._room[wanted, is_others] = fits(wanted, taken, totals)
        return found

    def caught_up(self, started: Sequence[tuple[Agent, Task, Hints]]) -> Holdings:
        """With the starts of this plan that have come since it was last asked."""
        # Asked of every task, and nearly always nobody has started since.
        for agent, task, hints in started[self._starts :] if len(started) > self._starts else ():
            self._starts += 1
            if self.reserved is not None and self.reserved.task_id == task.id:
                self.reserved = None
                self._room.clear()
            if hints is NO_HINTS and agent.resources == NO_RESOURCES:
                continue
            self.keep(
                task.id,
                Holder(f"task {task.id}, which starts now on {agent.name}", None),
                writes=hints.writes,
                reads=hints.reads,
                goal=hints.goal,
                resources=needed(agent, hints),
            )
        return self


def holdings_of(view: View) -> Holdings:
    """By leases that live; by the text of its task where a lease cannot be read."""
    holdings = Holdings(takes_any=any(agent.resources != NO_RESOURCES for agent in view.snapshot.agents))
    for lease in sorted(view.snapshot.leases, key=lambda lease: lease.task_id):
        if lease.state != "finished":
            _keep_lease(holdings, lease)
    for broken in sorted(view.snapshot.broken, key=lambda broken: broken.task_id):
        _keep_broken(holdings, broken, view)
    overdue = _overdue(view) if view.snapshot.waiting else None
    if overdue is not None:
        holdings.kept = _kept(overdue, view)
    if view.snapshot.totals is not None:
        holdings.reserved = _reserved(view, view.snapshot.totals, overdue)
    return holdings


def _overdue(view: View) -> Task | None:
    # Nearly always nobody waits for so long.
    from tinyscheduler.planner.kept import kept_for

    return kept_for(view)


def _kept(task: Task, view: View) -> Kept:
    hints = view.hints(task)
    kept = Kept(task.id, PathIndex(), PathIndex(), hints.goal)
    for path in hints.writes:
        kept.written.keep(path, task.id)
    for path in hints.reads:
        kept.read.keep(path, task.id)
    return kept


def _keep_lease(holdings: Holdings, lease: Lease) -> None:
    ends = latest_end(lease)
    holdings.keep(
        lease.task_id,
        Holder(f"task {lease.task_id} on {lease.agent}", ends),
        writes=lease.writes,
        reads=lease.reads,
        goal=lease.goal,
        resources=lease.resources,
    )


def _keep_broken(holdings: Holdings, broken: BrokenLease, view: View) -> None:
    """Law 4: of a run of which nobody knows what it keeps, it is everything."""
    backlog = view.snapshot.backlog
    seen = (*backlog.value.working, *backlog.value.tasks) if isinstance(backlog, Known) else ()
    task = next((task for task in seen if task.id == broken.task_id), None)
    agent = view.agents.get(broken.agent) if broken.agent is not None else None
    hints = NO_HINTS if task is None else view.hints(task)
    own = NO_RESOURCES if agent is None else agent.resources
    holdings.keep(
        broken.task_id,
        Holder(f"task {broken.task_id}, whose lease cannot be read", None),
        writes=(EVERYTHING,) if task is None or hints.fault is not None else hints.writes,
        reads=hints.reads,
        goal=hints.goal,
        resources=own if agent is None else needed(agent, hints),
    )


def _reserved(view: View, totals: Resources, overdue: Task | None) -> Reserved | None:
    """For the overdue task, unless paths or a goal have to become free first, which may take hours; else for
    the one that has waited longest for parts of the machine, if that is long enough. For one at a time: it
    gets what becomes free, and then the next one does."""
    found = None
    if overdue is not None and view.snapshot.waiting[overdue.id].reason not in ("path_held", "goal_held"):
        found = _room_for(overdue, view, totals)
    if found is not None:
        return found
    snapshot, backlog = view.snapshot, view.snapshot.backlog
    waits = {
        task_id: wait_s
        for task_id, seen in snapshot.waiting.items()
        if seen.reason == "resources" and (wait_s := waited_s(seen, snapshot.now)) >= RESERVED_AFTER_S
    }
    if not waits or not isinstance(backlog, Known):
        return None
    tasks = {task.id: task for task in backlog.value.tasks if task.id in waits}
    for task_id in sorted(tasks, key=lambda task_id: (-waits[task_id], natural_id(task_id))):
        task = tasks[task_id]
        if snapshot.waiting[task_id].created_at != task.created_at:
            continue
        found = _room_for(task, view, totals)
        if found is not None:
            return found
    return None


def _room_for(task: Task, view: View, totals: Resources) -> Reserved | None:
    """None: nothing has to be kept, because it takes nothing, or more than there is, or no more than the run
    gives back whose slot it will have."""
    agents = able(task, view)
    amounts = [needed(agent, view.hints(task)) for agent in agents]
    possible = sorted(amount for amount in amounts if fits(amount, NO_RESOURCES, totals))
    kept = minus(possible[0], _given_back(agents, view)) if possible else NO_RESOURCES
    return Reserved(task.id, kept) if kept != NO_RESOURCES else None


def _given_back(agents: Sequence[Agent], view: View) -> Resources:
    """What comes along with a slot, at the least: where none is free, one of their runs has to end first."""
    names = {agent.name for agent in agents}
    runs = [one for one in view.snapshot.leases if one.state != "finished" and one.agent in names]
    taken = Counter(run.agent for run in runs)
    is_unknown = any(broken.agent is None or broken.agent in names for broken in view.snapshot.broken)
    if not runs or is_unknown or any(taken[agent.name] < agent.slots for agent in agents):
        return NO_RESOURCES
    return Resources(*(min(part) for part in zip(*(run.resources for run in runs), strict=True)))
