"""Which tasks to start on which agents, and why each other task is held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinyscheduler.model.action import Start, StartPlan
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Unknown
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.snapshot import Backlog, StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import waited_s
from tinyscheduler.planner.holds import Runnable, first_hold, hold_at_turn, sift, turn_hold
from tinyscheduler.planner.line import Line
from tinyscheduler.planner.ranking import natural_id, rank
from tinyscheduler.planner.turn_holds import chosen
from tinyscheduler.planner.view import View, regulars, view_of


def plan_start(snapshot: StartSnapshot) -> StartPlan:
    """Every task of the backlog is started or held, exactly once, with a reason; of those that are worked
    on, every one without a lease is held.

    An unknown backlog starts nothing and holds nothing: there is no task to speak of (law 4).
    """
    view = view_of(snapshot)
    if isinstance(snapshot.backlog, Unknown):
        return StartPlan((), ())
    backlog = snapshot.backlog.value
    runnable, held = sift(backlog.tasks, view)
    held += _worked_on(backlog.working, view)
    starts: list[Start] = []
    for decision in _asked_in_turn(runnable, view):
        if isinstance(decision, Start):
            starts.append(decision)
        else:
            held.append(decision)
    held.sort(key=lambda hold: natural_id(hold.task_id))
    return StartPlan(tuple(starts), tuple(held), tuple(_limits(snapshot, backlog)))


def _limits(snapshot: StartSnapshot, backlog: Backlog) -> Iterator[str]:
    if backlog.is_cut:
        yield f"{snapshot.policy.max_fetch} tasks fetched, there are more"
    asked = snapshot.prerequisites.values()
    left_out = sum(found.state == "unasked" for found in asked)
    if left_out:
        looked = len(asked) - left_out
        yield f"{looked} tasks were asked for that others wait for; {left_out} are left for later"


def _asked_in_turn(runnable: Runnable, view: View) -> Iterator[Start | Held]:
    """In their order as long as any may start; when none may, nothing depends on it any more."""
    asked: set[TaskId] = set()
    if view.has_room():
        line = line_up([task for _, task in runnable.each()], view)
        for task in line:
            asked.add(task.id)
            decision = decide(task, line, view)
            yield decision
            if isinstance(decision, Start) and not view.has_room():
                break
    for alike, task in runnable.each():
        if task.id not in asked:
            hold = hold_at_turn(alike, task, view)
            assert hold is not None, "there is no room for anybody"
            yield hold


def line_up(runnable: Sequence[Task], view: View) -> Line:
    """In the order in which they are asked for room. Each has to be decided before the next."""
    return Line(runnable, rank(view), view.snapshot)


def decide(task: Task, line: Line, view: View) -> Start | Held:
    """Start it, and take its slot, so that those who come after see it taken; or say why not."""
    hold = turn_hold(task, view)
    if hold is not None:
        if hold.reason in _KEEPS and _is_overdue(task, view.snapshot):
            _keep_room(task, view)
        return hold
    agent = chosen(task, view)
    view.taken.take(agent, task, view.hints(task))
    stretch = 1.0 if view.depth is None else _stretch(task, view)
    return Start(task, agent, _why(task, agent, view, stretch), line.started(), stretch)


_KEEPS: frozenset[HeldReason] = frozenset({"resources", "queue_cap", "agent_full"})
"""Where one thing is missing, what is free of the others would be taken by somebody younger."""


def _is_overdue(task: Task, snapshot: StartSnapshot) -> bool:
    seen, overdue_s = snapshot.waiting.get(task.id), snapshot.policy.overdue_s
    return seen is not None and overdue_s > 0 and waited_s(seen, snapshot.now) >= overdue_s


def _keep_room(task: Task, view: View) -> None:
    """If it is the one for which that is done; the others have to wait."""
    kept = view.holdings().kept
    if view.taken.kept is None and kept is not None and kept.task_id == task.id:
        view.taken.keep(task)


def _stretch(task: Task, view: View) -> float:
    # Nearly all queues are shallow, and load none of it.
    from tinyscheduler.planner.depth import stretch_of

    return stretch_of(task, view)


def _worked_on(tasks: tuple[Task, ...], view: View) -> list[Held]:
    """Why those without a run of ours are not started: they are somebody's, or will be given back."""
    elsewhere = [task for task in tasks if task.id not in view.leases and task.id not in view.broken]
    return [hold for task in elsewhere if (hold := first_hold(task, view)) is not None]


def _why(task: Task, agent: Agent, view: View, stretch: float) -> str:
    chosen_for = "assigned to it" if task.assigned_to is not None else f"serves queue {task.queue}"
    if task.id in view.relieved and agent not in regulars(task, view):
        chosen_for = "able to serve it, and nobody else did"
    longer = "" if stretch == 1.0 else f", limits of its run {stretch:g} times as long"
    return f"{chosen_for}, slot {view.taken.used(agent)} of {agent.slots}{longer}"
