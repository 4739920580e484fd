"""Paths that runs keep to themselves: when two of them overlap (features D11).

A path stands for itself and all below it. ``*`` and ``?`` match within one part of a path, ``**`` any
number of parts. Two patterns overlap when there is a path that both match; that is decided exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tinyscheduler.model.ids import TaskId
from tinyscheduler.planner.hint_values import EVERYTHING

ANY_PARTS = "**"

Parts = tuple[str, ...]


class Kept(NamedTuple):
    """One path of one run."""

    path: str
    task_id: TaskId


def parts_of(path: str) -> Parts:
    """None for the whole workspace."""
    return () if path == EVERYTHING else tuple(path.split("/"))


def overlap(one: Parts, other: Parts) -> bool:
    """There is a place that both speak of, with all below each."""
    reached = {(0, 0)}
    front = [(0, 0)]
    while front:
        at, at_other = front.pop()
        if at == len(one) or at_other == len(other):
            # What is left of the other one lies below: something matches it.
            return True
        for step in _steps(one, at, other, at_other):
            if step not in reached:
                reached.add(step)
                front.append(step)
    return False


def _steps(one: Parts, at: int, other: Parts, at_other: int) -> Iterator[tuple[int, int]]:
    """One part further in a path that both match so far."""
    mine, its = one[at], other[at_other]
    if mine == ANY_PARTS:
        yield at + 1, at_other
        yield at, at_other + 1
    if its == ANY_PARTS:
        yield at, at_other + 1
        yield at + 1, at_other
    if ANY_PARTS not in (mine, its) and parts_meet(mine, its):
        yield at + 1, at_other + 1


def parts_meet(one: str, other: str) -> bool:
    """There is one name that both match; a name is never empty."""
    if not (_is_wild(one) or _is_wild(other)):
        return one == other
    reached = {(0, 0)}
    front = [(0, 0)]
    while front:
        at, at_other = front.pop()
        if at == len(one) and at_other == len(other):
            return True
        for step in _letters(one, at, other, at_other):
            if step not in reached:
                reached.add(step)
                front.append(step)
    return False


def _letters(one: str, at: int, other: str, at_other: int) -> Iterator[tuple[int, int]]:
    mine, its = one[at : at + 1], other[at_other : at_other + 1]
    if mine == "*":
        yield at + 1, at_other
        if its:
            yield at, at_other + 1
    if its == "*":
        yield at, at_other + 1
        if mine:
            yield at + 1, at_other
    if mine and its and "*" not in (mine, its) and (mine == its or "?" in (mine, its)):
        yield at + 1, at_other + 1


def _is_wild(part: str) -> bool:
    return "*" in part or "?" in part


class _Node:
    """A folder: what is kept there, and below."""

    __slots__ = ("below", "first", "kept")

    def __init__(self) -> None:
        self.kept: list[tuple[Parts, Kept]] = []
        """Patterns that begin with this folder and end here or go on with a wildcard; the rest of each."""
        self.below: dict[str, _Node] = {}
        self.first: Kept | None = None
        """The first that was kept here or anywhere below."""


class PathIndex:
    """Who keeps what, found by the literal parts that a path begins with."""

    def __init__(self) -> None:
        self._root = _Node()
        self._found: dict[str, Kept | None] = {}
        """What was asked before, until the next path is kept."""

    def keep(self, path: str, task_id: TaskId) -> None:
        """From now on it is taken."""
        kept, parts, node = Kept(path, task_id), parts_of(path), self._root
        self._found.clear()
        node.first = node.first or kept
        literal = _literal(parts)
        for part in parts[:literal]:
            node = node.below.setdefault(part, _Node())
            node.first = node.first or kept
        node.kept.append((parts[literal:], kept))

    def holder(self, path: str) -> Kept | None:
        """Somebody who keeps a place that this path speaks of; the first of those that are found on the
        way down, then of those below."""
        if path not in self._found:
            self._found[path] = self._search(parts_of(path))
        return self._found[path]

    def _search(self, parts: Parts) -> Kept | None:
        node, literal = self._root, _literal(parts)
        for at in range(literal + 1):
            rest = parts[at:]
            for other, kept in node.kept:
                if overlap(rest, other):
                    return kept
            if at < literal:
                below = node.below.get(parts[at])
                if below is None:
                    return None
                node = below
        rest = parts[literal:]
        return node.first if not rest else _search_below(rest, node)


def _search_below(rest: Parts, node: _Node) -> Kept | None:
    """A pattern against all that is kept below this folder, and not in it itself."""
    front: list[tuple[Parts, _Node]] = [((name,), below) for name, below in node.below.items()]
    for way, here in front:
        for other, kept in here.kept:
            if overlap(rest, (*way, *other)):
                return kept
        front += [((*way, name), below) for name, below in here.below.items()]
    return None


def _literal(parts: Sequence[str]) -> int:
    """How many parts stand before the first wildcard."""
    return next((at for at, part in enumerate(parts) if _is_wild(part)), len(parts))
