"""The first rule that holds a task: before any limit is looked at, and at its turn.

Apart from ``rules`` because that is the table and this is how it is asked: what says nothing about a task
is not asked of it, or a plan for 100,000 tasks would take ten times as long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from tinyscheduler.model.hints import NO_HINTS
from tinyscheduler.model.ids import Place
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.task import Task
from tinyscheduler.planner.able import Kind, is_plain
from tinyscheduler.planner.rule import Asked, Find, Needs
from tinyscheduler.planner.rules import RULES
from tinyscheduler.planner.view import Finding, View

Question = tuple[HeldReason, Find]
Questions = dict[Kind | Place, Sequence[Question]]
"""What is worth asking of tasks of a kind; those of a place that say nothing about themselves are one."""


def first_hold(task: Task, view: View, known: Questions | None = None) -> Held | None:
    """The first rule that holds the task before any limit is looked at; None: its turn decides.

    ``known`` remembers, from task to task of one plan, what is worth asking of tasks of a kind.
    """
    for reason, find in worth_asking(task, view, known):
        finding = find(task, view)
        if finding is not None:
            return held_of(task, reason, finding, view)
    return None


def worth_asking(task: Task, view: View, known: Questions | None) -> Sequence[Question]:
    """The rules of the table that may say something of such a task, in its order. ``known``: see
    ``first_hold``."""
    if task.id in view.met:
        return _OF_MET
    hints = view.hints(task)
    is_hinted = hints is not NO_HINTS or task.is_blocked or task.blocked_by is not None
    if known is None:
        return _OF_HINTED if is_hinted else _OF_OTHERS
    place = (task.assigned_to, task.queue)
    kind = (*place, hints.capabilities, hints.scope) if is_hinted else place
    found = known.get(kind)
    if found is None:
        found = known[kind] = tuple(_telling(_OF_HINTED if is_hinted else _OF_OTHERS, task, view))
    return found


def _telling(questions: Sequence[Question], task: Task, view: View) -> Iterator[Question]:
    """What a rule about its place says of a task is true for all of its kind: where it holds, nothing after
    it is asked, and where it does not, it need not be asked again."""
    for reason, find in questions:
        if reason not in _OF_PLACES:
            yield reason, find
        elif find(task, view) is not None:
            yield reason, find
            return


def is_held_by_itself(task: Task, view: View) -> bool:
    """By anything but what others have and will give back."""
    return any(
        find(task, view) is not None for reason, find in _OF_MET if reason not in ("path_held", "goal_held")
    )


def turn_hold(task: Task, view: View) -> Held | None:
    """The first rule that holds the task at its turn; None: there is an agent with room for it.

    Until the next start, what is said of a task that nothing tells from others is true for all of its place.
    """
    place = (task.assigned_to, task.queue) if is_plain(task, view) else None
    said = None if place is None else view.taken.said.get(place)
    if said is not None:
        _, reason, value, limit, _, next_look_at, lever, ends_by_at = said
        since = held_since(task, reason, view)
        return Held(task.id, reason, value, limit, since, next_look_at, lever, ends_by_at)
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


def _questions(asked: Asked, *without: Needs) -> tuple[Question, ...]:
    return tuple(
        (rule.reason, rule.find)
        for rule in RULES
        if rule.find is not None and rule.asked in (asked, "both") and rule.needs not in without
    )


# Made at import: a plan asks them of every task.
_OF_MET = _questions("task")
_OF_HINTED = _questions("task", "met")
_OF_OTHERS = _questions("task", "met", "hints")
_OF_PLACES = frozenset(rule.reason for rule in RULES if rule.needs == "place")
_AT_TURN = _questions("turn")
