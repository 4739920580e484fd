"""The first rule that holds a task: before any limit is looked at, and at its turn.

Apart from ``rules`` because that is the table and this is how it is asked: what says nothing about a task
is not asked of it, or a plan for 100,000 tasks would take ten times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.task import Task
from tinyscheduler.planner.able import Kind, kind_of, likeness
from tinyscheduler.planner.capacity import Alike
from tinyscheduler.planner.rule import Asked, Find, Needs
from tinyscheduler.planner.rules import RULES
from tinyscheduler.planner.view import Finding, View

Question = tuple[HeldReason, Find]
Questions = dict[Kind | Alike, Sequence[Question]]
"""What is worth asking of tasks of a kind; plain ones are of one kind with those that are like them."""


class Runnable(NamedTuple):
    """Tasks that nothing holds before their turn."""

    alike: Mapping[Alike, Sequence[Task]]
    others: Sequence[Task]

    def each(self) -> Iterator[tuple[Alike | None, Task]]:
        """In no order."""
        for alike, group in self.alike.items():
            for task in group:
                yield alike, task
        for task in self.others:
            yield None, task


def sift(tasks: Iterable[Task], view: View) -> tuple[Runnable, list[Held]]:
    """Held tasks go out before any limit is looked at (features D7).

    Of tasks that are alike the first one tells what is worth asking; of most that is nothing at all.
    """
    known: Questions = {}
    held: list[Held] = []
    alike, others = _by_likeness(tasks, view)
    for kind, group in alike.items():
        questions = _worth_asking(group[0], kind, view, known)
        if questions:
            alike[kind] = [task for task in group if not _goes_out(task, questions, view, held)]
    left = [
        task for task in others if not _goes_out(task, _worth_asking(task, None, view, known), view, held)
    ]
    return Runnable(alike, left), held


def _by_likeness(tasks: Iterable[Task], view: View) -> tuple[dict[Alike, list[Task]], list[Task]]:
    alike: dict[Alike, list[Task]] = {}
    others: list[Task] = []
    for task in tasks:
        kind = likeness(task, view)
        if kind is None:
            others.append(task)
        elif kind in alike:
            alike[kind].append(task)
        else:
            alike[kind] = [task]
    return alike, others


def _goes_out(task: Task, questions: Sequence[Question], view: View, held: list[Held]) -> bool:
    hold = _first_of(questions, task, view)
    if hold is not None:
        held.append(hold)
    return hold is not None


def first_hold(task: Task, view: View, known: Questions | None = None) -> Held | None:
    """The first rule that holds the task before any limit is looked at; None: its turn decides.

    ``known`` remembers, from task to task of one plan, what is worth asking of tasks of a kind.
    """
    return _first_of(worth_asking(task, view, known), task, view)


def _first_of(questions: Sequence[Question], task: Task, view: View) -> Held | None:
    for reason, find in questions:
        finding = find(task, view)
        if finding is not None:
            return held_of(task, reason, finding, view)
    return None


def worth_asking(task: Task, view: View, known: Questions | None) -> Sequence[Question]:
    """The rules of the table that may say something of such a task, in its order. ``known``: see
    ``first_hold``."""
    alike = likeness(task, view)
    if known is not None:
        return _worth_asking(task, alike, view, known)
    if alike is not None:
        return _OF_PLAIN
    return _OF_MET if task.id in view.met else _OF_OTHERS


def _worth_asking(task: Task, alike: Alike | None, view: View, known: Questions) -> Sequence[Question]:
    kind = alike or kind_of(task, view)
    if kind is None:
        return _OF_MET
    found = known.get(kind)
    if found is None:
        found = known[kind] = tuple(_telling(_OF_OTHERS if alike is None else _OF_PLAIN, task, view))
    return found


def _telling(questions: Sequence[Question], task: Task, view: View) -> Iterator[Question]:
    """What a rule about its place says of a task is true for all of its kind: where it holds, nothing after
    it is asked, and where it does not, it need not be asked again."""
    settled = _OF_PLACES if view.depth is not None else _OF_PLACES | _OF_RANKS
    for reason, find in questions:
        if reason not in settled:
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
    """The first rule that holds the task at its turn; None: there is an agent with room for it."""
    return hold_at_turn(likeness(task, view), task, view)


def hold_at_turn(alike: Alike | None, task: Task, view: View) -> Held | None:
    """The same, for whoever knows the likeness of the task. Until the next start, what is said of one task is
    true for all that are like it."""
    if alike is None or _is_told_apart(task, view):
        return _first_of(_AT_TURN, task, view)
    said = view.taken.said.get(alike)
    if said is None:
        hold = _first_of(_AT_TURN, task, view)
        if hold is not None:
            view.taken.said[alike] = hold
        return hold
    _, reason, value, limit, _, next_look_at, lever, ends_by_at = said
    since = held_since(task, reason, view)
    return Held(task.id, reason, value, limit, since, next_look_at, lever, ends_by_at)


def _is_told_apart(task: Task, view: View) -> bool:
    """Room is kept for it and nobody else; until it starts it stays the same one. Or the queues are so full
    that its rank decides."""
    if view.depth is not None and view.depth.mode.is_critical_only:
        return True
    if view.snapshot.totals is None:
        return False
    kept = (view.held[0] if view.held else view.holdings()).reserved
    return kept is not None and kept.task_id == task.id


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
_OF_OTHERS = _questions("task", "met")
_OF_PLAIN = _questions("task", "met", "own")
_OF_PLACES = frozenset(rule.reason for rule in RULES if rule.needs == "place")
_OF_RANKS = frozenset(rule.reason for rule in RULES if rule.needs == "rank")
_AT_TURN = _questions("turn")
