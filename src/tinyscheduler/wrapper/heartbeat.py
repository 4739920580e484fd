"""The lease in the hands of its wrapper: beaten, mended, finished, or lost (design 6; ADR 0040)."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from tinyscheduler.errors import StateError
from tinyscheduler.kit import files
from tinyscheduler.model.lease import Lease, Outcome, Owner

if TYPE_CHECKING:
    from tinyscheduler.model.lease import BrokenLease, ProcessRef
    from tinyscheduler.ports import Clock, Enclosure, LeaseStore
    from tinyscheduler.wrapper.log import Log

BROKEN_COPY = "lease.broken.json"
"""What was found in the lease's place, kept in the run folder before it is written over (law 8)."""
_COPY_BYTES_MAX = 1_000_000

Kept = Literal["kept", "lost", "failed"]
"""lost: the lease is gone or another's, nothing was written and nothing may be. failed: the disk
refused, try again."""


class HeldLease:
    """One lease, in memory and on disk. Every write looks first whether it is still ours (B10)."""

    def __init__(self, lease: Lease, owner: Owner, *, leases: LeaseStore, clock: Clock, log: Log) -> None:
        self.lease = lease
        self._owner = owner
        self._leases = leases
        self._clock = clock
        self._log = log

    def set_agent(self, pid: int, agent: ProcessRef | None) -> Kept:
        """Name the agent in the lease; None: it ended before it could be looked at."""
        self.lease = self.lease._replace(agent_pid=pid, agent_start=None if agent is None else agent.start)
        return self.beat()

    def note_progress(self, at: datetime) -> None:
        """The agent was heard of; the next write says so."""
        self.lease = self.lease._replace(progress_at=at, stall_notices=0)

    def note_silence(self, notices: int) -> Kept:
        """Nothing is heard of the agent, for the so-and-so-many-th time; written at once."""
        self.lease = self.lease._replace(stall_notices=notices)
        return self.beat()

    def note_enclosure(self, enclosure: Enclosure) -> None:
        """It came to be another one than the lease says; the next write says so."""
        self.lease = self.lease._replace(containment=enclosure.rung, cgroup=enclosure.cgroup)

    def beat(self) -> Kept:
        """Say that the wrapper lives."""
        self.lease = self._beaten()
        return self._write(self.lease, is_final=False)

    def finish(self, outcome: Outcome) -> Kept:
        """Durable: this is how the run ended, whatever happens to us next."""
        return self._write(self._beaten()._replace(state="finished", outcome=outcome), is_final=True)

    def _beaten(self) -> Lease:
        return self.lease._replace(
            heartbeat_at=self._clock.now(), heartbeat_monotonic=self._clock.monotonic()
        )

    def _write(self, lease: Lease, *, is_final: bool) -> Kept:
        try:
            found = self._leases.read(lease.task_id)
            if self._is_lost(found, is_final=is_final):
                self._log.say(f"the lease is lost: {what_is_there(found)}")
                return "lost"
            if found is not None and not isinstance(found, Lease):
                return self._mend(found, lease)
            is_kept = self._leases.finish(lease) if is_final else self._leases.beat(lease)
        except StateError as error:
            self._log.say(f"the lease could not be written: {error.message}")
            return "failed"
        if not is_kept:
            # Between our look and our write, which the store has taken back.
            self._log.say("the lease is lost: another has taken its place")
        return "kept" if is_kept else "lost"

    def _is_lost(self, found: Lease | BrokenLease | None, *, is_final: bool) -> bool:
        if not isinstance(found, Lease):
            return found is None
        if found.lease_id != self.lease.lease_id:
            return not self._is_put_back(found)
        # Only the pass could have finished it before us, and then it is the writer (law 6).
        return found.state == "finished" and not is_final

    def _is_put_back(self, found: Lease) -> bool:
        """No lease comes after one of a higher generation: somebody has put an older one over ours, which is
        ours to mend as long as the name of the owner is."""
        is_ours = found.generation < self.lease.generation
        is_ours = is_ours and self._leases.owner(found.task_id) == self._owner
        if is_ours:
            self._log.say(f"an older lease was in the place of ours and is written over: {found.lease_id}")
        return is_ours

    def _mend(self, broken: BrokenLease, lease: Lease) -> Kept:
        """Write our lease over a file that nobody can read, if we still own the name."""
        if self._leases.owner(lease.task_id) != self._owner:
            self._log.say(f"the lease cannot be read and is not ours by its owner file: {broken.why}")
            return "failed"
        self._keep_copy(broken)
        self._leases.write(lease)
        self._log.say(f"the lease could not be read and was written anew: {broken.why}")
        return "kept"

    def _keep_copy(self, broken: BrokenLease) -> None:
        folder = self.lease.run_folder
        if not os.path.isabs(folder):
            return
        try:
            files.replace(f"{folder}/{BROKEN_COPY}", files.read_limited(broken.path, _COPY_BYTES_MAX))
        except OSError as error:
            self._log.say(f"no copy of the broken lease: {error.strerror}")


def what_is_there(found: Lease | BrokenLease | None) -> str:
    """One clause for the log."""
    if found is None:
        return "there is no lease"
    if isinstance(found, Lease):
        return f"the lease on disk is {found.lease_id} in state {found.state}"
    return f"the lease cannot be read: {found.why}"
