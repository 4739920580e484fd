"""Urgent tasks that wait for less urgent ones: named, and nothing else (features D17).

Nothing is stopped and nobody is put forward: which of the two matters more now is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from tinyscheduler.model.action import StartPlan
from tinyscheduler.model.ids import Place, TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.bands import HIGH, band_name, band_of
from tinyscheduler.planner.ranking import natural_id
from tinyscheduler.planner.view import View, candidates, view_of

Bound = Literal["path", "goal", "dependency", "slot"]

_SLOTS: Final[frozenset[HeldReason]] = frozenset({"agent_full", "global_cap", "queue_cap"})


class Inversion(NamedTuple):
    """A pair."""

    task_id: TaskId
    band: str
    holder: TaskId
    holder_band: str
    by: Bound


def inversions(snapshot: StartSnapshot, plan: StartPlan) -> tuple[Inversion, ...]:
    """Of every task that is at least high, the least urgent of those it waits for, if that one is of a lower
    band. Bands are those of the priorities: what has aged is not urgent, only old."""
    urgent = _urgent(snapshot)
    waiting = [held for held in plan.held if held.task_id in urgent]
    if not waiting:
        return ()
    finder = _Finder(snapshot)
    pairs = (finder.pair(urgent[held.task_id], held) for held in waiting)
    return tuple(pair for pair in pairs if pair is not None)


def _urgent(snapshot: StartSnapshot) -> Mapping[TaskId, Task]:
    backlog = snapshot.backlog
    tasks = backlog.value.tasks if isinstance(backlog, Known) else ()
    least = snapshot.policy.band_floors[HIGH]
    return {task.id: task for task in tasks if task.priority >= least}


class _Finder:
    """Looks up who is in the way."""

    def __init__(self, snapshot: StartSnapshot) -> None:
        assert isinstance(snapshot.backlog, Known), "an unknown backlog has no urgent task"
        backlog = snapshot.backlog.value
        self._policy = snapshot.policy
        self._seen = {task.id: task for task in (*backlog.tasks, *backlog.working)}
        self._view = view_of(snapshot)
        self._in_slots: dict[tuple[HeldReason, Place], Task | None] = {}
        """Once for all tasks of a place: a thousand runs are in the way of ten thousand tasks."""

    def pair(self, task: Task, held: Held) -> Inversion | None:
        """None: whoever is in the way is as urgent, or nobody knows how urgent."""
        by, least = self._in_the_way(task, held.reason)
        if by is None or least is None:
            return None
        band, lower = band_of(task.priority, self._policy), band_of(least.priority, self._policy)
        if lower <= band:
            return None
        return Inversion(task.id, band_name(band), least.id, band_name(lower), by)

    def _in_the_way(self, task: Task, reason: HeldReason) -> tuple[Bound | None, Task | None]:
        """By what, and the least urgent of those who are."""
        if reason not in _SLOTS:
            by, holders = self._holders(task, reason)
            return by, self._least(holders)
        key = (reason, (task.assigned_to, task.queue))
        if key not in self._in_slots:
            self._in_slots[key] = self._least(self._holders_of_slots(task, reason))
        return "slot", self._in_slots[key]

    def _least(self, holders: Iterable[TaskId]) -> Task | None:
        """None: nobody, or nobody knows how urgent."""
        known = (self._seen[holder] for holder in holders if holder in self._seen)
        return min(known, key=lambda other: (other.priority, natural_id(other.id)), default=None)

    def _holders(self, task: Task, reason: HeldReason) -> tuple[Bound | None, Iterable[TaskId]]:
        view = self._view
        if reason == "blocked":
            return "dependency", view.graph().waits.get(task.id, ())
        if reason == "path_held":
            return "path", _path_holders(task, view)
        if reason == "goal_held":
            goal = view.hints(task).goal
            holder = None if goal is None else view.holdings().goals.get(goal)
            return "goal", () if holder is None else (holder,)
        return None, ()

    def _holders_of_slots(self, task: Task, reason: HeldReason) -> Iterable[TaskId]:
        names = {agent.name for agent in candidates(task, self._view)}
        for lease in self._view.leases.values():
            is_in_the_way = {
                "agent_full": lease.agent in names,
                "queue_cap": lease.queue == task.queue,
                "global_cap": True,
            }.get(reason, False)
            if is_in_the_way and lease.state != "finished":
                yield lease.task_id


def _path_holders(task: Task, view: View) -> Iterable[TaskId]:
    hints, holdings = view.hints(task), view.holdings()
    pairs = ((holdings.written, hints.writes), (holdings.read, hints.writes), (holdings.written, hints.reads))
    for index, paths in pairs:
        for path in paths:
            kept = index.holder(path)
            if kept is not None:
                yield kept.task_id
