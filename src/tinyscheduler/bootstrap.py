"""The composition root: the only file that names concrete adapters."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tinyscheduler.model.configuration import Configuration
from tinyscheduler.ports import LockHolder, World

if TYPE_CHECKING:
    from tinyscheduler.model.order import Order
    from tinyscheduler.ports import (
        Clock,
        Containment,
        LeaseStore,
        LedgerStore,
        Processes,
        RunFolders,
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


class WrapperWorld(NamedTuple):
    """The ports of a wrapper: nothing that could reach the network (law 7)."""

    order: Order
    leases: LeaseStore
    processes: Processes
    clock: Clock
    runs: RunFolders
    containment: Containment


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
    from tinyscheduler.adapters.attic import FileAttic
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
    from tinyscheduler.adapters.state_folder import FileStateFolder

    places = configuration.places
    pass_id = os.urandom(4).hex()
    clock, processes = SystemClock(), ProcessTable()
    leases = FileLeaseStore(places.running, places.quarantine)
    program = _program()
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
        breakers=FileBreakers(f"{places.state}/breakers.json", places.quarantine),
        accounts=FileAccounts(f"{places.state}/accounts.json", places.quarantine),
        intents=FileIntents(places.intents, places.quarantine),
        pauses=FilePauses(f"{places.state}/pauses"),
        runs=RunFolderStore(places.runs, redact=_redact),
        journal=JsonlJournal(
            places.journal,
            pass_id=pass_id,
            now=clock.now,
            opening=lambda: _lease_names(leases),
        ),
        processes=processes,
        gauge=ProcGauge(),
        hooks=CommandHooks(invocation.environ, redact=_redact),
        engine=LocalEngine(invocation.environ, (*program, "wrap")),
        server=_task_server(configuration, invocation, is_read_only=is_read_only),
        state=FileStateFolder(
            places.state,
            running=places.running,
            format_file=places.format_file,
            estop_file=places.estop_file,
            logs=places.logs,
            folders=(places.running, places.runs, places.ledger),
            scripts={TASK_SCRIPT: _task_script(configuration, program)},
        ),
        attic=FileAttic(
            {
                "run": places.runs,
                "ledger": places.ledger,
                "journal": places.journal,
                "passes": places.passes,
                "log": places.logs,
            },
            stamp=f"{places.cache}/swept",
        ),
        configuration=configuration,
        environ=invocation.environ,
        after_argv=(*program, "run", "--once", *invocation.flags()),
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
        runs=RunFolderStore(places.runs, redact=_redact),
        processes=ProcessTable(),
        logs=RunLogFiles(places.runs),
    )


def desk(configuration: Configuration, invocation: Invocation, *, is_read_only: bool = False) -> TaskDesk:
    """For ``task``: whichever server is configured. ``is_read_only`` is for the embedded store: no file
    is made or touched. Raises ConfigError."""
    connection = configuration.connection
    if connection.endpoint is None:
        from tinyscheduler.adapters.embedded import EmbeddedTaskServer

        return EmbeddedTaskServer(
            configuration.places.tasks_db,
            read_only=is_read_only,
            depth_max=configuration.policy.max_queue_depth,
        )
    from tinyscheduler.adapters.mcp.desk import McpTaskDesk
    from tinyscheduler.config.secrets import headers

    return McpTaskDesk(
        connection.endpoint,
        headers=headers(configuration, invocation.environ, env_file=invocation.env_file),
        timeout_s=connection.timeout_s,
        ca_file=connection.ca_file,
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


def wire_wrapper(order_path: str) -> WrapperWorld:
    """Bind what one wrapper needs. Raises StateError for an order that cannot be read."""
    from tinyscheduler.adapters.clock import SystemClock
    from tinyscheduler.adapters.processes import ProcessTable
    from tinyscheduler.adapters.processes.containment import WrapperContainment
    from tinyscheduler.adapters.records.leases import FileLeaseStore
    from tinyscheduler.adapters.runs import RunFolderStore
    from tinyscheduler.adapters.runs.order_file import read_order

    order = read_order(order_path)
    return WrapperWorld(
        order=order,
        leases=FileLeaseStore(order.running_folder, ""),
        processes=ProcessTable(),
        clock=SystemClock(),
        runs=RunFolderStore("", redact=_redact),
        containment=WrapperContainment(),
    )


def _task_server(configuration: Configuration, invocation: Invocation, *, is_read_only: bool) -> TaskServer:
    connection = configuration.connection
    if connection.endpoint is None:
        from tinyscheduler.adapters.embedded import EmbeddedTaskServer

        return EmbeddedTaskServer(
            configuration.places.tasks_db,
            read_only=is_read_only,
            depth_max=configuration.policy.max_queue_depth,
        )
    from tinyscheduler.adapters.mcp.tasks import McpTaskServer
    from tinyscheduler.config.secrets import headers

    return McpTaskServer(
        connection.endpoint,
        headers=headers(configuration, invocation.environ, env_file=invocation.env_file),
        timeout_s=connection.timeout_s,
        budget_s=connection.budget_s,
        ca_file=connection.ca_file,
    )


def _program() -> tuple[str, ...]:
    """How to start this program again: same interpreter, same isolation, from any folder."""
    isolation = ("-I",) if sys.flags.isolated else ("-P",)
    # As a file: "-m" searches for the module, 3 ms at each start (ADR 0003).
    main = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")
    return (sys.executable, *isolation, "-X", "utf8", main)


def _task_script(configuration: Configuration, program: tuple[str, ...]) -> str:
    """What agents call to read and write tasks: one word whatever blanks the paths have, and with the
    settings of this pass, because agents see only a few variables of its environment."""
    places, connection = configuration.places, configuration.connection
    settings = ("--base-path", places.base, "--state-dir", places.state)
    endpoint = ("--mcp-endpoint", connection.endpoint or "embedded")
    words = " ".join(_quoted(word) for word in (*program, "task", *settings, *endpoint))
    token = connection.token_file
    lines = ["#!/bin/sh", "# Made by each pass; agents find it as TINYSCHEDULER_TASK_CMD."]
    if token is not None:
        lines.append(f"export TINYSCHEDULER_MCP_TOKEN_FILE={_quoted(token)}")
    return "\n".join([*lines, f'exec {words} "$@"', ""])


def _quoted(word: str) -> str:
    """For a POSIX shell; what shlex.quote does, without its import."""
    return "'" + word.replace("'", "'\\''") + "'"


def _lease_names(leases: LeaseStore) -> list[dict[str, object]]:
    """What a journal day opens with."""
    return [
        {"task_id": lease.task_id, "lease_id": lease.lease_id, "generation": lease.generation}
        for lease in leases.scan().leases
    ]


def _redact(text: str) -> str:
    """What looks like a credential; the pass does not know the agents' own secrets by value."""
    from tinyscheduler.wrapper.redact import Redactor

    return Redactor(()).clean(text)
