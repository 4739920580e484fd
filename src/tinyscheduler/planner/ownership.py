"""Paths that runs keep to themselves: when two of them overlap (features D11).

What a pattern speaks of, and when two of them overlap, is in ``patterns``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tinyscheduler.model.ids import TaskId
from tinyscheduler.planner.hint_values import EVERYTHING
from tinyscheduler.planner.patterns import is_wild, paths_meet

Parts = tuple[str, ...]


class Kept(NamedTuple):
    """One path of one run."""

    path: str
    task_id: TaskId


def parts_of(path: str) -> Parts:
    """None for the whole workspace."""
    return () if path == EVERYTHING else tuple(path.split("/"))


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
                if paths_meet(rest, other):
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
            if paths_meet(rest, (*way, *other)):
                return kept
        front += [((*way, name), below) for name, below in here.below.items()]
    return None


def _literal(parts: Sequence[str]) -> int:
    """How many parts stand before the first wildcard."""
    return next((at for at, part in enumerate(parts) if is_wild(part)), len(parts))
