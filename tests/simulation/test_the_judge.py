"""The simulation sees what it is there to see: each promise is broken on purpose, and found broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.fakes.memory_files import MemoryFiles
from tests.simulation.body import Body
from tests.simulation.house import House, LawBroken
from tests.simulation.life import Life, a_house
from tests.simulation.ports import Lock, world_of
from tests.simulation.table import TableView
from tinyscheduler.adapters.records import FileLedgerStore
from tinyscheduler.kit.files import FILE_MODE
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import ProcessRef
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.ports import RunRef, World

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


BROKEN_WORLDS: dict[str, Callable[[Body], World]] = {
    "no lock": lambda body: world_of(body)._replace(lock=OpenLock(body)),
    "no proof of death": lambda body: world_of(body)._replace(processes=BlindView(body.machine.table, body)),
    "no count": lambda body: ledgers(body, ForgetfulLedgers),
    "no open run": lambda body: ledgers(body, ForgottenStarts),
}


def found_in(break_it: Callable[[House], None]) -> str | None:
    """The law that is broken first."""
    for seed in range(LIVES):
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


@pytest.mark.parametrize("files", [CarelessFiles, TornFiles])
def test_files_that_break_their_promise_are_found(files):
    def break_it(house: House) -> None:
        house.files_of = files

    assert found_in(break_it) is not None


def test_a_task_that_is_forgotten_is_lost():
    house = House(1)
    house.tasks.append(house.server.create(queue="dev", assigned_to="dev-1", status="working"))
    life = Life(house)
    ledger = Ledger(TaskId("1"), house.server.source, house.server.task(TaskId("1")).created_at)
    FileLedgerStore(house.configuration.places.ledger, disk=MemoryFiles(house.disk)).write(ledger)

    with pytest.raises(LawBroken, match="nobody knows"):
        life.laws.at_every_step()
