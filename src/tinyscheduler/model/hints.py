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
    """``line 3 of its description`` or ``its tag write:../etc``."""
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
BEGINNINGS = frozenset("-abcghnrsw\ufeff\u00a0\u200b \t\r\n")
"""First letters of front matter: of its keys, of the line above it, or of what may stand before that. Most
descriptions begin otherwise."""
