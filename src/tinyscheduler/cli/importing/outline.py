"""What every format comes to: items, which of them hang together, and how one is known again.

An item is known by its *identity* within its source, and the task that is made of it says so in two tags
(ADR 0028): that is how an import that was cut off, or is repeated, makes nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tinyscheduler.cli import task_texts
from tinyscheduler.errors import UsageError

ITEMS_MAX = 10_000
"""As many as may wait (MAX_QUEUE_DEPTH)."""
LEVELS_MAX = 4
"""A task and three levels below it: what task servers take (tinytask 3.3)."""
SOURCE_MARK = "import:"
ITEM_MARK = "item:"
"""How the tags begin by which what was imported is known (ADR 0028)."""
OWN_TAGS = (SOURCE_MARK, ITEM_MARK, "after:")
"""What only the importer writes: the marks, and ids, which are others here."""
TAGS_MAX = 90
"""A task has 100 at most, and some are ours."""


class Item(NamedTuple):
    """One task to be."""

    title: str
    place: str
    """Where it stands, for people: ``line 7``, ``tasks[3]``."""
    identity: str
    """Tells it from the others of its source, and stays when others come or go."""
    description: str = ""
    is_done: bool = False
    parent: int | None = None
    """Index of the item it is part of."""
    waits_for: tuple[int, ...] = ()
    """Indexes."""
    queue: str | None = None
    assigned_to: str | None = None
    priority: float | None = None
    tags: tuple[str, ...] = ()


class Outline(NamedTuple):
    """A file that was read: every index is one of ``items``, and nothing goes round."""

    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()
    """What a person should know, and no fault."""


def fault(place: str, text: str, *, hint: str = "") -> UsageError:
    """For every reader: where, what, how to mend."""
    return UsageError(f"{place}: {text}", hint=hint)


def title_at(place: str, text: str) -> str:
    """One line. Raises UsageError naming the place."""
    try:
        return task_texts.title_of(text)
    except UsageError as error:
        hint = error.hint.replace("--description or --stdin", "the text below it")
        raise fault(place, error.message, hint=hint) from error


def description_at(place: str, text: str) -> str:
    """Bounded. Raises UsageError naming the place."""
    try:
        return task_texts.text_of(text, what="the text")
    except UsageError as error:
        raise fault(place, error.message, hint=error.hint) from error


def identities(paths: Sequence[tuple[str, ...]]) -> list[str]:
    """Of items that are known by their titles and those above them; the second of the same is another."""
    met: Counter[tuple[str, ...]] = Counter()
    found = []
    for path in paths:
        met[path] += 1
        found.append("\n".join((*path, f"#{met[path]}")))
    return found


def checked(items: Sequence[Item]) -> tuple[Item, ...]:
    """What holds for every format. Raises UsageError."""
    if len(items) > ITEMS_MAX:
        raise UsageError(f"{len(items)} items are too many, {ITEMS_MAX} at most", hint="split the file")
    order_of(items)
    for item, level in zip(items, levels_of(items), strict=True):
        if level > LEVELS_MAX:
            hint = "move it up, or make its subtasks text"
            raise fault(item.place, f"it stands {level} levels deep, {LEVELS_MAX} at most", hint=hint)
        if len(item.tags) > TAGS_MAX:
            raise fault(item.place, f"it has {len(item.tags)} tags, {TAGS_MAX} at most")
    return tuple(items)


def levels_of(items: Sequence[Item]) -> list[int]:
    """1 for a root."""
    levels: dict[int, int] = {}
    for index in order_of(items):
        parent = items[index].parent
        levels[index] = 1 if parent is None else levels[parent] + 1
    return [levels[index] for index in range(len(items))]


def order_of(items: Sequence[Item]) -> list[int]:
    """In which they can be made: parents and those that are waited for come first, else as in the file.
    Raises UsageError for a ring."""
    found: list[int] = []
    state: dict[int, str] = {}
    for root in range(len(items)):
        # No recursion: a chain of blockers may be as long as the file.
        waiting = [root]
        while waiting:
            index = waiting[-1]
            first = () if index in state else _before(items[index])
            state.setdefault(index, "open")
            ring = next((other for other in first if state.get(other) == "open"), None)
            if ring is not None:
                text = f"it waits for {items[ring].place}, which waits for it"
                raise fault(items[index].place, text)
            unmet = [other for other in first if other not in state]
            if unmet:
                waiting += reversed(unmet)
                continue
            waiting.pop()
            if state[index] == "open":
                state[index] = "done"
                found.append(index)
    return found


def _before(item: Item) -> tuple[int, ...]:
    return item.waits_for if item.parent is None else (item.parent, *item.waits_for)
