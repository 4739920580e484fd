"""One machine with everything a pass needs: real files, and fakes for time, processes and server.

Each ``world()`` is a new process: new adapters over the same folder, table and server.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from tests.builders import a_configuration
from tests.fakes.clock import FakeClock
from tests.fakes.engine import FakeEngine
from tests.fakes.gauge import FakeGauge
from tests.fakes.hooks import FakeHooks
from tests.fakes.processes import FakeProcesses
from tests.fakes.task_server import FakeTaskServer
from tinyscheduler.adapters.journal import JsonlJournal
from tinyscheduler.adapters.records import FileLeaseStore, FileLedgerStore
from tinyscheduler.adapters.records.breakers import FileAccounts, FileBreakers
from tinyscheduler.adapters.records.intents import FileIntents
from tinyscheduler.adapters.records.pauses import FilePauses
from tinyscheduler.adapters.records.schedules import FileSchedules
from tinyscheduler.adapters.records.sightings import FileSightings
from tinyscheduler.adapters.records.waiting import FileCursors, FileWaits
from tinyscheduler.adapters.runlock import FlockRunLock
from tinyscheduler.adapters.runs import RunFolderStore
from tinyscheduler.adapters.state_folder import FileStateFolder
from tinyscheduler.bootstrap import attic
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.configuration import Configuration
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.policy import Policy
from tinyscheduler.ports import Attic, LockHolder, TaskServer, World
from tinyscheduler.reconcile.report import Report
from tinyscheduler.reconcile.run import run_once


class Stage(NamedTuple):
    """What a test holds in its hands."""

    configuration: Configuration
    clock: FakeClock
    processes: FakeProcesses
    engine: FakeEngine
    server: FakeTaskServer
    gauge: FakeGauge
    hooks: FakeHooks

    def world(self, *, server: TaskServer | None = None) -> World:
        """A new process, perhaps with something between it and the server."""
        places = self.configuration.places
        return World(
            clock=self.clock,
            lock=FlockRunLock(places.lock_file, f"{places.state}/poke", self.signature),
            leases=self.leases(),
            ledgers=self.ledgers(),
            sightings=FileSightings(f"{places.state}/sightings.json"),
            waits=self.waits(),
            cursors=self.cursors(),
            schedules=self.schedules() if self.configuration.schedules else None,
            breakers=self.breakers(),
            accounts=self.accounts(),
            intents=FileIntents(places.intents, places.quarantine),
            pauses=FilePauses(f"{places.state}/pauses"),
            runs=RunFolderStore(places.runs, redact=str),
            journal=JsonlJournal(places.journal, pass_id="test", now=self.clock.now, opening=list),
            processes=self.processes,
            gauge=self.gauge,
            hooks=self.hooks,
            engine=self.engine,
            server=server or self.server,
            state=FileStateFolder(
                places.state,
                running=places.running,
                format_file=places.format_file,
                estop_file=places.estop_file,
                logs=places.logs,
                folders=(places.running, places.runs, places.ledger),
            ),
            attic=self.attic(),
            configuration=self.configuration,
            environ={"PATH": "/usr/bin"},
            after_argv=("scheduler", "run", "--once"),
            task_command="scheduler task",
            pass_id="test",
        )

    def run(self, *, server: TaskServer | None = None) -> Report:
        """One pass in a process of its own."""
        return run_once(self.world(server=server))

    def signature(self) -> LockHolder:
        """Of a pass that takes the lock now."""
        return LockHolder(self.processes.me(), self.clock.now())

    def leases(self) -> FileLeaseStore:
        return FileLeaseStore(self.configuration.places.running, self.configuration.places.quarantine)

    def waits(self) -> FileWaits:
        places = self.configuration.places
        return FileWaits(f"{places.state}/waiting.json", places.quarantine)

    def cursors(self) -> FileCursors:
        places = self.configuration.places
        return FileCursors(f"{places.state}/cursors.json", places.quarantine)

    def schedules(self) -> FileSchedules:
        places = self.configuration.places
        return FileSchedules(f"{places.state}/schedules.json", places.quarantine)

    def breakers(self) -> FileBreakers:
        places = self.configuration.places
        return FileBreakers(f"{places.state}/breakers.json", places.quarantine)

    def accounts(self) -> FileAccounts:
        places = self.configuration.places
        return FileAccounts(f"{places.state}/accounts.json", places.quarantine)

    def attic(self) -> Attic:
        return attic(self.configuration.places)

    def ledgers(self) -> FileLedgerStore:
        return FileLedgerStore(self.configuration.places.ledger)

    def lease(self, task_id: str = "1") -> Lease | None:
        """What is on disk; a broken one is the test's fault."""
        found = self.leases().read(TaskId(task_id))
        assert found is None or isinstance(found, Lease)
        return found

    def ledger(self, task_id: str = "1") -> Ledger:
        found = self.ledgers().read([TaskId(task_id)])[TaskId(task_id)]
        assert isinstance(found, Ledger)
        return found

    def estop(self, *, is_there: bool = True) -> None:
        path = self.configuration.places.estop_file
        if is_there:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8"):
                pass
        else:
            os.unlink(path)


def a_stage(base: object, *, agents: Iterable[Agent] | None = None, policy: Policy | None = None) -> Stage:
    """A machine that has never run a pass, with one agent, and a server without tasks."""
    configuration = a_configuration(str(base), agents=agents, policy=policy)
    places = configuration.places
    clock = FakeClock()
    processes = FakeProcesses(clock)
    engine = FakeEngine(processes, clock, lambda: FileLeaseStore(places.running, places.quarantine))
    server = FakeTaskServer(now=lambda: clock.now().replace(microsecond=0))
    return Stage(configuration, clock, processes, engine, server, FakeGauge(), FakeHooks(clock))
