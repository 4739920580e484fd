"""Which known name is this one a slip of? Pure, and stricter than the "did you mean" of a message.

A suggestion may be wrong; a mend may not. So a name is only taken for another when the way there is a
slip of the pen or two, and no other known name is as near.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SLIPS = ((5, 0), (9, 1))
"""Letters, and how many slips are allowed in shorter names: in a short one every other word is near."""
SLIPS_MAX = 2


def meant(name: str, known: Iterable[str]) -> str | None:
    """The known name that this one is a slip of; None: there is none, or more than one."""
    letters = _letters(name)
    found: dict[int, list[str]] = {}
    for candidate in known:
        wanted = _letters(candidate)
        allowed = _slips_allowed(len(wanted))
        if abs(len(wanted) - len(letters)) <= allowed and (slips := _slips(letters, wanted)) <= allowed:
            found.setdefault(slips, []).append(candidate)
    nearest = found[min(found)] if found else []
    return nearest[0] if len(nearest) == 1 and nearest[0] != name else None


def _letters(name: str) -> str:
    """Blanks, capitals and the way words are joined are no slips at all."""
    return name.strip().casefold().replace("_", "").replace("-", "")


def _slips_allowed(length: int) -> int:
    return next((allowed for below, allowed in SLIPS if length < below), SLIPS_MAX)


def _slips(one: str, other: str) -> int:
    """Letters missing, too many, wrong, or changed with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before_that, before, row = before, row, [at]
        for to, wanted in enumerate(other, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                cost = min(cost, before_that[to - 2] + 1)
            row.append(cost)
    return row[-1]
