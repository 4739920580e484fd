"""What people are told of a key of a table. Apart, so that a table may stand in a file of its own."""

from __future__ import annotations

from typing import NamedTuple


class AboutKey(NamedTuple):
    """What the type of a key cannot say."""

    meaning: str
    wants: str
