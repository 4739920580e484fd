"""The ports of one simulated process: the product's own stores on the disk in memory, and the rest.

Everything that can be is the product's own code. What is not, is what would touch the real machine:
the lock, the identity of the state folder, the engine, the line to the task server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from tests.fakes.attic import EmptyAttic
from tests.fakes.flaky import WRITES, _is_of_a_claim
from tests.fakes.stage import a_stage
from tests.simulation.body import Body
from tests.simulation.house import BASE, STATE_ID
from tests.simulation.table import TableView
from tinyscheduler.adapters.records import FileLeaseStore, FileLedgerStore
from tinyscheduler.adapters.records.breakers import FileAccounts, FileBreakers
from tinyscheduler.adapters.records.intents import FileIntents
from tinyscheduler.adapters.records.pauses import FilePauses
from tinyscheduler.adapters.records.sightings import FileSightings
from tinyscheduler.adapters.records.waiting import FileCursors, FileWaits
from tinyscheduler.adapters.runs import RunFolderStore
from tinyscheduler.errors import ServerUnavailable, StartFailed, StateError
from tinyscheduler.model.event import Event
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.remains import Remains

if TYPE_CHECKING:
    from typing import Self

    from tinyscheduler.model.lease import Lease
    from tinyscheduler.model.order import Order
    from tinyscheduler.ports import LeaseStore, LockHolder, RunFolders, TaskServer, World

LATE_S = 30
"""How long a call may be on its way: the longest stall of the public server (tinytask 5)."""
_BASE_WORLD = a_stage(BASE).world()
"""What every World has; nothing in it is used that would touch a file."""


def leases_of(body: Body) -> LeaseStore:
    places = body.house.configuration.places
    return Leases(places.running, places.quarantine, disk=body.files).of(body)


def runs_of(body: Body) -> RunFolders:
    return RunFolderStore(body.house.configuration.places.runs, redact=str, disk=body.files)


def world_of(body: Body) -> World:
    """All that a pass in this process needs."""
    house, files = body.house, body.files
    places = house.configuration.places
    return _BASE_WORLD._replace(
        clock=body.machine.clock,
        lock=Lock(body),
        leases=leases_of(body),
        ledgers=FileLedgerStore(places.ledger, disk=files),
        sightings=FileSightings(f"{places.state}/sightings.json", disk=files),
        waits=FileWaits(f"{places.state}/waiting.json", places.quarantine, disk=files),
        cursors=FileCursors(f"{places.state}/cursors.json", places.quarantine, disk=files),
        breakers=FileBreakers(f"{places.state}/breakers.json", places.quarantine, disk=files),
        accounts=FileAccounts(f"{places.state}/accounts.json", places.quarantine, disk=files),
        intents=FileIntents(places.intents, places.quarantine, disk=files),
        pauses=FilePauses(f"{places.state}/pauses", disk=files),
        runs=runs_of(body),
        journal=Facts(body),
        processes=TableView(body.machine.table, body),
        engine=Engine(body),
        server=cast("TaskServer", Line(body)),
        state=State(body),
        attic=Attic(body),
        configuration=house.configuration,
    )


class Leases(FileLeaseStore):
    """The product's own, and the judge looks at each lease before it is made."""

    def of(self, body: Body) -> Self:
        self._body = body
        return self

    def create(self, lease: Lease) -> bool:
        self._body.house.at_lease(lease, self._body.machine.clock.now())
        return super().create(lease)


class Lock:
    """``ports.RunLock`` of the house; it is free as soon as its holder is dead."""

    def __init__(self, body: Body) -> None:
        self._body = body

    def acquire(self) -> bool:
        house, body = self._body.house, self._body
        body.effect("lock", "")
        holder = house.lock_holder
        if holder is not None and holder is not body and holder.is_alive:
            return False
        house.lock_holder = body
        return True

    def release(self) -> None:
        if self._body.house.lock_holder is self._body:
            self._body.house.lock_holder = None

    def holder(self) -> LockHolder | None:
        return None

    def poke(self) -> None:
        self._body.house.is_poked = True

    def was_poked(self) -> bool:
        was, self._body.house.is_poked = self._body.house.is_poked, False
        return was


class Facts:
    """``ports.Journal`` that counts: its file has no reader here."""

    def __init__(self, body: Body) -> None:
        self._body = body

    def append(self, event: Event) -> None:
        self._body.house.counts[f"event {event.name}"] += 1
        if self._body.house.story is not None:
            about = "" if event.task_id is None else f" task {event.task_id}"
            self._body.house.tell(self._body.name, f"* {event.name}{about} {event.reason}")

    def failures(self) -> int:
        return 0


class State:
    """``ports.StateFolder`` of a house that is never copied."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._places = body.house.configuration.places

    def open(self) -> str:
        files, places = self._body.files, self._places
        try:
            for folder in (places.running, places.runs, places.ledger):
                files.make_folder(folder)
            for folder in (places.state, places.running, places.ledger):
                self._sweep(folder)
        except OSError as error:
            raise StateError(f"{error.filename}: {error.strerror}", hint="look at the disk") from error
        return STATE_ID

    def state_id(self) -> str:
        return STATE_ID

    def notices(self) -> Sequence[str]:
        return ()

    def is_estopped(self) -> bool:
        return self._body.files.exists(self._places.estop_file)

    def estop(self, text: str) -> bool:
        return self._body.files.create_exclusive(self._places.estop_file, text.encode())

    def estop_note(self) -> str:
        return ""

    def end_estop(self) -> bool:
        return self._body.files.remove(self._places.estop_file)

    def free_mb(self) -> int | None:
        return 10_000

    def check_entry(self) -> None:
        """Nobody is kept out of it."""

    def obstacles(self, files: Sequence[str]) -> Sequence[tuple[str, str]]:
        return ()

    def make_workspace(self, path: str) -> None:
        """Agents here need none."""

    def record_pass(self, record: Mapping[str, object], *, log_line: str) -> None:
        """Nobody here reads it; but a disk may refuse it."""
        path = f"{self._places.state}/last.json"
        try:
            self._body.files.replace(path, b"a pass", sync_file=False, sync_folder=False)
        except OSError as error:
            raise StateError(f"{error.filename}: {error.strerror}", hint="look at the disk") from error

    def pass_times(self, now: datetime) -> Sequence[datetime]:
        """Here are no schedules."""
        return ()

    def keep_untold(self, faults: Sequence[Mapping[str, object]]) -> None:
        """Commands do that, and here are none."""

    def take_untold(self) -> Sequence[Mapping[str, object]]:
        return ()

    def _sweep(self, folder: str) -> None:
        """Temporary files of the dead."""
        for name in self._body.files.names(folder):
            if name.endswith(".tmp"):
                pid = int(name.split(".")[-2].partition("-")[0])
                if all(machine.table.get(pid) is None for machine in self._body.house.machines):
                    self._body.files.remove(f"{folder}/{name}")


class Attic(EmptyAttic):
    """Never due; what has run here is asked for all the same."""

    def __init__(self, body: Body) -> None:
        self._body = body

    def remains(self, *, before: datetime) -> tuple[Remains, ...]:
        folder, files = self._body.house.configuration.places.ledger, self._body.files
        names = sorted(name for name in files.names(folder) if name.startswith("task_"))
        return tuple(
            Remains("ledger", name, before, TaskId(name.removeprefix("task_").removesuffix(".json")))
            for name in names
        )


class Engine:
    """``ports.Engine``: a wrapper that takes its first step when it is its turn."""

    name = "local"

    def __init__(self, body: Body) -> None:
        self._body = body
        self.containment = body.house.rung

    def start(self, order_path: str, order: Order, extra_env: Mapping[str, str]) -> str:
        from tests.simulation.wrapper import Wrapper

        body, house = self._body, self._body.house
        body.effect("start", order_path)
        if house.rates.line and house.chance.random() < house.rates.line / 4:
            house.count("start refused")
            raise StartFailed("no more processes", hint="make room")
        wrapper = Wrapper(body.machine, body.machine.table.spawn(order.tag), order)
        house.wrappers.append(wrapper)
        return str(wrapper.process.ref.pid)

    def notices(self) -> Sequence[str]:
        return ()


class Line:
    """``ports.TaskServer`` behind a line that fails in all the ways in which lines fail."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._server = body.house.server

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._server, name)
        if name in {"source", "hold", "sync", "close"}:
            return found
        assert callable(found)
        return self._call(name, found)

    def _call(self, name: str, act: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            body, house = self._body, self._body.house
            if house.story is None:
                body.effect("ask", name)
            else:
                body.effect("ask", f"{name} {' '.join(map(str, args))} {kwargs or ''}")
            rate = house.rates.line if name in WRITES else house.rates.line / 4
            if rate and house.chance.random() < rate:
                return self._fail(name, lambda: act(*args, **kwargs), is_claim=_is_of_a_claim(kwargs))
            return act(*args, **kwargs)

        return call

    def _fail(self, name: str, act: Callable[[], object], *, is_claim: bool) -> object:
        house = self._body.house
        ways = ["not_sent", "not_applied", "applied", "late", "twice"] if name in WRITES else ["not_sent"]
        way = house.chance.choice(ways)
        if way == "late" and not is_claim:
            way = "applied"
        house.count(f"answer lost: {way}")
        house.tell(self._body.name, f"gets no answer: {way}")
        if way == "twice":
            # A proxy that tries again what it has already delivered.
            act()
            return act()
        if way == "applied":
            act()
        if way == "late":
            due_s = house.clock.monotonic() + house.chance.uniform(0, LATE_S)
            house.late.append((due_s, act))
        raise ServerUnavailable("no answer", maybe_applied=way != "not_sent")
