"""An engine whose wrappers are entries of the fake process table, moved by the test.

A wrapper does what design.md 6 says a wrapper does, one step at a time: ``adopt``, ``beat``,
``finish``. So a test decides when it is slow, hangs or dies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tests.fakes.clock import FakeClock
from tests.fakes.processes import FakeProcess, FakeProcesses
from tinyscheduler.errors import StartFailed
from tinyscheduler.model.lease import Lease, Outcome, OutcomeClass, Owner, Rung
from tinyscheduler.model.order import Order
from tinyscheduler.ports import LeaseStore


class FakeWrapper:
    """One started wrapper and, once it has adopted its lease, its agent."""

    def __init__(self, order: Order, process: FakeProcess, environment: Mapping[str, str]) -> None:
        self.order = order
        self.process = process
        self.environment = environment
        self.agent: FakeProcess | None = None
        self.hangs = False
        """It beats no more, whoever asks."""


class FakeEngine:
    """``ports.Engine``. ``leases`` gives a store of its own to each wrapper, as a process would have."""

    name = "local"
    containment: Rung = "scope"

    def __init__(self, processes: FakeProcesses, clock: FakeClock, leases: Callable[[], LeaseStore]) -> None:
        self._processes = processes
        self._clock = clock
        self._leases = leases
        self.wrappers: list[FakeWrapper] = []
        """All that were ever started, oldest first."""
        self.fail_starts = False
        self.adopts_at_once = False
        self.said: list[str] = []

    def start(self, order_path: str, order: Order, extra_env: Mapping[str, str]) -> str:
        if self.fail_starts:
            raise StartFailed("the fake engine has no room", hint="make room")
        wrapper = FakeWrapper(order, self._processes.spawn(order.tag), extra_env)
        self.wrappers.append(wrapper)
        if self.adopts_at_once:
            self.adopt(wrapper)
        return str(wrapper.process.ref.pid)

    def notices(self) -> Sequence[str]:
        said, self.said = self.said, []
        return said

    def newest(self, task_id: str = "1") -> FakeWrapper:
        """The last wrapper that was started for the task."""
        return [wrapper for wrapper in self.wrappers if wrapper.order.task_id == task_id][-1]

    def is_alive(self, wrapper: FakeWrapper) -> bool:
        return self._processes.liveness(wrapper.process.ref) == "alive"

    def take_owner(self, wrapper: FakeWrapper) -> bool:
        """The exclusive create alone, as if the wrapper were killed right after it."""
        order = wrapper.order
        host = self._processes.host()
        mine = Owner(order.lease_id, "wrapper", wrapper.process.ref, host.machine_id, host.name)
        return self._leases().take(order.task_id, mine) == mine

    def adopt(self, wrapper: FakeWrapper) -> bool:
        """Owner file, lease ``running``, agent. False: it was too late, and has left."""
        leases, order = self._leases(), wrapper.order
        if not self.take_owner(wrapper):
            self._processes.end(wrapper.process.ref)
            return False
        lease = leases.read(order.task_id)
        if not isinstance(lease, Lease) or lease.lease_id != order.lease_id or lease.state != "starting":
            leases.drop_owner(order.task_id, order.lease_id)
            self._processes.end(wrapper.process.ref)
            return False
        wrapper.agent = self._processes.spawn(order.tag, parent=wrapper.process.ref.pid)
        leases.write(self._beaten(lease, wrapper)._replace(state="running"))
        return True

    def beat(self, wrapper: FakeWrapper) -> None:
        leases = self._leases()
        lease = leases.read(wrapper.order.task_id)
        is_ours = isinstance(lease, Lease) and lease.lease_id == wrapper.order.lease_id
        if isinstance(lease, Lease) and is_ours and not wrapper.hangs:
            leases.beat(self._beaten(lease, wrapper))

    def finish(self, wrapper: FakeWrapper, kind: OutcomeClass = "succeeded") -> None:
        """The agent ends, the outcome goes into the lease, the wrapper ends."""
        self.end_with(wrapper, Outcome(kind, self._clock.now()))

    def end_with(self, wrapper: FakeWrapper, outcome: Outcome) -> None:
        """As ``finish``, with a whole outcome."""
        leases = self._leases()
        lease = leases.read(wrapper.order.task_id)
        if isinstance(lease, Lease) and lease.lease_id == wrapper.order.lease_id:
            leases.write(self._beaten(lease, wrapper)._replace(state="finished", outcome=outcome))
        self.die(wrapper)

    def die(self, wrapper: FakeWrapper) -> None:
        """Everything of the run is gone without a word."""
        for process in (wrapper.agent, wrapper.process):
            if process is not None:
                self._processes.end(process.ref)

    def _beaten(self, lease: Lease, wrapper: FakeWrapper) -> Lease:
        agent = wrapper.agent
        return lease._replace(
            heartbeat_at=self._clock.now(),
            heartbeat_monotonic=self._clock.monotonic(),
            wrapper_pid=wrapper.process.ref.pid,
            wrapper_start=wrapper.process.ref.start,
            agent_pid=None if agent is None else agent.ref.pid,
            agent_start=None if agent is None else agent.ref.start,
        )
