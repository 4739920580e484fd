"""The first rule that holds a task: before any limit is looked at, and at its turn.

Apart from ``rules`` because that is the table and this is how it is asked: what says nothing about a task
is not asked of it, or a plan for 100,000 tasks would take ten times as long.
"""

from __future__ import annotations

from datetime import datetime

from tinyscheduler.model.ids import Place
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.task import Task
from tinyscheduler.planner.able import is_plain
from tinyscheduler.planner.rules import RULES, Asked, Find, Needs
from tinyscheduler.planner.view import Finding, View


def first_hold(task: Task, view: View, clear: set[Place] | None = None) -> Held | None:
    """The first rule that holds the task before any limit is looked at; None: its turn decides.

    ``clear`` remembers, from task to task of one plan, the places at which nothing is held: what looks
    at nothing but a task's place need not be asked for each of ten thousand.
    """
    is_met, place = task.id in view.met, (task.assigned_to, task.queue)
    rows = _OF_MET if is_met else _OF_NEW
    if clear is not None and not is_met and place in clear:
        rows = _OF_NEW_IN_A_CLEAR_PLACE
    for reason, find in rows:
        finding = find(task, view)
        if finding is not None:
            return held_of(task, reason, finding, view)
    if clear is not None and not is_met:
        clear.add(place)
    return None


def turn_hold(task: Task, view: View) -> Held | None:
    """The first rule that holds the task at its turn; None: there is an agent with room for it.

    Until the next start, what is said of a task that nothing tells from others is true for all of its place.
    """
    place = (task.assigned_to, task.queue) if is_plain(task, view) else None
    said = None if place is None else view.taken.said.get(place)
    if said is not None:
        return said._replace(task_id=task.id, since=held_since(task, said.reason, view))
    for reason, find in _AT_TURN:
        finding = find(task, view)
        if finding is not None:
            held = held_of(task, reason, finding, view)
            if place is not None:
                view.taken.said[place] = held
            return held
    return None


def held_of(task: Task, reason: HeldReason, finding: Finding, view: View) -> Held:
    """What was found, as the answer about this task."""
    if finding.hold is not None:
        return finding.hold
    value, lever, _, limit, since, next_look_at, ends_by_at = finding
    since = since or held_since(task, reason, view)
    return Held(task.id, reason, value, limit, since, next_look_at, lever, ends_by_at)


def held_since(task: Task, reason: HeldReason, view: View) -> datetime | None:
    """Since when earlier passes have seen this very task held by it without a break."""
    seen = view.snapshot.waiting.get(task.id)
    if seen is None or seen.reason != reason or seen.created_at != task.created_at:
        return None
    return seen.held_since


def _rows(asked: Asked, *without: Needs) -> tuple[tuple[HeldReason, Find], ...]:
    return tuple(
        (rule.reason, rule.find)
        for rule in RULES
        if rule.find is not None and rule.asked in (asked, "both") and rule.needs not in without
    )


# Made at import: a plan asks them of every task.
_OF_MET = _rows("task")
_OF_NEW = _rows("task", "met")
_OF_NEW_IN_A_CLEAR_PLACE = _rows("task", "met", "place")
_AT_TURN = _rows("turn")
