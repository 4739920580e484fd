"""When something odd was first seen: what one pass must know of the passes before it to be patient.

A hand-over takes three calls and a restored lease a moment; both look wrong meanwhile. So a pass acts
on the age of what it sees, counted from the first pass that saw it, and on nothing else.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from tinyscheduler.model.ids import LeaseId


class Moment(NamedTuple):
    """Now, by both clocks."""

    at: datetime
    monotonic: float
    """CLOCK_MONOTONIC, meaningful on ``boot_id`` only."""
    boot_id: str


class Sighting(NamedTuple):
    """The first of an unbroken row of passes that saw it."""

    since: Moment
    what: str = ""
    """What was seen last, for people: it may change while the clock goes on."""


class Sightings(NamedTuple):
    """All of them. Nothing here is worth a sync: forgetting costs one more grace."""

    drift: Mapping[LeaseId, Sighting] = {}
    """Runs of which the server shows something else than what was claimed."""
    lost: Mapping[LeaseId, Sighting] = {}
    """Open runs of ledgers that have neither a lease nor a process."""
    notices: Mapping[LeaseId, int] = {}
    """How many of a run's notices of silence are in the journal."""
    trouble: str = ""
    """Why what was remembered cannot be read and is begun anew; empty: it can."""


NOTHING_SEEN = Sightings()


def age_s(since: Moment, now: Moment) -> float:
    """By CLOCK_MONOTONIC on one boot, so that a stepped clock ends no grace; a time in the future is 0."""
    if since.boot_id == now.boot_id:
        return max(0.0, now.monotonic - since.monotonic)
    return max(0.0, (now.at - since.at).total_seconds())


def since(before: Sighting | None, now: Moment) -> Moment:
    """When what is seen now was first seen. A time in the future comes from a clock that was wrong, and
    would never be over."""
    if before is None or (before.since.boot_id != now.boot_id and before.since.at > now.at):
        return now
    return before.since
