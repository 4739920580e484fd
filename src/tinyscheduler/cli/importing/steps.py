"""Which items are tasks already, by their marks, and what is left to do, in which order. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from tinyscheduler.cli.importing.outline import ITEM_MARK, SOURCE_MARK, Item, order_of
from tinyscheduler.model.desk import TaskDraft
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import BEING_IMPORTED, Task

SOURCE_CHARS_MAX: Final = 64


class Wish(NamedTuple):
    """What is the same for all items of one import."""

    source: str
    """The tag of all of them."""
    author: str
    queue: str | None = None
    """None: what the item says."""
    assigned_to: str | None = None
    priority: float | None = None
    tags: tuple[str, ...] = ()
    """Besides what the item says."""
    parent: TaskId | None = None
    """Of the roots."""


class Step(NamedTuple):
    """One item, in the order of making."""

    at: int
    """Index of the item."""
    item: Item
    task: Task | None
    """What it is already; None: it is to be made."""
    has_children: bool


def source_tag(name: str) -> str:
    """From the name of a file to a tag that people can type. Other names are other sources: what cannot stay
    as it is leaves a few digits that tell it from the rest."""
    name = unicodedata.normalize("NFC", name)
    typed = re.sub(r"[^\w.@-]+", "_", name)[:SOURCE_CHARS_MAX]
    return SOURCE_MARK + (typed if typed == name else f"{typed}-{_digits_of(name, 6)}")


def item_tag(item: Item) -> str:
    """Twelve hex digits: two of ten thousand items are the same by chance once in five million imports."""
    return ITEM_MARK + _digits_of(item.identity, 12)


def _digits_of(text: str, count: int) -> str:
    import hashlib

    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:count]


def steps_of(items: Sequence[Item], there: Iterable[Task]) -> tuple[Step, ...]:
    """``there``: every task of the source, archived ones too."""
    known = known_tasks(there)
    parents = {item.parent for item in items}
    return tuple(
        Step(index, items[index], known.get(item_tag(items[index])), index in parents)
        for index in order_of(items)
    )


def known_tasks(there: Iterable[Task]) -> Mapping[str, Task]:
    """By the mark of their item; the oldest of several."""
    known: dict[str, Task] = {}
    for task in sorted(there, key=lambda task: task.created_at, reverse=True):
        known.update((tag, task) for tag in task.tags if tag.startswith(ITEM_MARK))
    return known


def doubles_of(there: Iterable[Task]) -> list[tuple[TaskId, ...]]:
    """Tasks of one item: two imports at the same time, or an answer that was lost for very long."""
    by_mark: dict[str, list[TaskId]] = {}
    for task in there:
        for tag in task.tags:
            if tag.startswith(ITEM_MARK) and task.archived_at is None:
                by_mark.setdefault(tag, []).append(task.id)
    return [tuple(ids) for ids in by_mark.values() if len(ids) > 1]


def others_of(items: Iterable[Item], there: Iterable[Task]) -> list[TaskId]:
    """Open tasks of the source that are no item of the file: their lines are gone or say something else by
    now, or another plan has a file of the same name."""
    marks = {item_tag(item) for item in items}
    return [
        task.id
        for task in there
        if task.archived_at is None and task.status != "complete" and marks.isdisjoint(task.tags)
    ]


def in_order(items: Sequence[Item]) -> tuple[Item, ...]:
    """Each item that is work waits for the one before it as well."""
    parents = {item.parent for item in items}
    found: list[Item] = []
    before: int | None = None
    for index, item in enumerate(items):
        is_work = index not in parents and not item.is_done
        waits_for = (*item.waits_for, before) if is_work and before is not None else item.waits_for
        found.append(item._replace(waits_for=tuple(dict.fromkeys(waits_for))))
        before = index if is_work else before
    return tuple(found)


def without_done(items: Sequence[Item]) -> tuple[Item, ...]:
    """Only what is open, and what something open is part of."""
    kept = set()
    for index, item in enumerate(items):
        above: int | None = None if item.is_done else index
        while above is not None and above not in kept:
            kept.add(above)
            above = items[above].parent
    place: dict[int | None, int | None] = {None: None}
    place |= {index: at for at, index in enumerate(sorted(kept))}
    return tuple(
        items[index]._replace(
            parent=place[items[index].parent],
            waits_for=tuple(at for other in items[index].waits_for if (at := place.get(other)) is not None),
        )
        for index in sorted(kept)
    )


def draft_of(step: Step, wish: Wish, ids: Mapping[int, TaskId]) -> TaskDraft:
    """``ids`` has every item that comes before it. What nobody may start yet is held by a name."""
    item = step.item
    blockers = [ids[other] for other in item.waits_for]
    tags = (
        *item.tags,
        *wish.tags,
        *(f"after:{other}" for other in blockers[1:]),
        wish.source,
        item_tag(item),
    )
    return TaskDraft(
        title=item.title,
        created_by=wish.author,
        description=item.description,
        queue=wish.queue or item.queue,
        assigned_to=BEING_IMPORTED if is_held(step) else assignee_of(step, wish),
        priority=first_of(wish.priority, item.priority) or 0,
        tags=tuple(dict.fromkeys(tags)),
        parent=wish.parent if item.parent is None else ids[item.parent],
        blocked_by=blockers[0] if blockers else None,
        once_by=(wish.source, item_tag(item)),
    )


def placeless(steps: Iterable[Step], wish: Wish) -> list[int]:
    """The pieces of new work that have neither queue nor agent, so that nobody ever starts them.
    Below a task that is there already they have its queue, which is not known here."""
    if wish.parent is not None:
        return []
    queues: dict[int | None, str | None] = {None: None}
    found = []
    for step in steps:
        queues[step.at] = wish.queue or step.item.queue or queues[step.item.parent]
        is_work = step.task is None and not is_held(step)
        if is_work and queues[step.at] is None and assignee_of(step, wish) is None:
            found.append(step.at)
    return found


def is_held(step: Step) -> bool:
    """It is no work: done already, or about to have subtasks. Idle and anybody's, it would be started."""
    return step.item.is_done or step.has_children


def assignee_of(step: Step, wish: Wish) -> str | None:
    """Whose it is in the end."""
    return wish.assigned_to or step.item.assigned_to


def first_of(*numbers: float | None) -> float | None:
    """0 is a number, too."""
    return next((number for number in numbers if number is not None), None)
