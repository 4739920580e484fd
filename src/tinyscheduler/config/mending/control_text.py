"""An agent-control file as it should be: marks and commas that are too many, keys and names with slips.

Keys and names are mended one by one, and only where no agent is worse for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from tinyscheduler.config import agents
from tinyscheduler.config.faults import shown
from tinyscheduler.config.mending.changes import Change, Draft, Left
from tinyscheduler.config.mending.json_spots import Spot, last_commas, line_of, replaced, spots
from tinyscheduler.config.mending.spelling import meant
from tinyscheduler.config.rules import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tinyscheduler.errors import Fault

BOM = "\ufeff"

LINES_SHOWN_MAX = 10
"""Of commas; who has more of them has a program that writes them."""

NAMES = ("agentName", "agentType", "account", "capabilities")
"""Keys whose texts, alone or in a list, are names."""

Item = dict[str, object]


class Edit(NamedTuple):
    """Another text for a key of an agent, or for a name."""

    spot: Spot
    text: str

    @property
    def at(self) -> int:
        """Which agent of the file."""
        return cast("int", self.spot.path[0])

    @property
    def key(self) -> str:
        """Whose value it is about, as it is called afterwards."""
        return self.text if self.spot.is_key else cast("str", self.spot.path[1])


def mended(data: bytes, path: str) -> Draft | None:
    """None: the file cannot be read even then, or holds no list of agents."""
    try:
        draft = _readable(data.decode("utf-8"), path)
    except ValueError:
        return None
    if not isinstance(_said(draft), list):
        return None
    # Names first: a key with a slip gets its right name only if what it says is right.
    for wanted in (_name_edits, _key_edits):
        draft = _edited(draft, path, wanted)
    return draft


def _said(draft: Draft) -> object:
    return agents.parse(draft.text.encode())


def _readable(text: str, path: str) -> Draft:
    """Without what makes a strict reader refuse it. Raises ValueError when that does not help."""
    changes = []
    if text.startswith(BOM):
        changes.append(Change(path, "a byte order mark", "none"))
        text = text.removeprefix(BOM)
    try:
        agents.parse(text.encode())
    except ValueError:
        text, lines = last_commas(text)
        agents.parse(text.encode())
        changes.append(Change(f"{path}:{lines[0]}", _commas(lines), "none"))
    return Draft(text, tuple(changes))


def _commas(lines: Sequence[int]) -> str:
    if len(lines) == 1:
        return "a comma after the last item"
    shown_lines = ", ".join(str(line) for line in lines[:LINES_SHOWN_MAX])
    more = ", ..." if len(lines) > LINES_SHOWN_MAX else ""
    return f"{len(lines)} commas after last items (lines {shown_lines}{more})"


def _edited(draft: Draft, path: str, wanted: Callable[[str], Iterator[Edit]]) -> Draft:
    """With all edits that make nothing worse."""
    items = cast("list[Item]", _said(draft))
    taken: dict[Spot, str] = {}
    changes, left = list(draft.changes), list(draft.left)
    for edit in wanted(draft.text):
        place = f"{path}:{line_of(draft.text, edit.spot.start)}"
        before = shown(edit.spot.said)
        trial = _with(items[edit.at], edit)
        if why := _objection(items, trial, edit):
            left.append(Left(place, f"{before!r} may mean {edit.text!r}, but {why}"))
            continue
        items[edit.at] = trial
        taken[edit.spot] = edit.text
        changes.append(Change(place, repr(before), repr(edit.text)))
    edited = Draft(replaced(draft.text, taken), tuple(changes), tuple(left))
    assert _said(edited) == items, "an edit changes one text and nothing else"
    return edited


def _name_edits(text: str) -> Iterator[Edit]:
    for spot in spots(text):
        match spot.path:
            case (int(), str(key)) | (int(), str(key), int()) if not spot.is_key and _holds_names(key):
                name = spot.said.strip()
                if name != spot.said and NAME.fullmatch(name):
                    yield Edit(spot, name)


def _holds_names(key: str) -> bool:
    return key in NAMES or _meant_key(key) in NAMES


def _key_edits(text: str) -> Iterator[Edit]:
    for spot in spots(text):
        if spot.is_key and len(spot.path) == 2 and (right := _meant_key(spot.said)):
            yield Edit(spot, right)


def _meant_key(key: str) -> str | None:
    """None: the key is right, or nobody can tell."""
    known = (*agents.KNOWN_KEYS, *agents.LATER_KEYS)
    right = None if key in known or agents.is_for_people(key) else meant(key, known)
    # Keys of a later version are rivals and no goals: what they will take is not known here.
    return right if right in agents.KNOWN_KEYS else None


def _with(item: Item, edit: Edit) -> Item:
    """A copy of the agent with the edit in it."""
    if edit.spot.is_key:
        return {edit.text if key == edit.spot.said else key: value for key, value in item.items()}
    value: object = edit.text
    if len(edit.spot.path) == 3:
        names = list(cast("list[object]", item[edit.key]))
        names[cast("int", edit.spot.path[2])] = edit.text
        value = names
    return {**item, edit.key: value}


def _objection(items: Sequence[object], trial: Item, edit: Edit) -> str:
    """Why the edit is left to a person; empty: nothing speaks against it."""
    item = cast("Item", items[edit.at])
    if edit.spot.is_key and edit.text in item:
        return "that is there as well"
    if edit.spot.is_key and sum(_meant_key(key) == edit.text for key in item) > 1:
        return "another key may mean it too"
    name = trial.get("agentName")
    others = (other for at, other in enumerate(items) if at != edit.at and isinstance(other, dict))
    if name != item.get("agentName") and any(other.get("agentName") == name for other in others):
        return "another agent has that name"
    return "what it says is at fault then" if _is_worse(item, trial, edit.key) else ""


def _is_worse(item: Item, trial: Item, key: str) -> bool:
    """A fault that was hidden behind a mended one may show; one of the mended key may not."""
    before, after = agents.faults_of_entry(item, ""), agents.faults_of_entry(trial, "")
    new = [fault for fault in after if fault not in before]
    has_mended = any(fault not in after for fault in before)
    return bool(new) and (not has_mended or any(_is_of(fault, key) for fault in new))


def _is_of(fault: Fault, key: str) -> bool:
    return fault.field == f".{key}" or fault.field.startswith((f".{key}.", f".{key}["))
