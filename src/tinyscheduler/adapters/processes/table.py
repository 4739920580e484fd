"""``ports.Processes``: who is alive, which processes belong to a run, and how to end them."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tinyscheduler.adapters.processes import proc
from tinyscheduler.errors import Blind
from tinyscheduler.model.lease import ProcessRef
from tinyscheduler.model.snapshot import Liveness
from tinyscheduler.ports import Host, RunRef

if TYPE_CHECKING:
    from tinyscheduler.adapters.processes.census import Seen

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
        """This process; without /proc its pid, of which nobody can say more than that."""
        found = self.identify(os.getpid())
        host = self.host()
        return found or ProcessRef(os.getpid(), 0, host.boot_id, host.pid_namespace)

    def identify(self, pid: int) -> ProcessRef | None:
        """The process that has this pid now; None: nobody, or a zombie."""
        stat = proc.read_stat(pid)
        return None if stat is None or stat.is_zombie else self._ref(stat)

    def liveness(self, process: ProcessRef) -> Liveness:
        """Boot first: after a reboot everything is dead, whatever pid namespace it was in. What could not
        be read, here or when the process was written down, is no news of a reboot."""
        host = self.host()
        if host.blindness or not process.boot_id:
            return "unknown"
        if process.boot_id != host.boot_id:
            return "dead"
        if process.pid_namespace != host.pid_namespace:
            return "unknown"
        try:
            stat = proc.read_stat(process.pid)
        except (PermissionError, Blind):
            return "unknown"
        if stat is None:
            return "dead" if not _exists_hidden(process.pid) else "unknown"
        return "dead" if stat.is_zombie or stat.start != process.start else "alive"

    def is_stopped(self, process: ProcessRef) -> bool:
        """By its state in /proc; False also where that is not ours to see."""
        if self.liveness(process) != "alive":
            return False
        stat = proc.read_stat(process.pid)
        return stat is not None and stat.start == process.start and stat.is_stopped

    def tree(self, tag: str, roots: Sequence[ProcessRef], cgroup: str = "") -> tuple[ProcessRef, ...]:
        """Group, session, descendants, tag and cgroup; see the port."""
        return self.trees([RunRef(tag, roots, cgroup)])[0]

    def trees(self, runs: Sequence[RunRef]) -> tuple[tuple[ProcessRef, ...], ...]:
        """``tree`` of each run, from one reading of /proc."""
        if not runs:
            return ()
        from tinyscheduler.adapters.processes.census import take_census

        census = take_census()
        return tuple(self._tree(census, run) for run in runs)

    def tagged(self, state_id: str) -> Mapping[str, tuple[ProcessRef, ...]]:
        """By tag, without this process, its ancestors, and whoever shares a tag with them."""
        if not state_id or self.host().blindness:
            return {}
        tags = dict(proc.tags_with(f"{state_id}:".encode()))
        near = {tags.get(pid) for pid in _lineage(os.getpid())} if tags else set()
        found: dict[str, tuple[ProcessRef, ...]] = {}
        for pid, tag in tags.items():
            ref = None if tag in near else self.identify(pid)
            if ref is not None:
                found[tag] = (*found.get(tag, ()), ref)
        return found

    def signal(self, process: ProcessRef, number: int) -> bool:
        """Open a pidfd, compare the start time, then signal: no window for a recycled pid."""
        import signal

        try:
            handle = os.pidfd_open(process.pid)
        except (OSError, OverflowError):
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

    def cgroup_named(self, name: str, processes: Sequence[ProcessRef]) -> str:
        """By /proc/PID/cgroup of each, up to the first that is in it; else where wrappers make them."""
        from tinyscheduler.adapters.processes.cgroups import find, path_of

        for process in processes:
            parts = path_of(process.pid).split("/")
            for depth, part in enumerate(parts, start=1):
                if part in (name, f"{name}.scope") and ".." not in parts:
                    return "/".join(parts[:depth])
        return find(name)

    def remove_cgroup(self, cgroup: str) -> None:
        """A folder that somebody is still in cannot be removed, so nothing is looked at first."""
        if cgroup:
            from tinyscheduler.adapters.processes.cgroups import remove

            remove(cgroup)

    def sweep_cgroups(self, prefix: str, keep: Collection[str]) -> None:
        """See the port. A run's is made beside that of the pass that starts it."""
        from tinyscheduler.adapters.processes.cgroups import remove, siblings

        for name, cgroup in siblings():
            if name.startswith(prefix) and name not in keep:
                remove(cgroup)

    def _ref(self, stat: proc.Stat) -> ProcessRef:
        host = self.host()
        return ProcessRef(stat.pid, stat.start, host.boot_id, host.pid_namespace)

    def _tree(self, census: dict[int, Seen], run: RunRef) -> tuple[ProcessRef, ...]:
        from tinyscheduler.adapters.processes.census import meet_also, members_of

        held = _held_by(run.cgroup)
        meet_also(census, held)
        there = {root.pid for root in run.roots if self._is_in(census, root)}
        pids = members_of(census, run.tag, roots=there, held=held)
        stats = [census[pid].stat for pid in sorted(pids)]
        return tuple(self._ref(stat) for stat in stats if not stat.is_zombie)

    def _is_in(self, census: Mapping[int, Seen], process: ProcessRef) -> bool:
        seen, host = census.get(process.pid), self.host()
        is_here = (process.boot_id, process.pid_namespace) == (host.boot_id, host.pid_namespace)
        return is_here and seen is not None and seen.stat.start == process.start


def _held_by(cgroup: str) -> set[int]:
    if not cgroup:
        return set()
    from tinyscheduler.adapters.processes.cgroups import members

    return members(cgroup)


def _lineage(pid: int) -> Iterator[int]:
    """The process, its parent, and so on."""
    while pid > 0:
        yield pid
        stat = proc.read_stat(pid)
        pid = 0 if stat is None else stat.parent


def _exists_hidden(pid: int) -> bool:
    """True if the pid is taken although /proc does not show it (mounted with hidepid)."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        # The second: no kernel has such a number. Nobody here reads one from a file, but who knows.
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
            # Gone, which the next look says, or no descriptor left: then the others or the clock wake us.
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
