"""Any sequence of passes, crashes, broken lines, wrappers and people: the laws hold at every instant.

What the tables of the other files did not think of. A failure prints the steps; shrunk, they are a
test of their own.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.builders import an_agent
from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.engine import FakeWrapper
from tests.fakes.flaky import FlakyLine, Way, line_to
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.errors import TaskServerError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import OutcomeClass
from tinyscheduler.model.policy import Policy
from tinyscheduler.reconcile.run import run_once

AGENTS = ("dev-1", "dev-2")
KINDS: tuple[OutcomeClass, ...] = (
    "succeeded",
    "failed",
    "no_result",
    "handed_off",
    "interrupted",
    "start_failed",
)
WAYS: tuple[Way, ...] = ("not_sent", "not_applied", "applied", "late")
LATE_S = 30
"""How long a call may be on its way: the longest stall of the public server (tinytask 5)."""
SETTLE_PASSES = 25
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Thousands of files are synced here; on a disk that would take minutes."""


class Lives(RuleBasedStateMachine):
    """Two agents, three tasks, and everything that may happen to them."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory(dir=IN_MEMORY)
        agents = [an_agent(name) for name in AGENTS]
        self.stage: Stage = a_stage(self.folder.name, agents=agents, policy=Policy(max_parallel=2))
        server = self.stage.server
        self.tasks = [
            server.create(queue="dev", priority=2),
            server.create(queue="dev", assigned_to="dev-1", priority=1),
            server.create(queue="dev"),
        ]
        self.late: list[tuple[float, FlakyLine]] = []
        """Until when each line may have a call on its way."""
        self.peoples: set[TaskId] = set()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            try:
                self.settle_down()
            finally:
                self.folder.cleanup()

    # --- passes ---------------------------------------------------------------------------------

    @rule()
    def a_pass(self) -> None:
        self.stage.run()

    @rule(effect=st.integers(1, 14))
    def a_pass_that_dies(self, effect: int) -> None:
        try:
            run_once(dying(self.stage.world(), Fuse(effect)))
        except Crash:
            return

    @rule(at=st.integers(1, 4), way=st.sampled_from(WAYS))
    def a_pass_whose_line_breaks(self, at: int, way: Way) -> None:
        port, line = line_to(self.stage.server, at=at, way=way, only_claims_are_late=True)
        self.stage.run(server=port)
        if way == "late":
            self.late.append((self.stage.clock.now().timestamp() + LATE_S, line))

    @rule()
    def a_pass_without_a_server(self) -> None:
        self.stage.server.unavailable = True
        self.stage.run()
        self.stage.server.unavailable = False

    # --- time -----------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 10, 20, 31, 65]), beats=st.booleans())
    def time_goes_by(self, seconds: int, beats: bool) -> None:
        self.stage.clock.advance(seconds)
        self.land(self.stage.clock.now().timestamp())
        for wrapper in self.living():
            if beats and wrapper.agent is not None:
                self.stage.engine.beat(wrapper)

    @rule()
    def late_calls_land(self) -> None:
        self.land(float("inf"))

    def land(self, now_s: float) -> None:
        for until_s, line in self.late:
            if until_s <= now_s:
                with suppress(TaskServerError):  # Nobody hears the answer.
                    line.land()
        self.late = [(until_s, line) for until_s, line in self.late if until_s > now_s]

    # --- wrappers -------------------------------------------------------------------------------

    def living(self) -> list[FakeWrapper]:
        return [wrapper for wrapper in self.stage.engine.wrappers if self.stage.engine.is_alive(wrapper)]

    def running(self) -> list[FakeWrapper]:
        return [wrapper for wrapper in self.living() if wrapper.agent is not None]

    @precondition(lambda self: hasattr(self, "stage") and self.living())
    @rule(data=st.data())
    def a_wrapper_adopts(self, data: st.DataObject) -> None:
        wrapper = data.draw(st.sampled_from(self.living()))
        if wrapper.agent is None:
            self.stage.engine.adopt(wrapper)

    @precondition(lambda self: hasattr(self, "stage") and self.running())
    @rule(data=st.data(), kind=st.sampled_from(KINDS))
    def a_run_ends(self, data: st.DataObject, kind: OutcomeClass) -> None:
        self.stage.engine.finish(data.draw(st.sampled_from(self.running())), kind)

    @precondition(lambda self: hasattr(self, "stage") and self.living())
    @rule(data=st.data(), how=st.sampled_from(["all", "wrapper", "stubborn"]))
    def a_wrapper_dies(self, data: st.DataObject, how: str) -> None:
        wrapper = data.draw(st.sampled_from(self.living()))
        if how == "stubborn" and wrapper.agent is not None:
            wrapper.agent.ignores.add(signal.SIGTERM)
        if how == "all":
            self.stage.engine.die(wrapper)
        else:
            self.stage.processes.end(wrapper.process.ref)

    @precondition(lambda self: hasattr(self, "stage") and self.running())
    @rule(data=st.data())
    def an_agent_hands_its_task_on(self, data: st.DataObject) -> None:
        wrapper = data.draw(st.sampled_from(self.running()))
        self.stage.server.set_status(wrapper.order.task_id, "idle")
        self.stage.server.assign(wrapper.order.task_id, "sue")
        self.peoples.add(wrapper.order.task_id)

    # --- people ---------------------------------------------------------------------------------

    @rule(number=st.integers(0, 2), status=st.sampled_from(["idle", "working"]))
    def somebody_takes_a_task(self, number: int, status: str) -> None:
        task_id = self.tasks[number]
        if self.stage.server.task(task_id).status != "complete":
            self.stage.server.assign(task_id, "sue")
            self.stage.server.set_status(task_id, status)  # type: ignore[arg-type]
            self.peoples.add(task_id)

    @rule(number=st.integers(0, 2))
    def somebody_completes_a_task(self, number: int) -> None:
        self.stage.server.set_status(self.tasks[number], "complete")

    @rule()
    def the_machine_boots(self) -> None:
        self.stage.processes.reboot()
        self.land(self.stage.clock.now().timestamp())

    # --- laws -----------------------------------------------------------------------------------

    @invariant()
    def one_tree_at_most(self) -> None:
        if hasattr(self, "stage"):
            running = [wrapper.order.task_id for wrapper in self.running()]
            assert len(running) == len(set(running)), "law 1: two agents of one task"

    @invariant()
    def nothing_is_lost(self) -> None:
        if hasattr(self, "stage"):
            for task_id in self.tasks:
                self.is_known(task_id)

    def is_known(self, task_id: TaskId) -> None:
        task = self.stage.server.task(task_id)
        if task.status == "working" and task.assigned_to != "sue":
            assert self.stage.lease(task_id) is not None, f"law 2: task {task_id} works, and nobody knows"

    @invariant()
    def what_is_a_persons_stays_a_persons(self) -> None:
        """But for the moment of an exchange, which shows the name it replaced, and puts it back. A
        task that is complete is nobody's any more."""
        if hasattr(self, "stage"):
            for task_id in self.peoples:
                task = self.stage.server.task(task_id)
                is_leased = task.assigned_to in AGENTS and self.stage.lease(task_id) is not None
                assert task.assigned_to == "sue" or is_leased or task.status == "complete", task

    def settle_down(self) -> None:
        """No more faults, and every agent does its work: everything comes to an end."""
        self.land(float("inf"))
        for _ in range(SETTLE_PASSES):
            self.stage.clock.advance(70)
            self.each(self.running(), lambda wrapper: self.stage.engine.finish(wrapper, "succeeded"))
            self.stage.run()
            self.each(self.living(), self.adopt)
            self.one_tree_at_most()
            self.nothing_is_lost()
        for task_id in self.tasks:
            task, lease = self.stage.server.task(task_id), self.stage.lease(task_id)
            assert lease is None, f"task {task_id} is leased for ever: {lease}"
            known = self.stage.ledgers().read([task_id])
            is_parked = task_id in known and self.stage.ledger(task_id).parked is not None
            assert task.status == "complete" or task.assigned_to == "sue" or is_parked, task

    def adopt(self, wrapper: FakeWrapper) -> None:
        if wrapper.agent is None:
            self.stage.engine.adopt(wrapper)

    @staticmethod
    def each(wrappers: list[FakeWrapper], act: Callable[[FakeWrapper], object]) -> None:
        for wrapper in wrappers:
            act(wrapper)


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=60,
    deadline=None,
    stateful_step_count=25,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
