"""How long each task has waited, and whose turn it is: what the order of starts needs of earlier passes.

Apart from ``sightings``, which are about runs and what is odd: this is about tasks that have not run.
All of it can be begun anew; that costs waited time and nothing else.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.reason import HeldReason

WAITED_S_MAX = 30 * 86_400
"""A longer wait counts as 30 days: nobody passes such a task any more, and a clock that was wrong does
not outlast the month."""

NOTHING_SAID, STARVED_SAID, ATTENTION_ASKED = 0, 1, 2
"""How much of a task's starvation people have been told (features D15)."""


class Waiting(NamedTuple):
    """One task that waits, as the passes before this one have seen it."""

    created_at: datetime
    """Of the task: a namesake of another time is another task."""
    queue: QueueName | None
    assigned_to: AgentName | None
    reason: HeldReason
    """Why the last pass that looked did not start it."""
    held_since: datetime
    """Since when for this reason, without a break."""
    since: datetime | None = None
    """Since when it could start if there were room; None: something else holds it and its time stands
    still."""
    waited_s: float = 0.0
    """How long it had waited before ``since``."""
    starving_since: datetime | None = None
    """Since when it starves; None: it does not, or its time stands still."""
    starved_s: float = 0.0
    """How long it had starved before ``starving_since``."""
    said: int = NOTHING_SAID
    inversions: tuple[TaskId, ...] = ()
    """Less urgent tasks that it was noted to wait for."""


class Waits(NamedTuple):
    """All tasks that wait."""

    source: str = ""
    """Of their task server: ids mean nothing without it."""
    tasks: Mapping[TaskId, Waiting] = {}
    trouble: str = ""
    """Why what was remembered cannot be read and is begun anew; empty: it can."""


NOBODY_WAITS = Waits()


class Starving(NamedTuple):
    """A task of which people are told that nobody serves it."""

    starved_s: float
    needs_attention: bool
    """It has starved for so long that somebody has to look."""


class Turn(NamedTuple):
    """Why a start came when it did, where bands take turns."""

    band: int
    """Whose turn it was: 0 is critical."""
    place: int | None
    """In the round; None: the turn was owed from before."""


class Cursor(NamedTuple):
    """Where the round of turns stands (features D8). What was really started moves it, and nothing else."""

    place: int = 0
    """Of the next turn."""
    owed: tuple[int, ...] = ()
    """Bands whose turn came and whose start came to nothing: theirs are the next ones."""
    trouble: str = ""
    """Why what was remembered cannot be read; the round begins anew."""


FIRST_TURN = Cursor()


def waited_s(waiting: Waiting, now: datetime) -> float:
    """How long it has waited for room, as far as anybody has seen; never negative, never more than the
    longest wait that counts."""
    return counted_s(waiting.waited_s, waiting.since, now)


def starved_s(waiting: Waiting, now: datetime) -> float:
    """How long it has starved; as ``waited_s``."""
    return counted_s(waiting.starved_s, waiting.starving_since, now)


def counted_s(before_s: float, since: datetime | None, now: datetime) -> float:
    """What both of these are: the time before, and that since then."""
    # Counted of every task that waits: two comparisons cost a third of min() and max().
    found_s = before_s if before_s > 0.0 else 0.0
    if since is not None and since < now:
        found_s += (now - since).total_seconds()
    return found_s if found_s < WAITED_S_MAX else WAITED_S_MAX
