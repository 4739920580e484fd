"""The ports to the state folder: everything that outlives a pass, one writer each (law 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tinyscheduler.model.breaker import Accounts, Breakers
    from tinyscheduler.model.event import Event
    from tinyscheduler.model.ids import LeaseId, TaskId
    from tinyscheduler.model.intent import BrokenIntent, Intent
    from tinyscheduler.model.lease import BrokenLease, Lease, Outcome, Owner, StopOrder
    from tinyscheduler.model.ledger import BrokenLedger, Ledger
    from tinyscheduler.model.order import Order
    from tinyscheduler.model.pause import Pause
    from tinyscheduler.model.result import BadResult, Redact, RunResult
    from tinyscheduler.model.schedule import Memories
    from tinyscheduler.model.sightings import Sightings
    from tinyscheduler.model.waiting import Cursor, Waits


class LeaseScan(NamedTuple):
    """All of ``state/running``, sorted by task id."""

    leases: tuple[Lease, ...]
    broken: tuple[BrokenLease, ...]


class LeaseStore(Protocol):
    """Leases, owner files and stop files. All raise StateError when the disk refuses.

    What is not ``is_durable`` is whole and seen by everybody, and may be undone by a power cut until
    ``sync`` has returned: for many leases at once (ADR 0044).
    """

    def scan(self) -> LeaseScan:
        """Read everything; a file that cannot be read becomes a BrokenLease, never an exception."""

    def read(self, task_id: TaskId) -> Lease | BrokenLease | None:
        """One lease; None: there is none."""

    def create(self, lease: Lease) -> bool:
        """Exclusive, durable. False: the task has a lease already, which is untouched."""

    def write(self, lease: Lease, *, is_durable: bool = True) -> None:
        """Replace, by the one writer the lease has now (law 6)."""

    def beat(self, lease: Lease) -> bool:
        """For its wrapper: take the place of this lease's file, and of no other (features B10). False:
        the lease is gone, another's or finished; nothing is changed. The file is synced but not the
        folder; on a full disk only the file's time moves."""

    def finish(self, lease: Lease) -> bool:
        """As ``beat``, durable, also in the place of one that is finished."""

    def remove(self, lease: Lease, *, is_durable: bool = True) -> None:
        """Stop file, owner file, lease, in this order, each if there."""

    def sync(self) -> None:
        """All that was written or removed is durable."""

    def owner(self, task_id: TaskId) -> Owner | None:
        """Who was first; None: nobody yet."""

    def take(self, task_id: TaskId, owner: Owner) -> Owner:
        """Become the owner by exclusive create, or learn who is. Durable. The answer is what is on disk."""

    def drop_owner(self, task_id: TaskId, lease_id: LeaseId) -> None:
        """Take back an owner file of that lease_id; for a wrapper that finds its lease gone."""

    def stop_order(self, task_id: TaskId) -> StopOrder | None:
        """The stop file, None if there is none or it is not readable."""

    def ask_stop(self, task_id: TaskId, stop: StopOrder) -> None:
        """Durable; the first one stays."""

    def touched_at(self, task_id: TaskId) -> datetime | None:
        """When the lease file was last written or touched; None: there is none."""

    def quarantine(self, broken: BrokenLease) -> str | None:
        """Copy aside; the path of the copy, or None when this content was copied before."""

    def is_blocked(self, task_id: TaskId) -> bool:
        """Something that no writer can replace has the lease's name: a folder."""

    def rebuild(self, broken: BrokenLease, lease: Lease) -> bool:
        """Put the lease in the place of what nobody can read, whatever it is. Durable. False: somebody
        has mended or removed it meanwhile, and that stays."""

    def drop(self, broken: BrokenLease) -> None:
        """Take it out of the folder, whatever it is, with its stop and its owner file; the lease is
        moved to quarantine, not lost. Durable, idempotent."""


class LedgerStore(Protocol):
    """One ledger per task. All raise StateError when the disk refuses."""

    def read(self, task_ids: Iterable[TaskId]) -> Mapping[TaskId, Ledger | BrokenLedger]:
        """Those that exist, of the ids asked for."""

    def write(self, ledger: Ledger, *, is_durable: bool = True) -> None:
        """Replace; not ``is_durable``: as for a lease."""

    def sync(self) -> None:
        """All that was written is durable."""


class IntentScan(NamedTuple):
    """What is asked of the next pass, oldest first."""

    intents: tuple[Intent, ...]
    broken: tuple[BrokenIntent, ...]
    left_out: int = 0
    """How many there are beyond those that were to be read."""


class IntentStore(Protocol):
    """Requests of commands. All raise StateError when the disk refuses."""

    def new_id(self, at: datetime) -> str:
        """For an intent of this moment; no other has it."""

    def write(self, intent: Intent) -> None:
        """Exclusive, durable; needs no lock. Also raises StateError when a pass could not read it,
        because the state folder is another user's."""

    def scan(self, most: int) -> IntentScan:
        """The oldest ``most``; what is no intent becomes a BrokenIntent, never an exception."""

    def is_pending(self, intent: Intent) -> bool:
        """No pass has concluded it yet."""

    def remove(self, intent: Intent) -> None:
        """Idempotent, durable."""

    def quarantine(self, broken: BrokenIntent) -> str:
        """Move it aside; the new path."""


class PauseStore(Protocol):
    """``state/pauses``: written by commands, read by everybody; see ``model.pause``."""

    def read(self) -> tuple[Pause, ...]:
        """All there are, also those that are over. Never raises: what cannot be read counts as a pause."""

    def write(self, pause: Pause) -> None:
        """Durable, in the place of an earlier one of the same; needs no lock. Raises StateError."""

    def remove(self, pause: Pause) -> None:
        """Durable, idempotent. Raises StateError."""


class SightingStore(Protocol):
    """What earlier passes saw first; see ``model.sightings``."""

    def read(self) -> Sightings:
        """Never raises: what cannot be read is begun anew, and ``trouble`` says so."""

    def write(self, sightings: Sightings) -> None:
        """Replace it all, not synced. Raises StateError."""


class WaitStore(Protocol):
    """``state/waiting.json``; see ``model.waiting``."""

    def read(self, *, anew: bool = False) -> Waits:
        """Never raises: what cannot be read is begun anew, and ``trouble`` says so. A pass asks several
        times; ``anew`` asks the disk, as whoever has just got the lock has to."""

    def write(self, waits: Waits) -> None:
        """Replace it all, not synced; nobody waits: nothing is left. Raises StateError."""

    def set_aside(self) -> str | None:
        """As ``BreakerStore.set_aside``."""


class CursorStore(Protocol):
    """``state/cursors.json``: whose turn it is. Asked only where bands take turns."""

    def read(self) -> Cursor:
        """Never raises: what cannot be read is begun anew, and ``trouble`` says so."""

    def write(self, cursor: Cursor) -> None:
        """Replace it, not synced. Raises StateError."""

    def set_aside(self) -> str | None:
        """As ``BreakerStore.set_aside``."""


class ScheduleStore(Protocol):
    """``state/schedules.json``; see ``model.schedule``."""

    def read(self) -> Memories:
        """Never raises: what cannot be read is as if it were not there, and ``trouble`` says so."""

    def write(self, memories: Memories) -> None:
        """Durable replace of all of it. Raises StateError."""

    def set_aside(self) -> str | None:
        """As ``BreakerStore.set_aside``."""


class BreakerStore(Protocol):
    """``state/breakers.json``; see ``model.breaker``."""

    def read(self) -> Breakers:
        """Never raises: what cannot be read counts as closed, and ``trouble`` says so."""

    def write(self, breakers: Breakers) -> None:
        """Durable replace of all of it. Raises StateError."""

    def set_aside(self) -> str | None:
        """Put what cannot be read into quarantine; its new path, None: it is not there any more.
        Raises StateError."""


class AccountStore(Protocol):
    """``state/accounts.json``; see ``model.breaker``."""

    def read(self) -> Accounts:
        """Never raises: what cannot be read counts as open, and ``trouble`` says so."""

    def write(self, accounts: Accounts) -> None:
        """Durable replace of all of it. Raises StateError."""

    def set_aside(self) -> str | None:
        """As ``BreakerStore.set_aside``."""


class RunFolders(Protocol):
    """``state/runs``: the wrapper's world."""

    def prepare(self, order: Order, prompt: str) -> str:
        """Write prompt and order durably, replacing what an undone start left; the order's path."""

    def path_for(self, task_id: TaskId, attempt: int) -> str:
        """Absolute folder of one run; not created."""

    def order(self, task_id: TaskId, attempt: int) -> Order | None:
        """What the run was started with; None: there is none that can be read."""

    def discard(self, task_id: TaskId, attempt: int) -> None:
        """Remove the folder of a start that never had a process."""

    def send(self, task_id: TaskId, attempt: int, text: str) -> None:
        """Add a text to the inbox of a run, with one write. Raises StateError, also for an inbox that
        has grown beyond its limit or that its agent has put something else in the place of."""

    def outcome(
        self, run_folder: str, agent_exit: int | None, now: datetime, *, workspace: str = ""
    ) -> Outcome | None:
        """What the run's result file says, None when there is no valid one. Artifacts outside of the
        workspace are left out; without one, those whose path is absolute or leads upwards."""

    def result(self, path: str, *, redact: Redact, workspace: str = "") -> RunResult | BadResult | None:
        """What the agent says about its run, why that does not count, or None: it says nothing.
        Raises StateError when the disk fails."""

    def crash(self, run_folder: str) -> str:
        """How the wrapper of this run broke, in one line; empty: it did not, or nobody can tell. Never
        raises."""


class Journal(Protocol):
    """Append-only facts. Never raises: a fact that could not be written is counted and shown."""

    def append(self, event: Event) -> None:
        """One line, flushed to the kernel, not synced."""

    def failures(self) -> int:
        """How many facts could not be written by this object."""
