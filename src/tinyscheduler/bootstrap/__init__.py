"""Room rule: the composition root, the only room that names concrete adapters.

In here: which adapter stands behind which port, for a pass and for commands (this page), for a wrapper
(``wrapper``), and how this program is called again (``program``). Must not come in: anything that is done
with a port.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from tinyscheduler.bootstrap.program import task_script, this_program
from tinyscheduler.model.configuration import Configuration
from tinyscheduler.ports import LockHolder, World

if TYPE_CHECKING:
    from tinyscheduler.adapters.mcp.manners import Memory
    from tinyscheduler.model.configuration import Places
    from tinyscheduler.ports import (
        Attic,
        Clock,
        LeaseStore,
        LedgerStore,
        ScheduleStore,
        StateFolder,
        StopSignal,
        TaskServer,
    )
    from tinyscheduler.ports.reading import Answers, TaskDesk
    from tinyscheduler.reconcile.look import LogSide, ReadSide


TASK_SCRIPT = "bin/task"
"""Below the state folder."""


class Invocation(Protocol):
    """What wiring needs to know of the command line."""

    @property
    def environ(self) -> Mapping[str, str]:
        """Of this process."""

    @property
    def overrides(self) -> Mapping[str, str]:
        """Settings given as flags."""

    @property
    def env_file(self) -> str | None:
        """--env-file."""

    def flags(self) -> tuple[str, ...]:
        """The overrides as arguments again."""


def load(invocation: Invocation, *, write_cache: bool) -> Configuration:
    """Settings and agents, from the cache when nothing has changed. Raises ConfigError."""
    from tinyscheduler.config.load import load as load_configuration

    return load_configuration(
        invocation.overrides,
        invocation.environ,
        env_file=invocation.env_file,
        write_cache=write_cache,
    )


def last_good(invocation: Invocation) -> Configuration | None:
    """What held before settings that do not, for looking only; None: nobody knows."""
    from tinyscheduler.config.load import last_good as load_last_good

    return load_last_good(invocation.overrides, invocation.environ, env_file=invocation.env_file)


def wire(configuration: Configuration, invocation: Invocation, *, is_read_only: bool = False) -> World:
    """Bind every port. Opens nothing that writes; ``is_read_only`` also for the embedded store."""
    from tinyscheduler.adapters.clock import SystemClock
    from tinyscheduler.adapters.engines.local import LocalEngine
    from tinyscheduler.adapters.gauge import ProcGauge
    from tinyscheduler.adapters.hooks import CommandHooks
    from tinyscheduler.adapters.journal import JsonlJournal
    from tinyscheduler.adapters.processes import ProcessTable
    from tinyscheduler.adapters.records import FileLeaseStore, FileLedgerStore
    from tinyscheduler.adapters.records.breakers import FileAccounts, FileBreakers
    from tinyscheduler.adapters.records.intents import FileIntents
    from tinyscheduler.adapters.records.pauses import FilePauses
    from tinyscheduler.adapters.records.sightings import FileSightings
    from tinyscheduler.adapters.records.waiting import FileCursors, FileWaits
    from tinyscheduler.adapters.runlock import FlockRunLock
    from tinyscheduler.adapters.runs import RunFolderStore

    places = configuration.places
    pass_id = os.urandom(4).hex()
    clock, processes = SystemClock(), ProcessTable()
    leases = FileLeaseStore(places.running, places.quarantine)
    program = this_program()
    return World(
        clock=clock,
        lock=FlockRunLock(
            places.lock_file, f"{places.state}/poke", lambda: LockHolder(processes.me(), clock.now())
        ),
        leases=leases,
        ledgers=FileLedgerStore(places.ledger),
        sightings=FileSightings(f"{places.state}/sightings.json"),
        waits=FileWaits(f"{places.state}/waiting.json", places.quarantine),
        cursors=FileCursors(f"{places.state}/cursors.json", places.quarantine),
        schedules=_schedules(configuration),
        breakers=FileBreakers(f"{places.state}/breakers.json", places.quarantine),
        accounts=FileAccounts(f"{places.state}/accounts.json", places.quarantine),
        intents=FileIntents(places.intents, places.quarantine),
        pauses=FilePauses(f"{places.state}/pauses"),
        runs=RunFolderStore(places.runs, redact=redact),
        journal=JsonlJournal(
            places.journal,
            pass_id=pass_id,
            now=clock.now,
            opening=lambda: _lease_names(leases),
        ),
        processes=processes,
        gauge=ProcGauge(),
        hooks=CommandHooks(invocation.environ, redact=redact),
        engine=LocalEngine(invocation.environ, (*program, "wrap")),
        server=_task_server(configuration, invocation, is_read_only=is_read_only),
        state=_state_folder(configuration, program),
        attic=attic(places),
        configuration=configuration,
        environ=invocation.environ,
        after_argv=(*program, "run", "--once", "--at-end-of-run", *invocation.flags()),
        task_command=f"{places.state}/{TASK_SCRIPT}",
        pass_id=pass_id,
    )


def wire_read_side(configuration: Configuration, invocation: Invocation) -> ReadSide:
    """For commands that only look. Writes nothing."""
    from tinyscheduler.adapters.records.hindsight import FileHindsight
    from tinyscheduler.adapters.run_logs import RunLogFiles
    from tinyscheduler.reconcile.look import ReadSide

    places = configuration.places
    return ReadSide(
        world=wire(configuration, invocation, is_read_only=True),
        hindsight=FileHindsight(places.passes, places.ledger),
        logs=RunLogFiles(places.runs),
    )


def wire_answers(configuration: Configuration) -> Answers:
    """For a command that waits for what it has asked of a pass."""
    from tinyscheduler.adapters.answers import JournalAnswers

    return JournalAnswers(configuration.places.journal)


def wire_logs(configuration: Configuration) -> LogSide:
    """For ``logs``, which asks no task server."""
    from tinyscheduler.adapters.processes import ProcessTable
    from tinyscheduler.adapters.records import FileLeaseStore, FileLedgerStore
    from tinyscheduler.adapters.run_logs import RunLogFiles
    from tinyscheduler.adapters.runs import RunFolderStore
    from tinyscheduler.reconcile.look import LogSide

    places = configuration.places
    return LogSide(
        leases=FileLeaseStore(places.running, places.quarantine),
        ledgers=FileLedgerStore(places.ledger),
        runs=RunFolderStore(places.runs, redact=redact),
        processes=ProcessTable(),
        logs=RunLogFiles(places.runs),
    )


def desk(configuration: Configuration, invocation: Invocation, *, is_read_only: bool = False) -> TaskDesk:
    """For ``task``: whichever server is configured. ``is_read_only``: no file is made or touched. Raises
    ConfigError."""
    connection = configuration.connection
    if connection.endpoint is None:
        from tinyscheduler.bootstrap.home import at_home

        return at_home(configuration, is_read_only=is_read_only)
    from tinyscheduler.adapters.mcp.desk import McpTaskDesk
    from tinyscheduler.config.secrets import headers

    return McpTaskDesk(
        connection.endpoint,
        headers=headers(configuration, invocation.environ, env_file=invocation.env_file),
        timeout_s=connection.timeout_s,
        ca_file=connection.ca_file,
        memory=_task_servers(configuration, is_read_only=is_read_only),
    )


def wire_ledgers(configuration: Configuration) -> LedgerStore:
    """For ``task``, which shows what is parked."""
    from tinyscheduler.adapters.records import FileLedgerStore

    return FileLedgerStore(configuration.places.ledger)


def system_clock() -> Clock:
    """For a loop around passes; each pass is wired with its own."""
    from tinyscheduler.adapters.clock import SystemClock

    return SystemClock()


def stop_signal() -> StopSignal:
    """Installs signal handlers: once, in the main thread, by a command that stays."""
    from tinyscheduler.adapters.signals import TermSignals

    return TermSignals()


def redact(text: str) -> str:
    """What looks like a credential; the pass does not know the agents' own secrets by value."""
    from tinyscheduler.wrapper.redact import Redactor

    return Redactor(()).clean(text)


def _task_server(configuration: Configuration, invocation: Invocation, *, is_read_only: bool) -> TaskServer:
    connection = configuration.connection
    if connection.endpoint is None:
        from tinyscheduler.bootstrap.home import at_home

        return at_home(configuration, is_read_only=is_read_only)
    from tinyscheduler.adapters.mcp.tasks import McpTaskServer
    from tinyscheduler.config.secrets import headers

    return McpTaskServer(
        connection.endpoint,
        headers=headers(configuration, invocation.environ, env_file=invocation.env_file),
        timeout_s=connection.timeout_s,
        budget_s=connection.budget_s,
        ca_file=connection.ca_file,
        memory=_task_servers(configuration, is_read_only=is_read_only),
    )


def _task_servers(configuration: Configuration, *, is_read_only: bool) -> Memory:
    from tinyscheduler.adapters.mcp.manners import FILE_NAME, Memory

    return Memory(f"{configuration.places.cache}/{FILE_NAME}", is_read_only)


def _schedules(configuration: Configuration) -> ScheduleStore | None:
    if not configuration.schedules:
        return None
    from tinyscheduler.adapters.records.schedules import FileSchedules

    places = configuration.places
    return FileSchedules(f"{places.state}/schedules.json", places.quarantine)


def _state_folder(configuration: Configuration, program: tuple[str, ...]) -> StateFolder:
    from tinyscheduler.adapters.state_folder import FileStateFolder

    places = configuration.places
    return FileStateFolder(
        places.state,
        running=places.running,
        format_file=places.format_file,
        estop_file=places.estop_file,
        logs=places.logs,
        folders=(places.running, places.runs, places.ledger),
        scripts={TASK_SCRIPT: task_script(configuration, program)},
    )


def attic(places: Places) -> Attic:
    """What past runs and days have left below these places."""
    from tinyscheduler.adapters.attic import FileAttic

    return FileAttic(
        {
            "run": places.runs,
            "ledger": places.ledger,
            "journal": places.journal,
            "passes": places.passes,
            "log": places.logs,
        },
        stamp=f"{places.cache}/swept",
    )


def _lease_names(leases: LeaseStore) -> list[dict[str, object]]:
    """What a journal day opens with."""
    return [
        {"task_id": lease.task_id, "lease_id": lease.lease_id, "generation": lease.generation}
        for lease in leases.scan().leases
    ]
