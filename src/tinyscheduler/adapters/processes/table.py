"""``ports.Processes``: who is alive, which processes belong to a run, and how to end them."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Sequence

from tinyscheduler.adapters.processes import proc
from tinyscheduler.model.lease import ProcessRef
from tinyscheduler.model.snapshot import Liveness
from tinyscheduler.ports import Host

POLL_MS_MAX = 2**31 - 1
"""poll(2) takes an int."""


class ProcessTable:
    """The process table as this process may see it. Keeps nothing but the facts of its own host."""

    def __init__(self) -> None:
        self._host: Host | None = None

    def host(self) -> Host:
        """Of this process; read once."""
        if self._host is None:
            self._host = Host(os.uname().nodename, proc.machine_id(), proc.boot_id(), proc.pid_namespace())
        return self._host

    def me(self) -> ProcessRef:
        """This process."""
        found = self.identify(os.getpid())
        assert found is not None, "a running process has an entry in /proc"
        return found

    def identify(self, pid: int) -> ProcessRef | None:
        """The process that has this pid now; None: nobody, or a zombie."""
        stat = proc.read_stat(pid)
        return None if stat is None or stat.is_zombie else self._ref(stat)

    def liveness(self, process: ProcessRef) -> Liveness:
        """Boot first: after a reboot everything is dead, whatever pid namespace it was in."""
        host = self.host()
        if process.boot_id != host.boot_id:
            return "dead"
        if process.pid_namespace != host.pid_namespace:
            return "unknown"
        try:
            stat = proc.read_stat(process.pid)
        except PermissionError:
            return "unknown"
        if stat is None:
            return "dead" if not _exists_hidden(process.pid) else "unknown"
        return "dead" if stat.is_zombie or stat.start != process.start else "alive"

    def tree(self, tag: str, roots: Sequence[ProcessRef]) -> tuple[ProcessRef, ...]:
        """Group, session, descendants and tag; see the port. One reading of /proc."""
        stats = {stat.pid: stat for stat in _readable()}
        members = _Membership(stats, tag, self._still_there(roots, stats)).members()
        return tuple(self._ref(stats[pid]) for pid in sorted(members) if not stats[pid].is_zombie)

    def signal(self, process: ProcessRef, number: int) -> bool:
        """Open a pidfd, compare the start time, then signal: no window for a recycled pid."""
        import signal

        try:
            handle = os.pidfd_open(process.pid)
        except OSError:
            return False
        try:
            if self.liveness(process) != "alive":
                return False
            signal.pidfd_send_signal(handle, number)
        except OSError:
            return False
        finally:
            os.close(handle)
        return True

    def wait_gone(self, processes: Sequence[ProcessRef], timeout_s: float) -> tuple[ProcessRef, ...]:
        """Sleep on pidfds until all are gone or time is up; those that are left."""
        deadline = time.monotonic() + timeout_s
        left = [p for p in processes if self.liveness(p) != "dead"]
        while left and time.monotonic() < deadline:
            _sleep_until_one_ends(left, deadline - time.monotonic())
            left = [p for p in left if self.liveness(p) != "dead"]
        return tuple(left)

    def _ref(self, stat: proc.Stat) -> ProcessRef:
        host = self.host()
        return ProcessRef(stat.pid, stat.start, host.boot_id, host.pid_namespace)

    def _still_there(self, roots: Iterable[ProcessRef], stats: dict[int, proc.Stat]) -> set[int]:
        host = self.host()
        return {
            root.pid
            for root in roots
            if (root.boot_id, root.pid_namespace) == (host.boot_id, host.pid_namespace)
            and root.pid in stats
            and stats[root.pid].start == root.start
        }


class _Membership:
    """Which processes belong to a run, from one reading of the process table.

    The wrapper and the agent lead sessions of their own, so a group or session whose leader is a
    root belongs to the run whole. A zombie counts as leader: while it is not reaped its pid cannot
    be given to a stranger, so a wrapper reaps its agent last. A process with another tag is another
    run's, whoever its parent is: an agent may start a pass, and that pass its own wrappers.
    """

    def __init__(self, stats: dict[int, proc.Stat], tag: str, roots: set[int]) -> None:
        self._stats = stats
        self._tag = tag
        self._roots = roots
        self._tags: dict[int, str | None] = {}

    def members(self) -> set[int]:
        """Pids, this process never among them."""
        found = {pid for pid in self._stats if self._tag_of(pid) == self._tag} | self._roots
        grown = True
        while grown:
            fresh = {
                pid for pid, stat in self._stats.items() if pid not in found and self._belongs(stat, found)
            }
            found |= fresh
            grown = bool(fresh)
        found.discard(os.getpid())
        return found

    def _belongs(self, stat: proc.Stat, found: set[int]) -> bool:
        is_near = stat.parent in found or any(
            leader in found and leader != 0 and self._leads(leader) for leader in (stat.group, stat.session)
        )
        return is_near and self._tag_of(stat.pid) in (None, self._tag)

    def _leads(self, pid: int) -> bool:
        stat = self._stats[pid]
        return pid in (stat.group, stat.session)

    def _tag_of(self, pid: int) -> str | None:
        if pid not in self._tags:
            self._tags[pid] = proc.read_tag(pid)
        return self._tags[pid]


def _readable() -> Iterable[proc.Stat]:
    for pid in proc.all_pids():
        try:
            stat = proc.read_stat(pid)
        except PermissionError:
            continue
        if stat is not None:
            yield stat


def _exists_hidden(pid: int) -> bool:
    """True if the pid is taken although /proc does not show it (mounted with hidepid)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError as error:
        return error.errno == errno.EPERM
    return True


def _sleep_until_one_ends(processes: Sequence[ProcessRef], timeout_s: float) -> None:
    """A pidfd becomes readable when its process ends (pidfd_open(2)), zombie or not."""
    import select

    poller = select.poll()
    handles = []
    for process in processes:
        try:
            handles.append(os.pidfd_open(process.pid))
        except OSError:
            continue
        poller.register(handles[-1], select.POLLIN)
    try:
        if handles:
            poller.poll(min(max(0.0, timeout_s) * 1000, POLL_MS_MAX))
        else:
            time.sleep(min(0.02, max(0.0, timeout_s)))
    finally:
        for handle in handles:
            os.close(handle)
