"""What HTTP says to a request that no tool and no session ever sees.

Apart from ``guard`` and ``envelope``, which know why, and from ``exchange``, which writes it. A *refusal* is
another thing: what a tool answers (``tools.Refusal``).
"""

from __future__ import annotations

from typing import NamedTuple

from pydantic_core import to_json


class TurnedAway(NamedTuple):
    """A whole answer, in JSON."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Besides those that every answer has."""


def turned_away(status: int, reason: str, *headers: tuple[bytes, bytes]) -> TurnedAway:
    """Before anybody has looked for JSON-RPC in it."""
    return TurnedAway(status, to_json({"error": reason}), headers)
