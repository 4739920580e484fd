"""Whether two patterns of paths speak of one place: exactly, and quickly whatever a stranger has written.

``*`` and ``?`` match within one part of a path, ``**`` any number of parts. A path stands for itself and all
below it, so two of them meet as soon as one ends, or comes to a ``**``, where all before has met.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

ANY_PARTS = "**"

PATTERNS_REMEMBERED = 4_096
"""Of a plan's tasks; a flood of others costs time, not memory."""


def paths_meet(one: Sequence[str], other: Sequence[str]) -> bool:
    """There is a place that both speak of, by their parts."""
    for mine, its in zip(one, other, strict=False):
        if ANY_PARTS in (mine, its):
            return True
        if not names_meet(mine, its):
            return False
    return True


def names_meet(one: str, other: str) -> bool:
    """There is one name that both match.

    All places of ``other`` at which ``one`` can stand after so many of its letters are one number, a bit
    for each: the time is that of the longer one, not of both multiplied.
    """
    if not is_wild(other):
        one, other = other, one
    if not is_wild(other):
        return one == other
    pattern = _compiled(other)
    places = 1
    for letter in one:
        places = pattern.past_stars(places)
        if letter == "*":
            lowest = places & -places
            places = pattern.all_places & ~(lowest - 1)
        else:
            fitting = pattern.letters if letter == "?" else pattern.of_letter.get(letter, 0) | pattern.any_one
            places = (places & fitting) << 1 | places & pattern.stars
        if not places:
            return False
    return bool(pattern.past_stars(places) & pattern.end)


def is_wild(part: str) -> bool:
    """It matches more than itself."""
    return "*" in part or "?" in part


class _Pattern(NamedTuple):
    """Where in a pattern what stands; the lowest bit is its first letter."""

    stars: int
    any_one: int
    of_letter: dict[str, int]
    letters: int
    """All but the stars."""
    end: int
    """Behind the last one."""
    all_places: int

    def past_stars(self, places: int) -> int:
        """A star may stand for nothing."""
        while True:
            further = places | (places & self.stars) << 1
            if further == places:
                return places
            places = further


@lru_cache(PATTERNS_REMEMBERED)
def _compiled(pattern: str) -> _Pattern:
    at: dict[str, int] = {}
    for place, letter in enumerate(pattern):
        at[letter] = at.get(letter, 0) | 1 << place
    stars, any_one, end = at.pop("*", 0), at.pop("?", 0), 1 << len(pattern)
    return _Pattern(stars, any_one, at, (end - 1) & ~stars, end, end * 2 - 1)
