"""A process table in memory: real laws about who is who, and hands to kill, freeze and reboot."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Mapping, Sequence

from tests.builders import HOST
from tests.fakes.clock import FakeClock
from tinyscheduler.model.lease import ProcessRef
from tinyscheduler.model.snapshot import Liveness
from tinyscheduler.ports import Host, RunRef

PASS_PID = 2


class FakeProcess:
    """One process. ``ignores`` are signals without effect; ``on_term`` runs before it ends by TERM."""

    def __init__(self, ref: ProcessRef, tag: str | None, parent: int) -> None:
        self.ref = ref
        self.tag = tag
        self.parent = parent
        self.cgroup = ""
        self.ignores: set[int] = set()
        self.on_term: Callable[[], None] | None = None


class FakeProcesses:
    """``ports.Processes`` over a dict. Waiting for processes that stay moves the clock."""

    def __init__(self, clock: FakeClock, host: Host = HOST) -> None:
        self._clock = clock
        self._host = host
        self._alive: dict[int, FakeProcess] = {}
        self._next_pid = 100
        self.signals: list[tuple[int, int]] = []
        """Who was sent what, for tests about strangers."""
        self.on_wait: Callable[[], object] | None = None
        """What the world does while somebody waits for processes."""
        self.removed_cgroups: list[str] = []
        self.left_cgroups: set[str] = set()
        """That are there, as far as somebody sweeps them."""
        self.stopped: set[int] = set()
        """Pids that a signal has stopped."""

    # --- the port ------------------------------------------------------------------------------

    def host(self) -> Host:
        return self._host

    def me(self) -> ProcessRef:
        return ProcessRef(PASS_PID, 1, self._host.boot_id, self._host.pid_namespace)

    def identify(self, pid: int) -> ProcessRef | None:
        found = self._alive.get(pid)
        return None if found is None else found.ref

    def liveness(self, process: ProcessRef) -> Liveness:
        if self._host.blindness or not process.boot_id:
            return "unknown"
        if process.boot_id != self._host.boot_id:
            return "dead"
        if process.pid_namespace != self._host.pid_namespace:
            return "unknown"
        return "alive" if self.identify(process.pid) == process else "dead"

    def is_stopped(self, process: ProcessRef) -> bool:
        return self.liveness(process) == "alive" and process.pid in self.stopped

    def tree(self, tag: str, roots: Sequence[ProcessRef], cgroup: str = "") -> tuple[ProcessRef, ...]:
        found = {p.ref.pid for p in self._alive.values() if p.tag == tag}
        if cgroup:
            found |= {p.ref.pid for p in self._alive.values() if p.cgroup == cgroup and p.tag is None}
        found |= {root.pid for root in roots if self.liveness(root) == "alive"}
        grown = True
        while grown:
            fresh = {
                p.ref.pid
                for p in self._alive.values()
                if p.parent in found and p.ref.pid not in found and p.tag in (None, tag)
            }
            found |= fresh
            grown = bool(fresh)
        return tuple(self._alive[pid].ref for pid in sorted(found))

    def trees(self, runs: Sequence[RunRef]) -> tuple[tuple[ProcessRef, ...], ...]:
        return tuple(self.tree(*run) for run in runs)

    def cgroup_named(self, name: str, processes: Sequence[ProcessRef]) -> str:
        found = (self._alive[p.pid].cgroup for p in processes if p.pid in self._alive)
        return next((cgroup for cgroup in found if cgroup.rpartition("/")[2] == name), "")

    def remove_cgroup(self, cgroup: str) -> None:
        if not cgroup:
            return
        assert all(p.cgroup != cgroup for p in self._alive.values()), "the cgroup of a run that lives"
        self.removed_cgroups.append(cgroup)

    def sweep_cgroups(self, prefix: str, keep: Collection[str]) -> None:
        held = {process.cgroup for process in self._alive.values()}
        for cgroup in sorted(self.left_cgroups - held):
            name = cgroup.rpartition("/")[2]
            if name.startswith(prefix) and name not in keep:
                self.left_cgroups.remove(cgroup)

    def tagged(self, state_id: str) -> Mapping[str, tuple[ProcessRef, ...]]:
        found: dict[str, tuple[ProcessRef, ...]] = {}
        if self._host.blindness:
            return found
        for process in self._alive.values():
            if process.tag is not None and state_id and process.tag.startswith(f"{state_id}:"):
                found[process.tag] = (*found.get(process.tag, ()), process.ref)
        return found

    def signal(self, process: ProcessRef, number: int) -> bool:
        if self.liveness(process) != "alive":
            return False
        self.signals.append((process.pid, number))
        found = self._alive[process.pid]
        if number in found.ignores:
            return True
        if number == signal.SIGTERM and found.on_term is not None:
            found.on_term()
        if number in (signal.SIGTERM, signal.SIGKILL):
            self.end(process)
        return True

    def wait_gone(self, processes: Sequence[ProcessRef], timeout_s: float) -> tuple[ProcessRef, ...]:
        left = tuple(p for p in processes if self.liveness(p) != "dead")
        if left:
            self._clock.advance(timeout_s)
            if self.on_wait is not None:
                self.on_wait()
        return left

    # --- hands ---------------------------------------------------------------------------------

    def spawn(self, tag: str | None = None, *, parent: int = 1, pid: int | None = None) -> FakeProcess:
        """A new process; a ``pid`` of a dead one recycles it with a later start time."""
        self._next_pid += 1
        number = pid or self._next_pid
        start = self._next_pid * 10
        ref = ProcessRef(number, start, self._host.boot_id, self._host.pid_namespace)
        self._alive[number] = FakeProcess(ref, tag, parent)
        return self._alive[number]

    def end(self, process: ProcessRef) -> None:
        """It is gone; its children belong to init now."""
        self._alive.pop(process.pid, None)
        for child in self._alive.values():
            if child.parent == process.pid:
                child.parent = 1

    def living(self) -> list[FakeProcess]:
        return list(self._alive.values())

    def put_blinkers_on(self, **hidden: str) -> None:
        """What this process may read of its machine is changed; the others live on."""
        self._host = self._host._replace(**hidden)

    def reboot(self) -> None:
        """Everybody is dead, and the machine has another boot id."""
        self._alive.clear()
        self._host = self._host._replace(boot_id=f"{self._host.boot_id}+")
        self._clock.reboot()
