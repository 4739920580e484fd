"""The name that somebody probably meant. Imported where a name is wrong; ``difflib`` costs milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

ALIKE_MIN = 0.75
"""``lgos`` for ``logs``, ``revew`` for ``review``."""
ALIKE_SAME_START_MIN = 0.6
"""``rum`` for ``run``. Without the same first letter it makes ``logs`` of ``bogus``."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that is most like ``name``, letters large or small; None: none is like it."""
    written = name.casefold().lstrip("-")
    best, best_ratio = None, 0.0
    for candidate in known:
        other = candidate.casefold().lstrip("-")
        ratio = SequenceMatcher(None, written, other).ratio()
        least = ALIKE_SAME_START_MIN if written[:1] == other[:1] else ALIKE_MIN
        if ratio >= least and ratio > best_ratio:
            best, best_ratio = candidate, ratio
    return best
