"""The simulation sees what it is there to see: each promise is broken on purpose, and found broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

import pytest

from tests.fakes.memory_files import MemoryFiles
from tests.simulation.body import Body
from tests.simulation.figures import LAWS
from tests.simulation.house import PAUSING_SEEDS, House, Law, LawBroken
from tests.simulation.life import Life, a_house
from tests.simulation.ports import Lock, world_of
from tests.simulation.table import TableView
from tinyscheduler.adapters.records import FileLedgerStore
from tinyscheduler.adapters.records.pauses import FilePauses
from tinyscheduler.adapters.records.waiting import FileWaits
from tinyscheduler.kit.files import FILE_MODE
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import ProcessRef
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.pause import Pause
from tinyscheduler.model.waiting import Waits
from tinyscheduler.ports import PauseStore, RunRef, World
from tinyscheduler.reconcile import acquaintance

LIVES = 200
"""Of these at least one has to show it."""


class OpenLock(Lock):
    """Two passes at once."""

    def acquire(self) -> bool:
        self._body.effect("lock", "")
        return True


class BlindView(TableView):
    """Everybody is thought to be dead who is not looked at by name."""

    def trees(self, runs: Sequence[RunRef]) -> tuple[tuple[ProcessRef, ...], ...]:
        return tuple(() for _ in runs)


class ForgetfulLedgers(FileLedgerStore):
    """What a run has cost is not written down."""

    def write(self, ledger: Ledger, *, is_durable: bool = True) -> None:
        super().write(ledger._replace(outcomes=()), is_durable=is_durable)


class ForgottenStarts(FileLedgerStore):
    """That a run is open is not written down."""

    def write(self, ledger: Ledger, *, is_durable: bool = True) -> None:
        super().write(ledger._replace(open=None), is_durable=is_durable)


class Impatient(FileWaits):
    """Everybody who waits has starved for a year."""

    def read(self, *, anew: bool = False) -> Waits:
        found = super().read(anew=anew)
        year_s = 365 * 86_400.0
        return found._replace(tasks={one: w._replace(starved_s=year_s) for one, w in found.tasks.items()})


class CarelessFiles(MemoryFiles):
    """Nothing is safe before it is too late."""

    def _sync(self, temporary: str) -> None:
        """Later."""

    def sync_parent(self, path: str) -> None:
        """Later."""


class TornFiles(MemoryFiles):
    """Written in place: who dies in the middle leaves half of it."""

    def replace(
        self,
        path: str,
        data: bytes,
        *,
        sync_file: bool = True,
        sync_folder: bool = True,
        mode: int = FILE_MODE,
    ) -> None:
        super().replace(path, data[: len(data) // 2])
        super().replace(path, data)


def ledgers(body: Body, kind: type[FileLedgerStore]) -> World:
    store = kind(body.house.configuration.places.ledger, disk=body.files)
    return world_of(body)._replace(ledgers=store)


def impatient(body: Body) -> World:
    places = body.house.configuration.places
    waits = Impatient(f"{places.state}/waiting.json", places.quarantine, disk=body.files)
    return world_of(body)._replace(waits=waits)


def with_a_slot_too_many(body: Body) -> World:
    configuration = body.house.configuration
    agents = tuple(agent._replace(slots=agent.slots + 1) for agent in configuration.agents)
    return world_of(body)._replace(configuration=configuration._replace(agents=agents))


BROKEN_WORLDS: dict[str, Callable[[Body], World]] = {
    "no lock": lambda body: world_of(body)._replace(lock=OpenLock(body)),
    "no proof of death": lambda body: world_of(body)._replace(processes=BlindView(body.machine.table, body)),
    "no count": lambda body: ledgers(body, ForgetfulLedgers),
    "no open run": lambda body: ledgers(body, ForgottenStarts),
    "a slot on top for anybody": impatient,
    "a slot too many": with_a_slot_too_many,
}


class BlindPauses(FilePauses):
    """Looked for and not found."""

    def read(self) -> tuple[Pause, ...]:
        return ()


def only_looks_while_planning(body: Body) -> World:
    """Nobody looks again: what a person says while a pass starts ten is heard by the next one."""
    world = world_of(body)
    return world._replace(pauses=OneLook(world.pauses))


class OneLook:
    """A pause store that says the same for the length of a pass."""

    def __init__(self, store: PauseStore) -> None:
        self._store = store
        self._found: tuple[Pause, ...] | None = None

    def read(self) -> tuple[Pause, ...]:
        if self._found is None:
            self._found = self._store.read()
        return self._found

    def write(self, pause: Pause) -> None:
        self._store.write(pause)

    def remove(self, pause: Pause) -> None:
        self._store.remove(pause)


def blind_to_pauses(body: Body) -> World:
    return world_of(body)._replace(pauses=BlindPauses(f"{body.house.configuration.places.state}/pauses"))


def found_in(break_it: Callable[[House], None], *, first: int = 0) -> str | None:
    """The law that is broken first."""
    for seed in range(first, first + LIVES):
        house = a_house(seed)
        break_it(house)
        try:
            Life(house).live()
        except LawBroken as error:
            return error.law
        except (AssertionError, OSError):
            continue
    return None


@pytest.mark.parametrize("promise", BROKEN_WORLDS)
def test_a_pass_that_breaks_its_promise_is_found(promise):
    def break_it(house: House) -> None:
        house.world_of = BROKEN_WORLDS[promise]
        if promise == "no count":
            house.plans = ("fail",)

    assert found_in(break_it) is not None


@pytest.mark.parametrize("world", [blind_to_pauses, only_looks_while_planning])
def test_start_of_what_is_paused_is_found(world):
    def break_it(house: House) -> None:
        house.world_of = world

    assert found_in(break_it, first=PAUSING_SEEDS) == "paused"


def test_one_stop_that_speaks_for_every_run_is_found(monkeypatch):
    """Where the server has other data, the runs that nobody has stopped would be settled as deleted."""
    monkeypatch.setattr(acquaintance, "all", any, raising=False)

    assert found_in(lambda _house: None) == "lost"


@pytest.mark.parametrize("files", [CarelessFiles, TornFiles])
def test_files_that_break_their_promise_are_found(files):
    def break_it(house: House) -> None:
        house.files_of = files

    assert found_in(break_it) is not None


def test_every_law_has_a_row_in_the_figures():
    assert {law for law, _ in LAWS} == set(get_args(Law))


def test_a_task_that_is_forgotten_is_lost():
    house = House(1)
    house.tasks.append(house.server.create(queue="dev", assigned_to="dev-1", status="working"))
    life = Life(house)
    ledger = Ledger(TaskId("1"), house.server.source, house.server.task(TaskId("1")).created_at)
    FileLedgerStore(house.configuration.places.ledger, disk=MemoryFiles(house.disk)).write(ledger)

    with pytest.raises(LawBroken, match="nobody knows"):
        life.laws.at_every_step()
