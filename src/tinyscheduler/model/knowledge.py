"""Law 4 as types: what we know, and what we do not know with the reason why.

An unknown queue is not an empty queue, so neither may be written ``None`` or ``[]``.
"""

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Known(NamedTuple, Generic[T]):
    """We asked and were told."""

    value: T


class Unknown(NamedTuple):
    """We asked and were not told, or could not ask."""

    why: str
