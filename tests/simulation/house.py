"""One simulated house: a disk, a lock, a task server, machines with clocks and processes, and chance.

Nothing runs by itself and there are no threads. Every process announces each of its effects through
``Body.effect`` right before it happens. That is where the others may run, inline, between what the
process has read and what it is about to do; where a disk may refuse; and where the process may die.
So any interleaving of steps that end before the outer one goes on can come up, and the seed alone
says which one does.
"""

from __future__ import annotations

import errno
import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Literal, NamedTuple

from tests.builders import NOW, a_configuration, an_agent
from tests.fakes.clock import FakeClock
from tests.fakes.memory_files import MemoryDisk, MemoryFiles
from tests.fakes.task_server import FakeTaskServer
from tests.simulation.table import Table
from tinyscheduler.errors import TaskServerError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.ports import Host

if TYPE_CHECKING:
    from tests.fakes.processes import FakeProcess
    from tests.simulation.agent import Agent
    from tests.simulation.wrapper import Wrapper
    from tinyscheduler.model.lease import Rung
    from tinyscheduler.ports import World

STATE_ID = "0123456789abcdef"
BASE = "/house"
DEPTH_MAX = 3
"""How many processes may be stopped in the middle of a step at once."""
BOOT_S = 60
"""As long as the fake clock says."""
PERSON = "sue"


class Killed(BaseException):
    """This process is no more. Not an Exception: nothing of the product may catch it."""


Law = Literal["doubled", "lost", "left behind", "overtaken", "taken", "attempts", "caps"]


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
DIGITS = re.compile(r"[0-9]+")


class House:
    """Everything that outlives a process."""

    steps = 0
    depth = 0
    """How many are stopped in the middle of a step."""
    requests = 0
    is_poked = False
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
        self.failures: Counter[TaskId] = Counter()
        """Agents that failed in a row, by our own count."""
        self.wrappers: list[Wrapper] = []
        self.agents: list[Agent] = []
        self.between: Callable[[House], None] = lambda _house: None
        """What others do in the middle of somebody's step."""
        self.at_power_cut: Callable[[], None] = lambda: None
        self.at_start: Callable[[Agent], None] = lambda _agent: None
        """Told of each agent that begins: where law 1 would be broken."""
        names = [f"dev-{number}" for number in range(1, agents + 1)]
        self.configuration = a_configuration(
            BASE,
            agents=[an_agent(name, slots=slots) for name in names],
            policy=Policy(max_parallel=cap, hard_limit_s=300),
        )
        self.names = frozenset(names)
        self.machines = [Machine(self, number) for number in range(1, machines + 1)]
        self._make_folders()

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


class Body:
    """One process of ours, and the eye of the needle through which all that it does goes."""

    kind = "process"

    def __init__(self, machine: Machine, process: FakeProcess) -> None:
        self.machine = machine
        self.house = machine.house
        self.process = process
        self.name = f"{self.kind} {process.ref.pid}"
        house = self.house
        self.files = house.files_of(
            house.disk,
            pid=process.ref.pid,
            effect=self.effect,
            now_s=lambda: machine.clock.now().timestamp(),
        )

    @property
    def is_alive(self) -> bool:
        return self.machine.table.get(self.process.ref.pid) is self.process

    def effect(self, kind: str, what: str) -> None:
        """Right before something is changed. Raises Killed, OSError."""
        house = self.house
        house.steps += 1
        if not self.is_alive:
            raise Killed
        if house.steps == house.death_at:
            self._die(kind, what)
        if house.rates is not CALM:
            self._strike(kind, what, house.rates)
        if house.story is not None:
            house.tell(self.name, f"{kind} {what}")

    def end(self) -> None:
        """It leaves."""
        self.machine.table.end(self.process.ref)

    def _die(self, kind: str, what: str) -> None:
        self.house.count(f"death of a {self.kind}")
        name = what.rpartition("/")[2] if "/" in what else what.partition(" ")[0]
        self.house.places_of_death.add(f"{self.kind}: {kind} {DIGITS.sub('', name)}")
        self.house.tell(self.name, f"DIES before {kind} {what}")
        self.end()
        raise Killed

    def _strike(self, kind: str, what: str, rates: Rates) -> None:
        house = self.house
        dice = house.chance.random()
        if dice < rates.others:
            if house.depth < DEPTH_MAX:
                house.depth += 1
                house.between(house)
                house.depth -= 1
        elif (dice := dice - rates.others) < rates.death:
            self._die(kind, what)
        elif (dice := dice - rates.death) < rates.disk:
            self._refuse(kind, what)
        elif dice - rates.disk < rates.power:
            house.cut_power()
        if not self.is_alive:
            raise Killed

    def _refuse(self, kind: str, what: str) -> None:
        """The disk's fault; what is no call to the disk goes through."""
        if kind not in DISK_CALLS:
            return
        number = self.house.chance.choice((errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT))
        self.house.count(f"disk {errno.errorcode[number]}")
        self.house.tell(self.name, f"{kind} {what} is refused: {errno.errorcode[number]}")
        raise OSError(number, os.strerror(number), what)


DISK_CALLS = frozenset(
    ("write", "sync", "rename", "exchange", "link", "unlink", "append", "touch", "make_folder", "sync_folder")
)
