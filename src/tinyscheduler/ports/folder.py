"""The state folder as a place: whose it is, what room it has, and what the past has left in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tinyscheduler.model.remains import Remains


class StateFolder(Protocol):
    """The state folder itself: its identity, its room, its switches."""

    def open(self) -> str:
        """Under the lock: create what is missing, sweep litter of dead writers; the state_id.
        Raises StateError: not writable, or of another format. A copied folder gets a new id, and the
        leases that came with it are set aside: their processes belong to the original."""

    def check_entry(self) -> None:
        """Raises StateError where this user may not even look into it: nothing that is in it is known then,
        and whatever a command said of its parts would be wrong."""

    def state_id(self) -> str:
        """What ``open`` said, or what is on disk; empty before the first pass and in a fresh copy."""

    def notices(self) -> Sequence[str]:
        """What ``open`` did that a person should know."""

    def is_estopped(self) -> bool:
        """The ESTOP file is there."""

    def estop(self, text: str) -> bool:
        """Make it; for commands, which need no lock. False: it was there. Raises StateError."""

    def estop_note(self) -> str:
        """Its first line: since when, by whom, and why. Empty: nothing that can be read. Never raises."""

    def end_estop(self) -> bool:
        """Remove it. False: it was not there. Raises StateError."""

    def free_mb(self) -> int | None:
        """Free space for this user; None: cannot be told."""

    def obstacles(self, files: Sequence[str]) -> Sequence[tuple[str, str]]:
        """What keeps this user from writing here and into these files, as far as it can be told without a
        write, each with its remedy. For those who only look; never raises."""

    def make_workspace(self, path: str) -> None:
        """Create a folder for agents to work in, if missing. Raises StateError."""

    def record_pass(self, record: Mapping[str, object], *, log_line: str) -> None:
        """``passes/last.json``, a line in the day's pass records, one in the log. Raises StateError."""

    def pass_times(self, now: datetime) -> Sequence[datetime]:
        """When the passes of today and yesterday ended, the newest of them, ascending. Never raises."""

    def keep_untold(self, faults: Sequence[Mapping[str, object]]) -> None:
        """For a pass that nobody listens to. Needs no lock. Raises StateError."""

    def take_untold(self) -> Sequence[Mapping[str, object]]:
        """All that was kept, once; what cannot be read is left out. Needs no lock. Raises StateError."""


class Attic(Protocol):
    """What past runs and days have left in the state folder. All but ``is_due`` and ``swept_at`` raise
    StateError when the disk refuses."""

    def is_due(self, now: datetime) -> bool:
        """No sweep has come to its end on this day. Asked by each pass, so it costs next to nothing."""

    def swept_at(self) -> datetime | None:
        """The day of the last sweep that came to its end; None: there was none, or nobody knows."""

    def note_sweep(self, now: datetime) -> None:
        """A sweep has come to its end."""

    def remains(self, *, before: datetime) -> Sequence[Remains]:
        """All that was last touched before then, oldest first. Writes nothing."""

    def remove(self, remains: Remains) -> bool:
        """A ledger or a file of a day; False: it was gone. Run folders: ``RunFolders.discard``."""

    def count_from(self, remains: Remains, at: datetime) -> None:
        """It is not over yet: its age counts from then on."""
