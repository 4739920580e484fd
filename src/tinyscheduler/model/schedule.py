"""Tasks that come by the clock (features G6): what the operator wrote, what passes remember, what one makes
of it. Loaded only where schedules are configured."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple

from tinyscheduler.model.ids import TaskId

CatchUp = Literal["skip", "once", "all"]
"""What becomes of instants at which no pass looked: of none a task, of the newest, of each."""

AUTHOR: Final = "tinyscheduler"
"""Who makes the tasks, on the server."""
MARK: Final = "schedule:"


class Schedule(NamedTuple):
    """One ``[[schedules]]`` table. Either ``cron`` or ``every_s`` is given."""

    name: str
    title: str
    cron: str = ""
    every_s: int = 0
    """Whole minutes, counted from 1970-01-01 00:00 UTC: the instants do not depend on when it was written."""
    zone: str = "UTC"
    """IANA name, for ``cron``."""
    catch_up: CatchUp = "skip"
    window_s: int = 86_400
    """What is older is not caught up with."""
    description: str = ""
    queue: str | None = None
    assigned_to: str | None = None
    priority: float = 0
    tags: tuple[str, ...] = ()
    is_enabled: bool = True

    @property
    def rule(self) -> str:
        """When it comes due, in one line; another rule is another schedule of the same name."""
        return f"cron {self.cron} {self.zone}" if self.cron else f"every {self.every_s} s"

    @property
    def rule_shown(self) -> str:
        """The same for people, in the units in which it is written."""
        if self.cron:
            return self.rule
        units = (("d", 86_400), ("h", 3_600), ("m", 60))
        unit, length_s = next(found for found in units if not self.every_s % found[1])
        return f"every {self.every_s // length_s}{unit}"


class Begun(NamedTuple):
    """A task that was about to be made: whether it was is known when the next entry is written."""

    instant: datetime
    at: datetime


class Fired(NamedTuple):
    """A task that was made."""

    instant: datetime
    """When it was due."""
    task_id: TaskId
    at: datetime


class Remembered(NamedTuple):
    """What passes know of one schedule."""

    rule: str
    decided_until: datetime
    """Every instant up to here has its task, or never gets one."""
    next_at: datetime | None = None
    """The first instant after it; None: nobody has looked, or there is none."""
    begun: Begun | None = None
    last: Fired | None = None
    unsure_until: datetime | None = None
    """Up to here a task may have been made that is not remembered: it is looked for on the server."""


class Memories(NamedTuple):
    """``state/schedules.json``, by name of the schedule."""

    schedules: Mapping[str, Remembered] = {}
    trouble: str = ""
    """Why it cannot be read; then it is as if nothing were remembered."""


NOTHING_REMEMBERED: Final = Memories()


class Due(NamedTuple):
    """What the clock says of one schedule, between what is decided and now."""

    instants: tuple[datetime, ...] = ()
    """Within the window, ascending."""
    old: tuple[datetime, ...] = ()
    """Those before the window, ascending."""
    is_old_cut: bool = False
    """There were more of these than anybody counts."""
    next_at: datetime | None = None
    """The first one to come; None: there is none."""


class Missed(NamedTuple):
    """Instants that get no task."""

    total: int
    is_cut: bool
    """There were more than that."""
    first: datetime
    last: datetime
    why: str


class Verdict(NamedTuple):
    """What one pass makes of one schedule."""

    schedule: Schedule
    memory: Remembered
    """As it was found, set right."""
    due: tuple[datetime, ...]
    """To be made, ascending."""
    missed: Missed | None
    next_at: datetime | None
    limit: str = ""
    """A limit that was reached, in words."""
    trouble: str = ""
    """Why nobody can tell what is due; then nothing is."""


def mark_of(name: str, instant: datetime) -> str:
    """The tag that says which instant of which schedule a task was made for. ``instant`` in UTC."""
    return f"{MARK}{name}:{instant:%Y-%m-%dT%H:%MZ}"
