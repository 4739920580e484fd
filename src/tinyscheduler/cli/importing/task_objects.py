"""JSON of task lists: what ``task list --json`` prints here or on the public server, or an array of objects.

Ids are those of another server, or only of the file: they say what hangs together, and are given anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from tinyscheduler.cli import task_texts
from tinyscheduler.cli.importing.outline import (
    OWN_TAGS,
    Item,
    Outline,
    checked,
    description_at,
    fault,
    identities,
    title_at,
)
from tinyscheduler.cli.names import name_of
from tinyscheduler.errors import UsageError
from tinyscheduler.model.claim_marks import is_claim_name
from tinyscheduler.views.wording import count_text

T = TypeVar("T")
Row = Mapping[str, object]

_ALIASES: Final[Mapping[str, str]] = {
    "queue_name": "queue",
    "parent_id": "parent",
    "parent_task_id": "parent",
    "blocked_by_task_id": "blocked_by",
    "is_currently_blocked": "is_blocked",
    "body": "description",
}
_READ: Final = frozenset(
    {"id", "title", "description", "status", "queue", "assigned_to", "priority", "tags", "parent",
     "blocked_by", "is_blocked", "archived_at", "subtasks"}
)  # fmt: skip
_LEFT_OUT: Final = frozenset(
    {"previous_assigned_to", "created_by", "created_at", "updated_at", "parked", "comments", "links",
     "subtask_count"}
)  # fmt: skip
"""What a new task cannot have."""
PLACES_SHOWN_MAX: Final = 10
_STATUSES: Final = (None, "idle", "working", "complete")


class _Found(NamedTuple):
    place: str
    row: Row
    """By the names of ``_READ``."""
    parent: int | None
    """The object that it stands in."""
    is_orphan: bool = False
    """That one is archived."""


def read_tasks(rows: Sequence[object], where: str) -> Outline:
    """``where``: how the list is called in the file. Raises UsageError naming the place."""
    found = _without_archived(_flat(rows, where))
    if not rows:
        # What a program prints that has found none: nothing to do, and nobody's fault.
        return Outline(())
    if not found:
        raise UsageError("there is no task in it", hint="archived ones are left out")
    by_id = _by_id(found)
    items = [_item(entry, by_id) for entry in found]
    known = identities(_paths(items))
    items = [
        item._replace(identity=_identity(entry, item) or identity)
        for item, entry, identity in zip(items, found, known, strict=True)
    ]
    return Outline(checked(items), tuple(_notes(found, items)))


def _without_archived(found: Sequence[_Found]) -> list[_Found]:
    """What stands in an archived one is a task all the same, of its own."""
    kept = [at for at, entry in enumerate(found) if not entry.row.get("archived_at")]
    places: dict[int | None, int] = {at: place for place, at in enumerate(kept)}
    return [_below(found[at], places) for at in kept]


def _below(entry: _Found, places: Mapping[int | None, int]) -> _Found:
    parent = places.get(entry.parent)
    return entry._replace(parent=parent, is_orphan=entry.parent is not None and parent is None)


def _identity(entry: _Found, item: Item) -> str:
    """With its title: every server counts from 1, and two lists may come by standard input. Empty: no id."""
    text = _id(entry, "id")
    return f"id {text}\n{item.title}" if text else ""


def _flat(rows: Sequence[object], where: str) -> list[_Found]:
    """Parents before what stands in them."""
    found: list[_Found] = []
    waiting: list[tuple[str, object, int | None]] = [
        (f"{where}[{at}]", row, None) for at, row in reversed(list(enumerate(rows)))
    ]
    while waiting:
        place, value, parent = waiting.pop()
        row = _row(place, value)
        found.append(_Found(place, row, parent))
        inner = row.get("subtasks") or []
        if not isinstance(inner, list):
            raise fault(f"{place}.subtasks", "it is not a list")
        at_hand = len(found) - 1
        waiting += [
            (f"{place}.subtasks[{at}]", child, at_hand) for at, child in reversed(list(enumerate(inner)))
        ]
    return found


def _row(place: str, value: object) -> Row:
    """Raises UsageError for what is no task, and for keys that nobody knows: a slip would lose a field."""
    if not isinstance(value, dict):
        raise fault(place, "it is not an object", hint='a task is {"title": "...", ...}')
    row = {_ALIASES.get(name, name): inner for name, inner in value.items()}
    for name in row:
        if name not in _READ and name not in _LEFT_OUT:
            raise fault(f"{place}.{name[:40]}", "nobody knows this key", hint=_nearest(name))
    if not isinstance(row.get("title"), str):
        raise fault(f"{place}.title", "a task has a title, which is text")
    if row.get("status") not in _STATUSES:
        raise fault(f"{place}.status", "it is none of idle, working, complete")
    return row


def _item(entry: _Found, by_id: Mapping[str, int]) -> Item:
    place, row = entry.place, entry.row
    is_done = row.get("status") == "complete"
    description = row.get("description")
    if description is not None and not isinstance(description, str):
        raise fault(f"{place}.description", "it is not text")
    tags, after = _tags(entry, by_id)
    return Item(
        title=title_at(f"{place}.title", str(row["title"])),
        place=place,
        identity="",
        description=description_at(place, description or ""),
        is_done=is_done,
        parent=_parent(entry, by_id),
        # What is over waits for nothing.
        waits_for=() if is_done else tuple(dict.fromkeys((*_blockers(entry, by_id), *after))),
        queue=_name(place, row, "queue"),
        assigned_to=_name(place, row, "assigned_to"),
        priority=_priority(place, row.get("priority")),
        tags=tags,
    )


def _parent(entry: _Found, by_id: Mapping[str, int]) -> int | None:
    named = _id(entry, "parent")
    if not named:
        return entry.parent
    if named not in by_id:
        if _is_printed(entry):
            return None
        text = f"task {named[:40]} is not in the file"
        raise fault(f"{entry.place}.parent", text, hint="put its parent into the file, or take the key out")
    return by_id[named]


def _is_printed(entry: _Found) -> bool:
    """By a task server: its parent may be in another queue, or archived. Whoever writes such a list himself
    has made a slip."""
    return entry.row.get("created_at") is not None


def _blockers(entry: _Found, by_id: Mapping[str, int]) -> Iterator[int]:
    """Task servers know of one; a list of them is what people write."""
    given = entry.row.get("blocked_by")
    for value in given if isinstance(given, list) else [given]:
        named = _id_at(f"{entry.place}.blocked_by", value)
        if named in by_id:
            yield by_id[named]
        # Else it was complete there, and is left out of a list of what is open.
        elif named and entry.row.get("is_blocked") is not False:
            text = f"task {named[:40]} is not in the file"
            raise fault(f"{entry.place}.blocked_by", text, hint="put it into the file, or take the key out")


def _tags(entry: _Found, by_id: Mapping[str, int]) -> tuple[tuple[str, ...], list[int]]:
    """What it is called by, and what it is to run after: those tags name tasks by the ids of the file."""
    given = entry.row.get("tags") or []
    if not isinstance(given, list) or not all(isinstance(tag, str) for tag in given):
        raise fault(f"{entry.place}.tags", "it is not a list of text")
    tags = _at(f"{entry.place}.tags", lambda: task_texts.tags_of(given) or ())
    after = []
    for tag in tags:
        named = tag.removeprefix("after:")
        if named != tag:
            if named not in by_id:
                text = f"{tag[:40]}: there is no such task in the file"
                raise fault(f"{entry.place}.tags", text, hint="put it into the file, or take the tag out")
            after.append(by_id[named])
    # Marks of an import that made it there are not this one's.
    return tuple(tag for tag in tags if not tag.startswith(OWN_TAGS)), after


def _name(place: str, row: Row, key: str) -> str | None:
    value = row.get(key)
    if value in (None, "", "null"):
        return None
    if not isinstance(value, str):
        raise fault(f"{place}.{key}", "it is not text")
    if is_claim_name(value):
        return None
    return _at(f"{place}.{key}", lambda: name_of(value, what="this"))


def _priority(place: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise fault(f"{place}.priority", "it is not a number")
    if not abs(value) <= task_texts.PRIORITY_MAX:
        # Also for NaN, which Python's JSON knows.
        raise fault(f"{place}.priority", "it is no number that counts")
    return value


def _at(place: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except UsageError as error:
        raise fault(place, error.message, hint=error.hint) from error


def _by_id(found: Sequence[_Found]) -> dict[str, int]:
    by_id: dict[str, int] = {}
    for index, entry in enumerate(found):
        text = _id(entry, "id")
        if text in by_id:
            raise fault(f"{entry.place}.id", f"{found[by_id[text]].place} has the same id, {text[:40]}")
        if text:
            by_id[text] = index
    return by_id


def _id(entry: _Found, key: str) -> str:
    return _id_at(f"{entry.place}.{key}", entry.row.get(key))


def _id_at(place: str, value: object) -> str:
    """Empty: none is given. What cannot be meant is refused, because a task whose blocker is passed over
    would begin too soon."""
    match value:
        case None:
            return ""
        case str():
            return _at(place, lambda: task_texts.text_of(value, what="the id"))
        case int() if not isinstance(value, bool):
            return str(value)
    raise fault(place, "it is not an id", hint="an id is a whole number or text")


def _paths(items: Sequence[Item]) -> list[tuple[str, ...]]:
    paths = []
    for item in items:
        path = [item.title]
        above = item.parent
        while above is not None and len(path) <= len(items):
            path.insert(0, items[above].title)
            above = items[above].parent
        paths.append(tuple(path))
    return paths


def _notes(found: Sequence[_Found], items: Sequence[Item]) -> Iterator[str]:
    working = sum(1 for entry in found if entry.row.get("status") == "working")
    if working:
        yield f"{count_text(working, 'task')} worked on there begin idle here"
    orphans = [
        entry.place
        for entry, item in zip(found, items, strict=True)
        if item.parent is None and (entry.is_orphan or _id(entry, "parent"))
    ]
    if orphans:
        shown = ", ".join(orphans[:PLACES_SHOWN_MAX])
        more = f" and {len(orphans) - PLACES_SHOWN_MAX} more" if len(orphans) > PLACES_SHOWN_MAX else ""
        yield f"tasks of their own now, because their parent is archived or not in the file: {shown}{more}"


def _nearest(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, sorted(_READ), 1)
    return f"did you mean {near[0]}?" if near else "keys: " + ", ".join(sorted(_READ))
