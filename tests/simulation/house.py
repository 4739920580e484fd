"""One simulated house: a disk, a lock, a task server, machines with clocks and processes, and chance.

Nothing runs by itself and there are no threads: see ``body`` for how the others get their turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tests.builders import NOW, a_configuration, an_agent
from tests.fakes.clock import FakeClock
from tests.fakes.memory_disk import MemoryDisk
from tests.fakes.memory_files import MemoryFiles
from tests.fakes.task_server import FakeTaskServer
from tests.simulation.table import Table
from tinyscheduler.errors import TaskServerError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.ports import Host

if TYPE_CHECKING:
    from datetime import datetime

    from tests.simulation.agent import Agent
    from tests.simulation.body import Body
    from tests.simulation.wrapper import Wrapper
    from tinyscheduler.model.lease import Lease, Rung
    from tinyscheduler.ports import World

STATE_ID = "0123456789abcdef"
BASE = "/house"
BOOT_S = 60
"""As long as the fake clock says."""
PERSON = "sue"


KEEPS: tuple[tuple[str, ...], ...] = ((), ("goal:one",), ("write:src/a",), ("goal:one",), ("read:src",))
"""What tasks say that they keep, in turns."""
KEEPING_SEEDS = 500_000_000
"""In houses of these seeds they do; the lives of the others are as they were before tasks could."""
PAUSING_SEEDS = 600_000_000
"""In houses of these seeds people also pause and resume."""
GIVING_SEEDS = 700_000_000
"""In houses of these seeds they also give tasks to other agents, at work or not."""


Law = Literal["doubled", "lost", "left behind", "overtaken", "taken", "attempts", "caps", "clash", "paused"]


class LawBroken(AssertionError):
    """What must never be true, is."""

    def __init__(self, law: Law, what: str) -> None:
        super().__init__(f"{law}: {what}")
        self.law = law


class Rates(NamedTuple):
    """How often chance strikes, for each effect of a process."""

    others: float = 0.0
    """Somebody else does something first."""
    death: float = 0.0
    disk: float = 0.0
    line: float = 0.0
    """A writing call to the task server gets no answer, in one of the ways in which that happens; a
    reading one a quarter as often, or nothing would ever be written."""
    power: float = 0.0
    """The machine loses its power."""


CALM = Rates()


class House:
    """Everything that outlives a process."""

    steps = 0
    depth = 0
    """How many are stopped in the middle of a step."""
    requests = 0
    is_poked = False
    is_disk_full = False
    lock_holder: Body | None = None
    death_at: int | None = None
    """The step at which whoever takes it dies."""
    files_of: type[MemoryFiles] = MemoryFiles
    world_of: Callable[[Body], World] | None = None
    """None: the usual one. Tests of the judge put something broken here."""
    plans: Sequence[str] | None = None
    """What agents do; None: anything while fate strikes, and their work afterwards."""
    story: Callable[[str], None] | None = None

    def __init__(
        self,
        seed: int,
        *,
        agents: int = 2,
        slots: int = 1,
        machines: int = 1,
        cap: int = 2,
        rung: Rung = "cgroup",
    ) -> None:
        self.seed = seed
        self.chance = Random(seed)
        self.rung = rung
        self.rates = CALM
        self.counts: Counter[str] = Counter()
        self.places_of_death: set[str] = set()
        """What somebody was about to do when it died."""
        self.disk = MemoryDisk()
        self.clock = FakeClock(NOW)
        """True time: the task server's."""
        self.server = FakeTaskServer(now=lambda: self.clock.now().replace(microsecond=0))
        self.late: list[tuple[float, Callable[[], object]]] = []
        """Calls that are still on their way, and when they arrive."""
        self.tasks: list[TaskId] = []
        self.persons: set[TaskId] = set()
        """Tasks that a person has taken."""
        self.meddled: set[TaskId] = set()
        """Tasks whose files a person had a hand in."""
        self.released: set[TaskId] = set()
        """Tasks whose lease a person has given up without proof."""
        self.pauses: dict[tuple[str, str], frozenset[str]] = {}
        """What people have paused without an end, by scope and name, and the runs of that moment."""
        self.failures: Counter[TaskId] = Counter()
        """Agents that failed in a row, by our own count."""
        self.wrappers: list[Wrapper] = []
        self.agents: list[Agent] = []
        self.between: Callable[[House], None] = lambda _house: None
        """What others do in the middle of somebody's step."""
        self.at_power_cut: Callable[[], None] = lambda: None
        self.at_start: Callable[[Agent], None] = lambda _agent: None
        """Told of each agent that begins: where law 1 would be broken."""
        self.at_lease: Callable[[Lease, datetime], None] = lambda _lease, _now: None
        """Told of each lease that is about to be made: where slots would be broken."""
        names = [f"dev-{number}" for number in range(1, agents + 1)]
        self.configuration = a_configuration(
            BASE,
            agents=[an_agent(name, slots=slots, account="acme") for name in names],
            policy=Policy(max_parallel=cap, hard_limit_s=300),
        )
        self.names = frozenset(names)
        self.machines = [Machine(self, number) for number in range(1, machines + 1)]
        self._make_folders()

    def add_task(self, **fields: Any) -> TaskId:
        """Perhaps one that keeps something to itself while it runs."""
        tags = KEEPS[len(self.tasks) % len(KEEPS)] if self.seed >= KEEPING_SEEDS else ()
        if tags:
            self.count("task that keeps something")
        self.tasks.append(self.server.create(queue="dev", tags=tags, **fields))
        return self.tasks[-1]

    def advance(self, seconds: float) -> None:
        """Time passes for everybody, and calls arrive."""
        self.clock.advance(seconds)
        for machine in self.machines:
            machine.clock.advance(seconds)
        if self.late:
            self.land(self.clock.monotonic())

    def land(self, until_s: float = float("inf")) -> None:
        """Calls that are due arrive; nobody hears the answers."""
        due = [act for due_s, act in self.late if due_s <= until_s]
        self.late = [(due_s, act) for due_s, act in self.late if due_s > until_s]
        for act in due:
            try:
                act()
            except TaskServerError:
                continue

    def bodies(self) -> list[Wrapper | Agent]:
        """Wrappers, agents and what agents have left, those that live."""
        bodies: list[Wrapper | Agent] = [*self.wrappers, *self.agents]
        return [body for body in bodies if body.is_alive]

    def everybody(self) -> None:
        """Each that lives has a turn; the dead leave the lists."""
        self.wrappers = [wrapper for wrapper in self.wrappers if wrapper.is_alive]
        self.agents = [agent for agent in self.agents if agent.is_alive]
        for body in self.bodies():
            body.turn()

    def tell(self, who: str, what: str) -> None:
        """A line of the story, if anybody listens."""
        if self.story is not None:
            at_s = (self.clock.now() - NOW) / timedelta(seconds=1)
            self.story(f"{at_s:8.1f}  {'  ' * self.depth}{who}: {what}")

    def count(self, what: str) -> None:
        self.counts[what] += 1

    def cut_power(self) -> None:
        """All machines at once: the disk is theirs together."""
        self.count("power cut")
        self.tell("fate", "the power fails")
        self.disk.cut_power(self.chance)
        self.boot(self.machines)
        self.at_power_cut()

    def boot(self, machines: Sequence[Machine]) -> None:
        """Everybody on them is dead; it takes a minute, for all."""
        for machine in machines:
            self.tell(machine.name, "boots")
            machine.table.reboot()
        for machine in self.machines:
            if machine not in machines:
                machine.clock.advance(BOOT_S)
        self.clock.advance(BOOT_S)
        self.land(self.clock.monotonic())

    def _make_folders(self) -> None:
        places = self.configuration.places
        files = MemoryFiles(self.disk)
        for folder in (places.running, places.runs, places.ledger, places.quarantine, places.intents):
            files.make_folder(folder)


class Machine:
    """One computer: its name, its clock, its processes."""

    def __init__(self, house: House, number: int) -> None:
        self.house = house
        self.name = f"host-{number}"
        self.clock = FakeClock(NOW)
        host = Host(self.name, f"machine-{number}", f"boot-{number}", f"pid:[{number}]")
        self.table = Table(self.clock, host)
        self.table.waits = self._wait

    def _wait(self, seconds: float) -> None:
        """Somebody waits for others to end: they get their turns."""
        self.house.advance(seconds)
        for body in self.house.bodies():
            body.turn()
