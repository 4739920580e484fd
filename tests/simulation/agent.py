"""Agents: what they do to their task, to their wrapper's patience and to the process table.

Each plan is a generator; what lies between two ``yield`` happens in one turn.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from tests.simulation.body import Body, Killed
from tests.simulation.house import CALM, PERSON
from tinyscheduler.errors import TaskServerError

if TYPE_CHECKING:
    from tests.fakes.processes import FakeProcess
    from tests.simulation.house import Machine
    from tests.simulation.wrapper import Wrapper
    from tinyscheduler.model.ids import LeaseId, TaskId
    from tinyscheduler.model.order import Order


class Agent(Body):
    """One agent, or something that an agent has left running."""

    kind = "agent"

    def __init__(self, machine: Machine, process: FakeProcess, order: Order, plan: str, cgroup: str) -> None:
        super().__init__(machine, process)
        process.cgroup = cgroup
        self.order = order
        self.plan = plan
        self.code: int | None = None
        self.signal: int | None = None
        self._deeds = PLANS[plan](self)
        self._is_busy = False
        machine.table.ears[process.ref] = self._hear
        self.house.agents.append(self)
        self.house.tell(self.name, f"begins on task {order.task_id} ({plan}), lease {order.lease_id}")

    @staticmethod
    def start(wrapper: Wrapper) -> Agent:
        """The child of a wrapper."""
        house, machine = wrapper.house, wrapper.machine
        plans = house.plans or (("succeed", "exit") if house.rates is CALM else PLAN_NAMES)
        process = machine.table.spawn(wrapper.order.tag, parent=wrapper.process.ref.pid)
        agent = Agent(machine, process, wrapper.order, house.chance.choice(plans), wrapper.enclosure.cgroup)
        house.at_start(agent)
        return agent

    @property
    def task_id(self) -> TaskId:
        return self.order.task_id

    @property
    def lease_id(self) -> LeaseId:
        return self.order.lease_id

    def turn(self) -> None:
        if self._is_busy or not self.is_alive:
            return
        self._is_busy = True
        self.house.steps += 1
        try:
            next(self._deeds, None)
        except Killed:
            return
        finally:
            self._is_busy = False

    def exit(self, code: int) -> None:
        self.effect("exit", str(code))
        self.code = code
        if self.plan.startswith("fail"):
            self.house.failures[self.task_id] += 1
        else:
            self.house.failures.pop(self.task_id, None)
        self.end()

    def write_result(self, text: str) -> None:
        """Agents know nothing of temporary files."""
        try:
            self.files.replace(self.order.result, text.encode(), sync_file=False, sync_folder=False)
        except OSError:
            self.house.tell(self.name, "could not write its result")

    def say_result(self, status: str, **more: object) -> None:
        self.write_result(json.dumps({"status": status, "summary": "so it went", **more}))

    def tell_server(self, what: str, act: Callable[[], object]) -> None:
        self.effect("ask", what)
        try:
            act()
        except TaskServerError:
            self.house.tell(self.name, "was refused")

    def fork(self, plan: str, *, is_tagged: bool = True) -> None:
        """A child, with the tag or with an empty environment."""
        self.effect("fork", plan)
        tag = self.order.tag if is_tagged else None
        process = self.machine.table.spawn(tag, parent=self.process.ref.pid)
        self.house.at_start(Agent(self.machine, process, self.order, plan, self.process.cgroup))

    def _hear(self, number: int) -> None:
        if number not in self.process.ignores and self.code is None:
            self.signal = number


def _succeed(agent: Agent) -> Iterator[None]:
    yield
    agent.say_result("success")
    yield
    agent.exit(0)


def _exit(agent: Agent) -> Iterator[None]:
    yield
    agent.exit(0)


def _fail(agent: Agent) -> Iterator[None]:
    yield
    agent.exit(1)


def _fail_at_once(agent: Agent) -> Iterator[None]:
    agent.exit(1)
    yield


def _defer(agent: Agent) -> Iterator[None]:
    yield
    agent.exit(75)


def _hang(_agent: Agent) -> Iterator[None]:
    while True:
        yield


def _ignore_term(agent: Agent) -> Iterator[None]:
    agent.process.ignores.add(signal.SIGTERM)
    yield from _hang(agent)


def _hang_in_the_kernel(agent: Agent) -> Iterator[None]:
    """No signal ends it, for a while: its disk does not answer."""
    agent.process.ignores |= {signal.SIGTERM, signal.SIGKILL}
    for _ in range(agent.house.chance.randint(1, 20)):
        yield
    agent.process.ignores.clear()
    yield from _hang(agent)


def _report_a_limit(agent: Agent) -> Iterator[None]:
    """The provider wants to be left alone for a while."""
    yield
    agent.say_result("failed", rate_limited={"retry_after_sec": 300})
    yield
    agent.exit(1)


def _leave_a_daemon(agent: Agent) -> Iterator[None]:
    """What it leaves has another parent as soon as it has ended."""
    yield
    agent.fork("hang")
    yield
    agent.exit(0)


def _leave_a_ghost(agent: Agent) -> Iterator[None]:
    """A daemon with an empty environment: without a cgroup nobody could find it again once the wrapper
    was killed (docs/security.md)."""
    yield
    agent.fork("ignore_term", is_tagged=agent.house.rung != "cgroup")
    yield
    agent.exit(1)


def _leave_a_deaf_child(agent: Agent) -> Iterator[None]:
    agent.fork("ignore_term")
    yield
    agent.exit(1)


def _report(status: str) -> Callable[[Agent], Iterator[None]]:
    def deeds(agent: Agent) -> Iterator[None]:
        yield
        agent.say_result(status)
        yield
        agent.exit(0)

    return deeds


def _babble(agent: Agent) -> Iterator[None]:
    yield
    agent.write_result("[" * 5)
    yield
    agent.exit(0)


def _succeed_and_be_killed(agent: Agent) -> Iterator[None]:
    """With its wrapper: the memory ran out."""
    yield
    agent.say_result("success")
    yield
    for wrapper in agent.house.wrappers:
        if wrapper.order.lease_id == agent.lease_id:
            wrapper.end()
    agent.signal = signal.SIGKILL
    agent.end()


def _complete(agent: Agent) -> Iterator[None]:
    yield
    server = agent.house.server
    agent.tell_server("complete", lambda: server.update(agent.task_id, status="complete"))
    yield
    agent.exit(0)


def _hand_on(agent: Agent) -> Iterator[None]:
    """In three slow steps."""
    house, server = agent.house, agent.house.server

    def assign() -> None:
        server.update(agent.task_id, assigned_to=PERSON)
        house.persons.add(agent.task_id)

    yield
    agent.tell_server("idle", lambda: server.update(agent.task_id, status="idle"))
    yield
    agent.tell_server("assign", assign)
    yield
    agent.exit(0)


def _set_idle(agent: Agent) -> Iterator[None]:
    yield
    server = agent.house.server
    agent.tell_server("idle", lambda: server.update(agent.task_id, status="idle"))
    yield
    agent.exit(0)


PLANS: Mapping[str, Callable[[Agent], Iterator[None]]] = {
    "succeed": _succeed,
    "exit": _exit,
    "fail": _fail,
    "fail_at_once": _fail_at_once,
    "defer": _defer,
    "hang": _hang,
    "ignore_term": _ignore_term,
    "hang_in_the_kernel": _hang_in_the_kernel,
    "report_a_limit": _report_a_limit,
    "leave_a_daemon": _leave_a_daemon,
    "leave_a_ghost": _leave_a_ghost,
    "leave_a_deaf_child": _leave_a_deaf_child,
    "report_partial": _report("partial"),
    "report_failed": _report("failed"),
    "report_handoff": _report("handoff"),
    "babble": _babble,
    "succeed_and_be_killed": _succeed_and_be_killed,
    "complete": _complete,
    "hand_on": _hand_on,
    "set_idle": _set_idle,
}
PLAN_NAMES = tuple(PLANS)
