"""The ports to the machine: time, locks, processes, and how a wrapper is started and held."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from tinyscheduler.model.lease import ProcessRef, Rung
    from tinyscheduler.model.machine import MachineState
    from tinyscheduler.model.order import Order
    from tinyscheduler.model.snapshot import Liveness


class Host(NamedTuple):
    """Where this process runs; constant for its life. What cannot be read is empty, and equal to nothing."""

    name: str
    machine_id: str
    """Many containers have none."""
    boot_id: str
    pid_namespace: str

    @property
    def blindness(self) -> str:
        """Why nobody here can be called dead or alive; empty: that can be told. Such a process starts
        nothing, ends nothing, and writes its name nowhere (law 4)."""
        facts = {"/proc/sys/kernel/random/boot_id": self.boot_id, "/proc/self/ns/pid": self.pid_namespace}
        return " and ".join(path for path, found in facts.items() if not found)

    def is_elsewhere(self, machine_id: str, name: str) -> bool:
        """Whether that is, or may be, another machine. Without machine ids the names of the hosts decide."""
        return machine_id != self.machine_id or (not machine_id and name != self.name)


class Clock(Protocol):
    """Time as one pass sees it."""

    def now(self) -> datetime:
        """Aware UTC."""

    def monotonic(self) -> float:
        """CLOCK_MONOTONIC in seconds: stands still while the machine is suspended."""

    def sleep(self, seconds: float) -> None:
        """Let time pass; for waits of less than a second."""


class Gauge(Protocol):
    """How busy this machine is."""

    def read(self) -> MachineState:
        """Of this moment; what cannot be told is None. Never raises."""


class HookAnswer(NamedTuple):
    """What a command of the operator's said."""

    code: int | None
    """Exit status; None: it has none, because it could not be run, took too long or a signal ended it."""
    text: str
    """The first line it printed, or why there is none."""
    is_begun: bool = True
    """False: there is no such program, or it may not be run; for the next question it is the same."""


class Hooks(Protocol):
    """Commands of the operator's that are asked in the middle of a pass."""

    def ask(self, argv: Sequence[str], question: bytes, *, timeout_s: float) -> HookAnswer:
        """Run it with ``question`` on its standard input, without a shell and with none of our secrets.
        Of what it has started nothing is left when this returns, but for what has made itself a session
        of its own. Never raises."""


class StopSignal(Protocol):
    """A person's or the system's wish that this process should end."""

    def is_asked(self) -> bool:
        """The wish was uttered."""

    def wait(self, timeout_s: float) -> bool:
        """Sleep until it is uttered or time is up; whether it was."""


class LockHolder(NamedTuple):
    """Who has signed for the lock, and when that took it."""

    process: ProcessRef
    at: datetime


class RunLock(Protocol):
    """One pass at a time per state folder."""

    def acquire(self) -> bool:
        """Try once, never wait. True: ours until ``release``. Raises StateError."""

    def release(self) -> None:
        """Idempotent."""

    def holder(self) -> LockHolder | None:
        """Who has signed last and not let go: whether that process lives is for ``Processes`` to say. None:
        nobody, or nothing that can be read. Takes nothing and never raises."""

    def poke(self) -> None:
        """Ask whoever holds the lock to look once more before it leaves."""

    def was_poked(self) -> bool:
        """True once per poke; asking takes it away."""


class RunRef(NamedTuple):
    """What is known of the processes of one run."""

    tag: str
    roots: Sequence[ProcessRef] = ()
    """Wrapper and agent, as far as they are known."""
    cgroup: str = ""
    """Checked by the caller to be one of ours; empty: there is none."""


class Processes(Protocol):
    """The process table of this machine."""

    def host(self) -> Host:
        """Of this process."""

    def me(self) -> ProcessRef:
        """This process."""

    def identify(self, pid: int) -> ProcessRef | None:
        """The process that has this pid now; None: nobody, or a zombie."""

    def liveness(self, process: ProcessRef) -> Liveness:
        """Law 5: another start time or boot is dead, another pid namespace unknown."""

    def is_stopped(self, process: ProcessRef) -> bool:
        """Alive, and a signal or a debugger has stopped it: it does nothing until somebody lets it go on."""

    def tree(self, tag: str, roots: Sequence[ProcessRef], cgroup: str = "") -> tuple[ProcessRef, ...]:
        """Every live process of a run: the roots, their process groups and sessions, their
        descendants, whatever carries the tag, and the members of the cgroup; stops at processes
        that carry another tag. Never contains this process."""

    def trees(self, runs: Sequence[RunRef]) -> tuple[tuple[ProcessRef, ...], ...]:
        """``tree`` for each of the runs, in their order, looked at together."""

    def tagged(self, state_id: str) -> Mapping[str, tuple[ProcessRef, ...]]:
        """Everybody who carries a tag of this state folder, by tag; nobody for the empty id. Without the
        tags of this process and of its ancestors: a pass that an agent starts must not end its agent."""

    def signal(self, process: ProcessRef, number: int) -> bool:
        """Through a pidfd, after comparing the start time. False: it was gone, or may not be touched."""

    def wait_gone(self, processes: Sequence[ProcessRef], timeout_s: float) -> tuple[ProcessRef, ...]:
        """Wait until all are gone or time is up; those that are left."""

    def cgroup_named(self, name: str, processes: Sequence[ProcessRef]) -> str:
        """The cgroup or scope of this name that one of them is in, at whatever depth, or that is where such
        are made; empty: none."""

    def remove_cgroup(self, cgroup: str) -> None:
        """Of a run that is proven gone; one that is not there, not empty or not ours to remove is left."""

    def sweep_cgroups(self, prefix: str, keep: Collection[str]) -> None:
        """Remove those that nobody is in, of this prefix and beside this process's own: what is left of runs
        that were given up. Those of ``keep`` may be about to be entered."""


class Enclosure(NamedTuple):
    """What holds the processes of one run."""

    rung: Rung
    cgroup: str = ""


class Containment(Protocol):
    """How a wrapper keeps its agent's processes together. Never raises: there is always a lower rung."""

    def plan(self, name: str, best: Rung) -> Enclosure:
        """The best rung that looks possible, from ``best`` downwards. Changes nothing."""

    def enter(self, plan: Enclosure) -> Enclosure:
        """From here on what this process starts is inside. What it came to be: the plan or a lower rung."""

    def leave(self) -> None:
        """The agent is there: this process goes out, what it has started stays in."""

    def inherits_orphans(self) -> bool:
        """Descendants whose parent ends become children of this process, which reaps them."""

    def close(self) -> None:
        """The tree is gone. Idempotent."""


class Engine(Protocol):
    """How a wrapper is started."""

    name: str
    containment: Rung
    """The best rung that may be tried."""

    def start(self, order_path: str, order: Order, extra_env: Mapping[str, str]) -> str:
        """Start the wrapper detached from this process, its streams away from ours, carrying the
        order's tag from exec on. Returns engine_ref. Raises StartFailed; then nothing runs."""

    def notices(self) -> Sequence[str]:
        """What a person should know of the starts so far; each thing once."""
