"""The process table of a simulated machine: processes that hear TERM, that are stopped, that stay."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tests.fakes.processes import FakeProcess, FakeProcesses
from tinyscheduler.model.lease import ProcessRef

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tests.simulation.body import Body
    from tinyscheduler.model.snapshot import Liveness
    from tinyscheduler.ports import Host, RunRef

WAITS = 3
"""Into how many parts a wait for others is cut: they get a turn in each."""


class Table(FakeProcesses):
    """As the fake, but a process may have an ear for TERM, and waiting lets others go on."""

    waits: Callable[[float], None]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.heirs: set[int] = set()
        """Wrappers that inherit orphans."""
        self.ears: dict[ProcessRef, Callable[[int], None]] = {}
        """Who is told of signals that do not end it by themselves, and of its death by one that does."""

    def get(self, pid: int) -> FakeProcess | None:
        return self._alive.get(pid)

    def signal(self, process: ProcessRef, number: int) -> bool:
        if self.liveness(process) != "alive":
            return False
        found = self._alive[process.pid]
        ear = self.ears.get(process)
        if ear is not None:
            ear(number)
        if number not in found.ignores and number in (signal.SIGTERM, signal.SIGKILL):
            self.end(process)
        return True

    def wait_gone(self, processes: Sequence[ProcessRef], timeout_s: float) -> tuple[ProcessRef, ...]:
        for _ in range(WAITS):
            if not self._left(processes):
                break
            self.waits(timeout_s / WAITS)
        return self._left(processes)

    def end(self, process: ProcessRef) -> None:
        """It is gone. What it leaves belongs to the wrapper above it, if that inherits orphans."""
        gone = self._alive.get(process.pid)
        children = [child for child in self._alive.values() if child.parent == process.pid]
        super().end(process)
        if gone is not None and gone.parent in self.heirs:
            for child in children:
                child.parent = gone.parent

    def _left(self, processes: Sequence[ProcessRef]) -> tuple[ProcessRef, ...]:
        return tuple(process for process in processes if self.liveness(process) != "dead")


class TableView:
    """``ports.Processes`` as one process sees it: itself, and signals that are its effects."""

    def __init__(self, table: Table, body: Body) -> None:
        self._table = table
        self._body = body

    def host(self) -> Host:
        return self._table.host()

    def me(self) -> ProcessRef:
        return self._body.process.ref

    def identify(self, pid: int) -> ProcessRef | None:
        return self._table.identify(pid)

    def liveness(self, process: ProcessRef) -> Liveness:
        return self._table.liveness(process)

    def is_stopped(self, process: ProcessRef) -> bool:
        return self._table.is_stopped(process)

    def tree(self, tag: str, roots: Sequence[ProcessRef], cgroup: str = "") -> tuple[ProcessRef, ...]:
        return self._but_me(self._table.tree(tag, roots, cgroup))

    def trees(self, runs: Sequence[RunRef]) -> tuple[tuple[ProcessRef, ...], ...]:
        return tuple(self._but_me(tree) for tree in self._table.trees(runs))

    def tagged(self, state_id: str) -> Mapping[str, tuple[ProcessRef, ...]]:
        return self._table.tagged(state_id)

    def signal(self, process: ProcessRef, number: int) -> bool:
        self._body.effect("signal", f"{number} to {process.pid}")
        return self._table.signal(process, number)

    def wait_gone(self, processes: Sequence[ProcessRef], timeout_s: float) -> tuple[ProcessRef, ...]:
        left = self._table.wait_gone(processes, timeout_s)
        self._body.effect("wait", "")
        return left

    def cgroup_named(self, name: str, processes: Sequence[ProcessRef]) -> str:
        return self._table.cgroup_named(name, processes)

    def remove_cgroup(self, cgroup: str) -> None:
        self._body.effect("remove_cgroup", cgroup)
        self._table.remove_cgroup(cgroup)

    def sweep_cgroups(self, prefix: str, keep: Collection[str]) -> None:
        self._body.effect("sweep_cgroups", prefix)
        self._table.sweep_cgroups(prefix, keep)

    def _but_me(self, tree: tuple[ProcessRef, ...]) -> tuple[ProcessRef, ...]:
        return tuple(process for process in tree if process != self._body.process.ref)
