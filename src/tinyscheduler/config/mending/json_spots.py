"""Where texts stand in a JSON file, so that one of them can be changed and nothing else. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])', re.DOTALL)

Path = tuple[int | str, ...]


class Spot(NamedTuple):
    """One text of the file."""

    path: Path
    """Keys and positions that lead to it; of a key, the key itself comes last."""
    is_key: bool
    said: str
    start: int
    end: int


def spots(text: str) -> Iterator[Spot]:
    """Every key and every text, in the order in which they stand. ``text`` is JSON."""
    path: list[int | str] = []
    in_object: list[bool] = []
    is_key = False
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in ("{", "["):
            in_object.append(mark == "{")
            path.append("" if mark == "{" else 0)
            is_key = mark == "{"
        elif mark in ("}", "]"):
            in_object.pop()
            path.pop()
            is_key = False
        elif mark == ",":
            is_key = in_object[-1]
            last = path[-1]
            path[-1] = last + 1 if isinstance(last, int) else last
        elif mark != ":":
            said = str(json.loads(mark))
            if is_key:
                path[-1] = said
            yield Spot(tuple(path), is_key, said, token.start(), token.end())
            is_key = False


def replaced(text: str, edits: Mapping[Spot, str]) -> str:
    """Other texts in these places."""
    for spot in sorted(edits, key=lambda spot: spot.start, reverse=True):
        text = text[: spot.start] + json.dumps(edits[spot], ensure_ascii=False) + text[spot.end :]
    return text


def line_of(text: str, at: int) -> int:
    """The number of a line, from 1."""
    return text.count("\n", 0, at) + 1


def last_commas(text: str) -> tuple[str, list[int]]:
    """The text without commas after the last item of an array or object, and their lines."""
    lines = [line_of(text, found.start()) for found in _LAST_COMMA.finditer(text) if not found[1]]
    return _LAST_COMMA.sub(lambda found: found[1] or "", text), lines
