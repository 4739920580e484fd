"""A pause: a person's word that something is not to be started for now.

It belongs to the person who gave it, like the ESTOP file: a pass obeys it and never takes it away.
"""

from datetime import datetime
from typing import Literal, NamedTuple

PauseScope = Literal["all", "queue", "agent", "task"]

BY_CHARS_MAX = 64
REASON_CHARS_MAX = 500
"""It is shown on one line."""


class Pause(NamedTuple):
    """One pause. There is at most one of each scope and name."""

    scope: PauseScope
    name: str
    """Of the queue or agent, id of the task; empty for all."""
    by: str = ""
    at: datetime | None = None
    """None: nobody knows, because the file cannot be read."""
    reason: str = ""
    until: datetime | None = None
    """None: until somebody resumes."""
    trouble: str = ""
    """Why its file cannot be read. It counts all the same: unknown is not empty (law 4)."""
    path: str = ""
    """Of a file that cannot be read, whose name may be anything."""
