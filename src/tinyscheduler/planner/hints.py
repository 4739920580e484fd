"""Read what a task says about itself: its tags, and the front matter of its description.

Both are text of whoever wrote the task. Front matter wins, key by key. The first thing that is wrong is
kept as a fault and holds the task: a hint that is passed over in silence would start what should wait.
What else it says counts again when that is mended: who is told to approve it would do so in vain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from tinyscheduler.model.hints import BEGINNINGS, NO_HINTS, HintFault, Hints
from tinyscheduler.model.ids import TaskId, as_task_id
from tinyscheduler.model.task import Task
from tinyscheduler.planner import hint_values as check
from tinyscheduler.planner.front_matter import (
    ALIASES,
    KEYS,
    NO_FRONT_MATTER,
    UNSEEN_IN_NAME,
    FrontMatter,
    front_matter_of,
    without_unseen,
)
from tinyscheduler.planner.front_matter_values import Items, Scalar, Slip, Value, shortened

TAG_KEYS: Mapping[str, str] = {
    "after": "after",
    "write": "write",
    "read": "read",
    "cap": "capabilities",
    "goal": "goal",
    "recipe": "recipe",
    "scope": "scope",
}
"""What stands before the colon of a tag, and the key that means the same."""
APPROVAL_TAG = "needs-approval"
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""A stranger's key that is worth its name in one line of an answer."""
_NAMES_MAX = 5
_LATER = frozenset({"recipe", "soft_limit", "hard_limit", "budget"})
"""Agreed keys that this version reads and does not act upon."""


def hints_of(task: Task) -> Hints:
    """``NO_HINTS`` where it says nothing; never raises."""
    tags = [tag for tag in task.tags if ":" in tag or tag[:4].lower() == "need" or not tag.isprintable()]
    has_matter = task.description[:1] in BEGINNINGS
    if not tags and not has_matter:
        return NO_HINTS
    try:
        matter = front_matter_of(task.description) if has_matter else NO_FRONT_MATTER
    except Slip as slip:
        return Hints(fault=_fault(_line_of(task, slip.line), slip))
    return _merged(tags, matter, task)


def _line_of(task: Task, line: int) -> str:
    """Of the description, or of the file that whoever mends it opens."""
    if task.page is None:
        return f"line {line} of its description"
    name, lines = task.page
    # The first line is the fence, which the file has, too.
    return f"line {lines[line - 2]} of {name}" if 2 <= line < len(lines) + 2 else f"the text of {name}"


def _merged(tags: Sequence[str], matter: FrontMatter, task: Task) -> Hints:
    said: set[str] = set()
    found: dict[str, object] = {}
    for entry in matter.entries:
        said.add(entry.key)
        try:
            _read_into(found, entry.key, entry.value)
        except Slip as slip:
            place = f"{entry.key} in {_line_of(task, slip.line or entry.line)}"
            return Hints(fault=_fault(place, slip))
    for key, values in _by_key(tags).items():
        if key in said:
            continue
        try:
            _read_into(found, key, _tagged(key, values))
        except Slip as slip:
            return Hints(fault=_fault(f"its tag {shortened(values[0])}", slip))
    notes = (*_notes(said), *_near(tags, matter))
    if notes:
        found["notes"] = notes
    # Once for all keys: each record in between would cost as much as reading one.
    return Hints._make(map(found.get, Hints._fields, NO_HINTS)) if found else NO_HINTS


def _by_key(tags: Sequence[str]) -> Mapping[str, list[str]]:
    """Tags that say something to us, whole, by the key that means the same."""
    found: dict[str, list[str]] = {}
    for tag in tags:
        name, colon, _ = tag.partition(":")
        name = without_unseen(name)
        key = TAG_KEYS.get(name) if colon else "approval" if name == APPROVAL_TAG else None
        if key is not None:
            found.setdefault(key, []).append(tag)
    return found


def _tagged(key: str, tags: Sequence[str]) -> Value:
    """As if it stood in front matter, in quotes."""
    if not all(tag.partition(":")[0].isprintable() for tag in tags):
        raise Slip(f"a tag {key}", UNSEEN_IN_NAME)
    if key == "approval":
        return Scalar("true", False)
    values = tuple(Scalar(tag.partition(":")[2], True) for tag in tags)
    if len(values) > 1 and key in ("goal", "recipe", "scope") and len(set(values)) > 1:
        raise Slip(f"{len(values)} tags {key}:", "leave one of them")
    return Items(values) if key in _LISTS else values[0]


def _read_into(found: dict[str, object], key: str, value: Value) -> None:
    """Raises Slip. A key with nothing behind it says nothing."""
    if value is not None:
        field, read = _READ[key]
        found[field] = read(value)


_LISTS = frozenset({"after", "write", "read", "capabilities"})

_READ: Mapping[str, tuple[str, Callable[[Value], object]]] = {
    "after": ("after", lambda value: _task_ids(check.each_of(value, check.name))),
    "write": ("writes", check.paths),
    "read": ("reads", check.paths),
    "capabilities": ("capabilities", lambda value: check.each_of(value, check.name)),
    "goal": ("goal", lambda value: check.name(check.text_of(value))),
    "recipe": ("recipe", lambda value: check.name(check.text_of(value))),
    "scope": ("scope", lambda value: check.scope(check.text_of(value))),
    "approval": ("needs_approval", check.truth),
    "resources": ("resources", check.resources),
    "soft_limit": ("soft_limit_s", check.seconds),
    "hard_limit": ("hard_limit_s", check.seconds),
    "budget": ("budget", check.amount),
}
"""Of each key the field that it fills, and who reads its value."""


def _task_ids(names: Sequence[str]) -> tuple[TaskId, ...]:
    """Each once: 012 and 12 are one task."""
    return tuple(dict.fromkeys(as_task_id(name) for name in names))


def _fault(place: str, slip: Slip) -> HintFault:
    return HintFault(place, slip.value, slip.remedy)


def _notes(said: set[str]) -> Iterator[str]:
    for key in sorted(said & _LATER):
        yield f"{key} comes with a later version and has no effect yet"


def _near(tags: Sequence[str], matter: FrontMatter) -> Iterator[str]:
    """What looks like a slip: nobody is held for the word of a stranger."""
    others: list[str] = []
    for name in matter.strangers:
        meant = _meant(name.removeprefix("- "), (*KEYS, *ALIASES))
        if meant is not None:
            yield f"its front matter has a key {shortened(name)}: is {meant} meant?"
        elif _WORD.fullmatch(name):
            others.append(name)
    if others:
        yield f"{_listed(others)} nothing here; keys that do are {', '.join(sorted(KEYS))}"
    for tag in tags:
        name, colon, _ = tag.partition(":")
        if (name in TAG_KEYS and colon) or tag == APPROVAL_TAG:
            continue
        meant = _meant(name, tuple(TAG_KEYS) if colon else (APPROVAL_TAG,))
        if meant is not None:
            yield f"it has a tag {shortened(tag)}: is {meant}{colon} meant?"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_MAX
    *some, last = (*names[:_NAMES_MAX], f"{more} more") if more > 0 else names
    whole = f"{', '.join(some)} and {last}" if some else last
    return f"{whole} in its front matter mean{'' if some else 's'}"


def _meant(name: str, known: Sequence[str]) -> str | None:
    return next((key for key in known if is_near(name, key)), None)


def is_near(one: str, other: str) -> bool:
    """The same but for capitals, - and _, a plural, or one letter."""
    one, other = (word.lower().replace("_", "-").removesuffix("s") for word in (one, other))
    if one == other:
        return True
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < 4:
        return False
    start = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return True
    rest = one[start:], other[start:]
    swapped = rest[0][:2] == rest[1][:2][::-1] and rest[0][2:] == rest[1][2:]
    return swapped or rest[0][1:] == rest[1] or rest[0] == rest[1][1:] or rest[0][1:] == rest[1][1:]
