"""A wrapper as a state machine: the product's own rules, one turn at a time.

Adoption, the lease in its hands, the course of the run with its limits, the tree and the judgement are the
product's. Only the loop around them is not: ``wrapper.watch`` sleeps in ``poll`` on real files.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.simulation.agent import Agent
from tests.simulation.body import Body, Killed
from tests.simulation.house import CALM, Machine
from tests.simulation.ports import leases_of, runs_of
from tests.simulation.table import TableView
from tinyscheduler.errors import StateError
from tinyscheduler.model.lease import Outcome, containment_name
from tinyscheduler.ports import Enclosure, RunRef
from tinyscheduler.wrapper.adoption import adopt
from tinyscheduler.wrapper.course import Course
from tinyscheduler.wrapper.outcomes import Cause, Ending, judge
from tinyscheduler.wrapper.outside import outside_cause
from tinyscheduler.wrapper.tree import RunTree

if TYPE_CHECKING:
    from tests.fakes.processes import FakeProcess
    from tinyscheduler.model.lease import ProcessRef
    from tinyscheduler.model.order import Order
    from tinyscheduler.model.result import BadResult, RunResult
    from tinyscheduler.wrapper.heartbeat import HeldLease
    from tinyscheduler.wrapper.states import Event

START_FAILS = 0.02
"""How often the agent's program cannot be started, while fate strikes at all."""


class Ear(NamedTuple):
    """What ``outside_cause`` asks of a wakeup."""

    asked_by: str | None


class Wrapper(Body):
    """One wrapper, from its first instruction until it has become a pass and ended; ``course.Sight`` of its
    agent."""

    kind = "wrapper"

    def __init__(self, machine: Machine, process: FakeProcess, order: Order) -> None:
        super().__init__(machine, process)
        self.order = order
        self.is_stopped = False
        """SIGSTOP: it takes no turn, and hears TERM only when it is woken."""
        self.held: HeldLease | None = None
        self.agent: Agent | None = None
        rung = self.house.rung
        name = containment_name(order.tag)
        self.enclosure = Enclosure(rung, f"/{name}" if rung == "cgroup" else "")
        self._leases = leases_of(self)
        self._runs = runs_of(self)
        self._view = TableView(machine.table, self)
        self._asked_by: str | None = None
        self._is_busy = False
        self._next: Callable[[], None] = self._adopt
        if rung != "group":
            machine.table.heirs.add(process.ref.pid)
        process.ignores.add(signal.SIGTERM)
        machine.table.ears[process.ref] = self._hear

    def turn(self) -> None:
        """Do what is due now, if anything is."""
        if self._is_busy or self.is_stopped or not self.is_alive:
            return
        self._is_busy = True
        self.house.steps += 1
        try:
            self._next()
        except Killed:
            return
        finally:
            self._is_busy = False

    def _hear(self, number: int) -> None:
        if number == signal.SIGTERM:
            self._asked_by = "SIGTERM"

    def _adopt(self) -> None:
        try:
            self.held = adopt(
                self.order,
                leases=self._leases,
                processes=self._view,
                clock=self.machine.clock,
                log=self._log(),
                enclosure=self.enclosure,
            )
        except StateError:
            self.held = None
        if self.held is None:
            self.house.tell(self.name, "leaves: nothing to adopt")
            self.end()
        else:
            self._next = self._begin

    def _begin(self) -> None:
        cause = self.outside_cause()
        now = self.machine.clock.now()
        if cause is not None:
            self._record_soon(Outcome(cause.kind, now, summary=cause.why))
            return
        self.effect("spawn", f"agent of task {self.order.task_id}")
        if self.house.rates is not CALM and self.house.chance.random() < START_FAILS:
            self._record_soon(Outcome("start_failed", now, summary="no such program"))
            return
        self.agent = Agent.start(self)
        self._course = Course(self.order, self.now_s())
        self._tree = RunTree(
            self._view, RunRef(self.order.tag, (self.agent.process.ref,), self.enclosure.cgroup)
        )
        self._next = self._watch
        assert self.held is not None, "adopted before"
        if self.held.set_agent(self.agent.process.ref.pid, self.agent.process.ref) == "lost":
            self._take(self._course.lose_lease())

    def _watch(self) -> None:
        for event in self._course.events(self):
            self._take(event)
        if self._course.state == "gone":
            self._next = self._judge

    # --- what is seen -----------------------------------------------------------------------------

    def now_s(self) -> float:
        return self.machine.clock.monotonic()

    def quiet_s(self) -> float:
        """Agents here are heard of all the time."""
        return 0.0

    def has_agent_ended(self) -> bool:
        return self.agent is not None and not self.agent.is_alive

    def is_asked(self) -> bool:
        return self._asked_by is not None

    def outside_cause(self) -> Cause | None:
        world: Any = _Asked(self._leases, Ear(self._asked_by), self._log())
        cause = outside_cause(self.order, world)
        is_estopped = self.files.exists(self.house.configuration.places.estop_file)
        if is_estopped and (cause is None or cause.kind == "interrupted"):
            return Cause("interrupted", "stopped by ESTOP")
        return cause

    def beat(self) -> bool:
        assert self.held is not None, "adopted before"
        return self.held.beat() != "lost"

    def note_silence(self) -> bool:
        return True

    def survivors(self) -> Sequence[ProcessRef]:
        return self._tree.survivors()

    def say(self, text: str) -> None:
        self._log().say(text)

    # --- what is done -----------------------------------------------------------------------------

    def _take(self, event: Event) -> None:
        match self._course.take(event, self.now_s()):
            case "nothing":
                pass
            case "warn" | "terminate":
                self._tree.signal(signal.SIGTERM)
            case "kill":
                self._tree.signal(signal.SIGKILL)

    def _judge(self) -> None:
        if self._course.is_lease_lost:
            self.end()
            return
        assert self.agent is not None, "judged after its end"
        ending = Ending(
            at=self.machine.clock.now(),
            code=self.agent.code,
            signal=self.agent.signal,
            success=self.order.success,
            stop=self._course.cause or self.outside_cause(),
            limit=self._course.limit,
            result=self._result(),
        )
        self._record_soon(judge(ending))

    def _result(self) -> RunResult | BadResult | None:
        try:
            return self._runs.result(self.order.result, redact=str)
        except StateError:
            return None

    def _record_soon(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._next = self._record

    def _record(self) -> None:
        assert self.held is not None, "adopted before"
        kept = self.held.finish(self._outcome)
        if kept == "failed":
            self.held.beat()
        elif kept == "kept":
            self._become_a_pass()
        else:
            self.end()

    def _become_a_pass(self) -> None:
        from tests.simulation.passes import run_pass

        self.process.tag = None
        self.process.ignores.clear()
        self.machine.table.ears.pop(self.process.ref, None)
        run_pass(self)

    def _log(self) -> Any:
        return _Words(self)


class _Asked(NamedTuple):
    leases: object
    wakeup: Ear
    log: object


class _Words:
    """``wrapper.log`` goes into the story."""

    def __init__(self, wrapper: Wrapper) -> None:
        self._wrapper = wrapper

    def say(self, text: str) -> None:
        self._wrapper.house.tell(self._wrapper.name, f'says "{text}"')
