"""A process table that is harder to live with than the real one."""

from collections.abc import Collection, Mapping, Sequence

from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.model.lease import ProcessRef
from tinyscheduler.model.snapshot import Liveness
from tinyscheduler.ports import Host, RunRef


class HauntedProcesses:
    """The real table, with one process in every tree that no signal of ours reaches.

    A stand-in for what hangs in the kernel or belongs to another user; such a process cannot be
    made to order.
    """

    def __init__(self, ghost: ProcessRef) -> None:
        self._real = ProcessTable()
        self._ghost = ghost

    def host(self) -> Host:
        return self._real.host()

    def me(self) -> ProcessRef:
        return self._real.me()

    def identify(self, pid: int) -> ProcessRef | None:
        return self._real.identify(pid)

    def liveness(self, process: ProcessRef) -> Liveness:
        return self._real.liveness(process)

    def is_stopped(self, process: ProcessRef) -> bool:
        return self._real.is_stopped(process)

    def tree(self, tag: str, roots: Sequence[ProcessRef], cgroup: str = "") -> tuple[ProcessRef, ...]:
        found = self._real.tree(tag, roots, cgroup)
        return found if self.liveness(self._ghost) == "dead" else (*found, self._ghost)

    def trees(self, runs: Sequence[RunRef]) -> tuple[tuple[ProcessRef, ...], ...]:
        return tuple(self.tree(*run) for run in runs)

    def cgroup_named(self, name: str, processes: Sequence[ProcessRef]) -> str:
        return self._real.cgroup_named(name, processes)

    def remove_cgroup(self, cgroup: str) -> None:
        self._real.remove_cgroup(cgroup)

    def sweep_cgroups(self, prefix: str, keep: Collection[str]) -> None:
        self._real.sweep_cgroups(prefix, keep)

    def tagged(self, state_id: str) -> Mapping[str, tuple[ProcessRef, ...]]:
        return self._real.tagged(state_id)

    def signal(self, process: ProcessRef, number: int) -> bool:
        return process != self._ghost and self._real.signal(process, number)

    def wait_gone(self, processes: Sequence[ProcessRef], timeout_s: float) -> tuple[ProcessRef, ...]:
        return self._real.wait_gone(processes, timeout_s)
