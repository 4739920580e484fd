"""Another name for a top-level key of ``tinyscheduler.toml``; every other character stays. Pure.

There is no parser here that knows places: the text is edited by its look, and taken only if it
then says the same under another name.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from tinyscheduler.config.mending.changes import Renaming

if TYPE_CHECKING:
    from collections.abc import Iterator


def renamed(text: str, old: str, new: str) -> Renaming | None:
    """``text`` is TOML, has ``old`` and has not ``new``. None: the key cannot be found for certain."""
    names = "|".join(re.escape(quote + old + quote) for quote in ("", '"', "'"))
    key = re.compile(rf"^([ \t]*(?:\[[ \t]*)?)(?:{names})(?=[ \t]*[=.\]])", re.MULTILINE)
    said = tomllib.loads(text)
    wanted = {new if name == old else name: value for name, value in said.items()}
    return next((found for found in _tries(text, key, new) if _says(found.text, wanted)), None)


def _tries(text: str, key: re.Pattern[str], new: str) -> Iterator[Renaming]:
    """All that looks like the key, then each alone: what looks like it may stand inside a text."""
    spots = list(key.finditer(text))
    if len(spots) > 1:
        yield Renaming(key.sub(rf"\g<1>{new}", text), _line(text, spots[0]))
    for spot in spots:
        yield Renaming(text[: spot.start()] + spot[1] + new + text[spot.end() :], _line(text, spot))


def _line(text: str, spot: re.Match[str]) -> int:
    return text.count("\n", 0, spot.start()) + 1


def _says(text: str, wanted: dict[str, object]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except ValueError:
        # This renaming would break the file, so another spot has to be tried.
        return False
