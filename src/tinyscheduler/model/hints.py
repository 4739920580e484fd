"""What a task says about how it wants to be run: its tags, and the front matter of its description.

All of it is data of whoever wrote the task (law 11): checked, bounded, compared, and never by itself a
path that is opened or a command that is run.
"""

from typing import NamedTuple

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.resources import NO_RESOURCES, Resources


class HintFault(NamedTuple):
    """The first thing that is wrong; the task is held until it is mended."""

    place: str
    """``line 3 of its description``, ``line 5 of 9-x.md`` or ``its tag write:../etc``."""
    value: str
    """What stands there, shortened."""
    remedy: str


class Hints(NamedTuple):
    """Each name once, in the order in which it was written."""

    after: tuple[TaskId, ...] = ()
    """Tasks that have to be complete before this one starts, besides ``Task.blocked_by``."""
    writes: tuple[str, ...] = ()
    """Paths in the workspace, or patterns of such, that no other run may read or write meanwhile."""
    reads: tuple[str, ...] = ()
    """That no other run may write meanwhile."""
    capabilities: tuple[str, ...] = ()
    """All of which its agent has to have."""
    goal: str | None = None
    """Of the tasks of one goal, one runs at a time."""
    recipe: str | None = None
    scope: str | None = None
    """Only agents whose scope covers it may run the task."""
    needs_approval: bool = False
    resources: Resources = NO_RESOURCES
    """On top of nothing: what its agent takes anyway is the least."""
    soft_limit_s: int | None = None
    hard_limit_s: int | None = None
    budget: float | None = None
    fault: HintFault | None = None
    """With it everything else is empty: half of what a task says may be the opposite of all of it."""
    notes: tuple[str, ...] = ()
    """What looks like a slip and holds nothing."""


NO_HINTS = Hints()
_UNSEEN_RANGES = (
    (0x00, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x34F, 0x34F), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD),
    (0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2), (0x115F, 0x1160), (0x1680, 0x1680), (0x17B4, 0x17B5),
    (0x180B, 0x180F), (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800),
    (0x3000, 0x3000), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0),
    (0xFFF9, 0xFFFB), (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A), (0xE0000, 0xE007F), (0xE0100, 0xE01EF),
)  # fmt: skip
UNSEEN = frozenset(chr(code) for first, last in _UNSEEN_RANGES for code in range(first, last + 1))
"""Blanks, marks of direction, joiners, fillers: pages and editors leave them, and nobody sees that they are
there. Written out, because what tells them apart (``unicodedata``) is a library to load in each pass."""
BEGINNINGS = frozenset("-abcghnrsw") | UNSEEN
"""First letters of front matter: of its keys, of the line above it, or of what may stand before that. Most
descriptions begin otherwise."""
