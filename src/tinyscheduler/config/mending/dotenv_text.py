"""Other names for assignments of a ``.env``; every other character stays as it is. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.config.dotenv import assignment, line_end, parse
from tinyscheduler.config.mending.changes import Renaming

if TYPE_CHECKING:
    from collections.abc import Iterator

BOM = "\ufeff"


class Spot(NamedTuple):
    """Where a name stands."""

    name: str
    start: int
    line: int


def spots(text: str) -> Iterator[Spot]:
    """The names of all assignments, in order; lines that are none are passed over."""
    at = 1 if text.startswith(BOM) else 0
    while at < len(text):
        end = line_end(text, at)
        line = text[at:end].strip()
        if line and not line.startswith("#"):
            try:
                name, _, end = assignment(text, at, end)
            except ValueError:
                at = end + 1
                continue
            yield Spot(name, text.rindex(name, at, text.index("=", at)), text.count("\n", 0, at) + 1)
        at = end + 1


def renamed(text: str, old: str, new: str) -> Renaming | None:
    """With every assignment to ``old`` made one to ``new``, which is not in it; None: that would
    change more than the name."""
    found = [spot for spot in spots(text) if spot.name == old]
    result = text
    for spot in reversed(found):
        result = result[: spot.start] + new + result[spot.start + len(old) :]
    said = parse(text)
    values = {new if name == old else name: value for name, value in said.values.items()}
    return Renaming(result, found[0].line) if parse(result) == said._replace(values=values) else None
