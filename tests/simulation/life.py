"""One life of a house: from its seed, through everything that may happen, to its peace."""

from __future__ import annotations

from collections.abc import Callable

from tests.fakes.memory_files import MemoryFiles
from tests.simulation.house import CALM, House, LawBroken, Rates
from tests.simulation.laws import Laws
from tests.simulation.passes import cron
from tests.simulation.pausing import resume_all
from tests.simulation.people import (
    can_tell_data,
    somebody_does_something,
    stop_one_of_several_runs,
    stop_runs_of_deleted_tasks,
)

STEPS = 350
"""Of one short life, without those of its end; a step is an effect or somebody's turn."""
END_PASSES_MAX = 150
"""Once nothing goes wrong any more everything is over in so many passes of a minute and more: an
agent that is quarantined for a quarter of an hour, three attempts with their delays, and some room."""
PASS_EVERY_S = 70

WEATHERS: tuple[Rates, ...] = (
    Rates(others=0.1),
    Rates(others=0.1, death=0.01),
    Rates(others=0.1, line=0.3),
    Rates(others=0.1, disk=0.02),
    Rates(others=0.1, death=0.005, line=0.1, disk=0.005, power=0.001),
    Rates(others=0.05, death=0.005, power=0.01),
    Rates(others=0.3, death=0.01, line=0.1),
)
"""Some lives are quiet, some have one kind of trouble, some have all."""


def a_house(seed: int) -> House:
    """The house that this seed makes, before anything has happened in it."""
    house = House(seed)
    chance = house.chance
    shape = chance.choice(SHAPES)
    house = House(seed, **shape, rung=chance.choice(("cgroup", "subreaper", "group")))
    house.chance = chance
    for _ in range(chance.randint(1, 4)):
        owner = chance.choice((None, None, "dev-1"))
        house.add_task(assigned_to=owner, priority=chance.randint(0, 2))
    return house


SHAPES: tuple[dict[str, int], ...] = (
    {"agents": 1, "slots": 1},
    {"agents": 2, "slots": 1},
    {"agents": 2, "slots": 2, "cap": 3},
    {"agents": 1, "slots": 3, "cap": 2},
    {"agents": 2, "slots": 1, "machines": 2},
)


def replay(seed: int) -> str:
    """The command that tells the story."""
    return f"python -m tests.simulation --seed {seed} --trace"


class Life:
    """Plays a house to its end. Raises LawBroken, and whatever the product should not raise."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.laws = Laws(house, MemoryFiles(house.disk))
        house.between = self._something
        house.at_start = self.laws.at_start
        house.at_lease = self.laws.at_lease
        house.at_power_cut = self.laws.after_power_cut
        self._menu, self._weights = zip(*MENU, strict=True)

    def live(self, steps: int = STEPS) -> None:
        """Until so many steps are done, and then to its end."""
        house = self.house
        house.rates = house.chance.choice(WEATHERS)
        while house.steps < steps:
            self._something(house)
            self.laws.at_every_step()
        self.rest()

    def rest(self) -> None:
        """No more faults; every agent does its work; everything comes to an end."""
        house = self.house
        house.tell("fate", "from here on nothing goes wrong")
        house.rates = CALM
        house.server.unavailable = house.is_disk_full = False
        house.land()
        MemoryFiles(house.disk).remove(house.configuration.places.estop_file)
        resume_all(house)
        for wrapper in house.wrappers:
            wrapper.is_stopped = False
        for number in range(END_PASSES_MAX):
            stop_runs_of_deleted_tasks(house)
            self._minute()
            self.laws.at_every_step()
            if number > 1:
                self.laws.no_orphans()
                if not self.laws.in_the_end():
                    house.counts["passes to peace"] += number
                    return
        raise LawBroken("left behind", f"after {END_PASSES_MAX} passes {self.laws.in_the_end()}")

    def _minute(self) -> None:
        """As cron and time make it."""
        for machine in self.house.machines:
            cron(machine)
        for _ in range(5):
            self.house.advance(PASS_EVERY_S / 5)
            self.house.everybody()

    def _something(self, house: House) -> None:
        house.steps += 1
        deed = house.chance.choices(self._menu, self._weights)[0]
        deed(house)


def _pass(house: House) -> None:
    cron(house.chance.choice(house.machines))


def _turn(house: House) -> None:
    bodies = house.bodies()
    if bodies:
        house.chance.choice(bodies).turn()


def _a_moment(house: House) -> None:
    """Time in which everybody does what is due."""
    for _ in range(house.chance.randint(1, 4)):
        house.advance(house.chance.choice((0.5, 3, 10, 15)))
        house.everybody()


def _a_long_moment(house: House) -> None:
    """Time in which nobody has a turn: the machine is swamped."""
    house.advance(house.chance.choice((10, 31, 65, 130)))


def _kill(house: House) -> None:
    bodies = house.bodies()
    if bodies:
        body = house.chance.choice(bodies)
        house.count(f"kill of a {body.kind}")
        house.tell("fate", f"kills {body.name}")
        body.end()


def _stop_or_wake(house: House) -> None:
    """SIGSTOP and SIGCONT."""
    wrappers = [wrapper for wrapper in house.wrappers if wrapper.is_alive]
    if wrappers:
        wrapper = house.chance.choice(wrappers)
        wrapper.is_stopped = not wrapper.is_stopped
        house.count("stop or wake of a wrapper")
        house.tell("fate", f"{'stops' if wrapper.is_stopped else 'wakes'} {wrapper.name}")


def _server(house: House) -> None:
    house.server.unavailable = not house.server.unavailable
    house.count("server goes or comes")
    house.tell("fate", f"the server is {'down' if house.server.unavailable else 'up'}")


def _disk(house: House) -> None:
    """Full, until somebody makes room."""
    house.is_disk_full = house.rates.disk > 0 and not house.is_disk_full
    house.tell("fate", f"the disk is {'full' if house.is_disk_full else 'not full'}")


def _other_data(house: House) -> None:
    """Somebody restarts the server over an empty database and looks at the passes for a while. Not where
    every run in flight was stopped, or where there is one only: then nobody can tell (law 4)."""
    if house.server.is_elsewhere or house.server.unavailable or not can_tell_data(house):
        return
    house.count("server with other data")
    house.tell("fate", "gives the server other data")
    house.server.swap_data()
    if house.chance.random() < 0.5:
        stop_one_of_several_runs(house)
    try:
        for _ in range(house.chance.randint(1, 3)):
            if not can_tell_data(house):
                break
            cron(house.chance.choice(house.machines))
            house.advance(house.chance.choice((3, 30, 70, 130)))
            house.everybody()
    finally:
        house.server.swap_data()
        house.tell("fate", "gives the server its data back")


def _step_clock(house: House) -> None:
    machine = house.chance.choice(house.machines)
    # Two machines over one folder have to agree on the time, but for seconds.
    steps = (-86_400, -3_600, -60, 60, 3_600, 86_400) if len(house.machines) == 1 else (-5, 5)
    seconds = house.chance.choice(steps)
    house.count("clock step")
    house.tell(machine.name, f"has its clock set by {seconds} s")
    machine.clock.step(seconds)


def _suspend(house: House) -> None:
    """The lid is closed: the monotonic clock stands still."""
    machine = house.chance.choice(house.machines)
    seconds = house.chance.choice((60, 3_600))
    house.count("suspend")
    house.tell(machine.name, f"sleeps for {seconds} s")
    house.advance(seconds)
    machine.clock.advance(-seconds)
    machine.clock.step(seconds)


def _reboot(house: House) -> None:
    house.count("reboot")
    house.boot([house.chance.choice(house.machines)])


def _power(house: House) -> None:
    if house.rates.power:
        house.cut_power()


Deed = Callable[[House], None]

MENU: tuple[tuple[Deed, int], ...] = (
    (_pass, 16),
    (_turn, 40),
    (_a_moment, 25),
    (_a_long_moment, 3),
    (somebody_does_something, 4),
    (_kill, 2),
    (_stop_or_wake, 2),
    (_server, 1),
    (_other_data, 3),
    (_disk, 1),
    (_step_clock, 1),
    (_suspend, 1),
    (_reboot, 1),
    (_power, 1),
)
"""What may happen next, and how often."""
