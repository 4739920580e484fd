"""What an earlier pass wrote down about itself (features A7), read back for people."""

from datetime import datetime, timedelta
from typing import NamedTuple

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import BrokenLedger, Parked


class PastFault(NamedTuple):
    """One thing that went wrong in it."""

    reference: str
    message: str
    hint: str


class PastPass(NamedTuple):
    """The pass record, as far as views need it."""

    pass_id: str
    began_at: datetime
    ended_at: datetime
    duration_s: float
    exit_code: int
    counts: tuple[tuple[str, int], ...] = ()
    """In the order of the record: scanned, fetched, started, ..."""
    limits: tuple[str, ...] = ()
    faults: tuple[PastFault, ...] = ()
    settings_rejected: str = ""
    """Why newer settings did not hold; the pass worked with the last good ones."""
    interval_s: int | None = None
    """Between its beginning and that of the next one, as whoever ran it was told: a daemon knows of
    ``--loop-interval``, and whoever looks does not. None: a record of an older version."""

    def next_at(self, configured_s: int) -> datetime:
        """By an interval alone: nobody knows what cron will do. ``configured_s``: as the settings have it."""
        return self.began_at + timedelta(seconds=self.interval_or(configured_s))

    def interval_or(self, configured_s: int) -> int:
        """Its own, if it says so."""
        return configured_s if self.interval_s is None else self.interval_s


class BrokenRecord(NamedTuple):
    """There is a pass record and nobody can read it."""

    path: str
    why: str


class ParkedTask(NamedTuple):
    """A task that its ledger has parked. A changed input may have released it since: only the plan,
    which knows the task, can tell."""

    task_id: TaskId
    parked: Parked


class Shelf(NamedTuple):
    """What the ledgers say about tasks that are not running, and which of all say nothing."""

    parked: tuple[ParkedTask, ...] = ()
    broken: tuple[BrokenLedger, ...] = ()
