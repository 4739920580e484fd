"""Judge what was collected and compile it. The cold path: runs when something has changed.

Everything that is wrong is found before anything is said, so one edit mends all of it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.config import sources
from tinyscheduler.config.checking import checked_settings, flag_limits, origins_of, strangers_noted
from tinyscheduler.config.crew import Crew, Terms, muster
from tinyscheduler.config.header_text import parse_headers
from tinyscheduler.config.places import faults_of_places, places_of
from tinyscheduler.config.rules import is_loopback, place_program
from tinyscheduler.config.slots import Limits
from tinyscheduler.config.tables import SCHEDULES, checked_tables, toml_document
from tinyscheduler.config.without_effect import notes_without_effect
from tinyscheduler.errors import ConfigError, Fault
from tinyscheduler.model.configuration import Configuration, Connection
from tinyscheduler.model.ids import QueueName
from tinyscheduler.model.policy import Policy

if TYPE_CHECKING:
    from tinyscheduler.config.settings import Settings
    from tinyscheduler.config.sources import Inputs, Source
    from tinyscheduler.config.tables import Tables
    from tinyscheduler.model.configuration import Places
    from tinyscheduler.model.schedule import Schedule


class Compiled(NamedTuple):
    """The configuration, and how it came about."""

    configuration: Configuration
    settings: Settings
    tables: Tables
    origins: Mapping[str, Source]
    """By setting name; a setting that is not in it has its default."""
    agent_control: bytes | None
    """The file as it was read; None: there is none."""


class Judged(NamedTuple):
    """What the inputs come to, right or wrong."""

    compiled: Compiled
    """Of what is right; a setting that is at fault has its default, an agent that is at fault is left out."""
    faults: tuple[Fault, ...]


NOTHING_UNSAVED: Mapping[str, bytes] = {}


def compile_inputs(inputs: Inputs) -> Compiled:
    """Raises ConfigError with every fault."""
    compiled, faults = judged(inputs)
    if faults:
        raise _error(faults)
    return compiled


def judged(inputs: Inputs, *, unsaved: Mapping[str, bytes] = NOTHING_UNSAVED) -> Judged:
    """Everything that is right beside everything that is wrong, for those who mend. Never raises.

    ``unsaved`` has the content of agent-control files, by path, that is not on the disk yet.
    """
    faults = list(inputs.faults)
    settings = checked_settings(inputs, faults)
    tables = checked_tables(inputs, faults)
    places = places_of(settings, inputs)
    faults += faults_of_places(places, inputs)
    control = unsaved.get(places.agent_control_file)
    if control is None:
        control = sources.read_operator_file(
            places.agent_control_file, sources.CONTROL_FILE_MAX_BYTES, faults
        )
    limits = Limits(flag_limits(inputs, faults), settings.agent_limits)
    terms = _terms(settings, places, limits=limits, home=inputs.home)
    crew = muster(control, places.agent_control_file, terms)
    connection = _connection(settings, places, inputs)
    faults += [*crew.faults, *_faults_of_connection(connection)]
    if control is None:
        faults += _missing_control(settings, places, inputs)
    notes = (*strangers_noted(inputs), *_notes_on_connection(connection), *crew.notes)
    notes += notes_without_effect(settings, tables, crew.agents)
    pre_start = _pre_start(tables.hooks.pre_start, places, inputs)
    schedules = _schedules(inputs, faults)
    notes += _notes_on_schedules(schedules, crew)
    policy = _policy(settings, tables, pre_start=pre_start, is_legacy=crew.is_legacy)
    configuration = _configuration(
        settings, crew, places=places, policy=policy, connection=connection, notes=notes
    )._replace(schedules=schedules)
    return Judged(Compiled(configuration, settings, tables, origins_of(inputs), control), tuple(faults))


def _schedules(inputs: Inputs, faults: list[Fault]) -> tuple[Schedule, ...]:
    document = toml_document(inputs, [])
    if SCHEDULES not in document:
        return ()
    from tinyscheduler.config.schedule_tables import checked_schedules

    return checked_schedules(document, inputs, faults)


def _notes_on_schedules(schedules: tuple[Schedule, ...], crew: Crew) -> tuple[str, ...]:
    if not schedules:
        return ()
    from tinyscheduler.config.schedule_tables import notes_on_schedules

    served: set[str] = {queue for agent in crew.agents for queue in agent.queues}
    return notes_on_schedules(schedules, served, {str(agent.name) for agent in crew.agents})


def _missing_control(settings: Settings, places: Places, inputs: Inputs) -> list[Fault]:
    """Only the file of the default name may be missing: legacy mode is never a typing error. What is there
    and cannot be read has been told of."""
    source = origins_of(inputs).get("AGENT_CONTROL_FILE")
    default = type(settings).model_fields["agent_control_file"].default
    path = places.agent_control_file
    if source is None or settings.agent_control_file == default or os.path.lexists(path):
        return []
    remedy = "create it, correct the path, or leave the setting away for legacy mode"
    return [Fault(f"{sources.PREFIX}AGENT_CONTROL_FILE", path, remedy, f"there is no such file ({source})")]


def _error(faults: tuple[Fault, ...]) -> ConfigError:
    count = f"{len(faults)} faults" if len(faults) > 1 else "a fault"
    return ConfigError(
        f"the configuration has {count}",
        faults=faults,
        hint="tinyscheduler validate-config shows what to write instead",
    )


def _terms(settings: Settings, places: Places, *, limits: Limits, home: str) -> Terms:
    command = settings.agent_command
    return Terms(
        limits=limits,
        command=place_program(command, places.base, home) if command else (),
        folder=os.path.dirname(places.agent_control_file),
        home=home,
    )


def _connection(settings: Settings, places: Places, inputs: Inputs) -> Connection:
    def place(text: str) -> str | None:
        return sources.absolute(text, places.base, inputs.home) if text else None

    return Connection(
        endpoint=None if settings.mcp_endpoint == "embedded" else settings.mcp_endpoint,
        token_file=place(settings.mcp_token_file),
        ca_file=place(settings.mcp_ca_file),
        header_names=tuple(sorted(parse_headers(settings.mcp_headers))),
        timeout_s=settings.mcp_timeout_sec,
        budget_s=settings.mcp_budget_sec,
        folder=place(settings.task_folder),
    )


def _faults_of_connection(connection: Connection) -> list[Fault]:
    if connection.endpoint is not None and connection.folder is not None:
        remedy = "leave one of them away: MCP_ENDPOINT for a server, or TASK_FOLDER for Markdown files"
        message = f"MCP_ENDPOINT is set as well ({connection.endpoint}): there is one task server"
        return [Fault(f"{sources.PREFIX}TASK_FOLDER", connection.folder, remedy, message)]
    names = [name.lower() for name in connection.header_names]
    if connection.token_file is None or "authorization" not in names:
        return []
    remedy = "keep MCP_TOKEN_FILE, or the header Authorization, not both"
    message = "two values would be sent as Authorization"
    return [Fault(f"{sources.PREFIX}MCP_TOKEN_FILE", connection.token_file, remedy, message)]


def _notes_on_connection(connection: Connection) -> list[str]:
    has_secrets = connection.token_file is not None or connection.header_names
    if connection.endpoint is None:
        where = "the embedded store" if connection.folder is None else "a folder of tasks"
        return [f"MCP_TOKEN_FILE and MCP_HEADERS do nothing with {where}"] if has_secrets else []
    scheme, _, rest = connection.endpoint.partition("://")
    host = rest.partition("/")[0]
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if scheme == "http" and not is_loopback(host) and has_secrets:
        return [f"the secrets for {host} travel in plain http, readable for everybody on the way"]
    return []


def _configuration(
    settings: Settings,
    crew: Crew,
    *,
    places: Places,
    policy: Policy,
    connection: Connection,
    notes: tuple[str, ...],
) -> Configuration:
    # One that has a cap is meant to be served: its tasks are seen, and told that nobody does.
    queues = {queue for agent in crew.agents for queue in agent.queues} | {q for q, _ in policy.queue_caps}
    return Configuration(
        places=places,
        policy=policy,
        connection=connection,
        agents=crew.agents,
        queues=tuple(sorted(queues)),
        loop_interval_s=settings.loop_interval_sec,
        log_level=settings.log_level,
        is_dry_run=settings.dry_run,
        notes=notes,
    )


def _policy(settings: Settings, tables: Tables, *, pre_start: tuple[str, ...], is_legacy: bool) -> Policy:
    pressure = tables.pressure
    return Policy(
        is_enabled=settings.enabled,
        max_parallel=settings.max_parallel,
        queue_caps=tuple((QueueName(name), cap) for name, cap in sorted(settings.queue_limits.items())),
        account_caps=tuple(sorted(settings.account_limits.items())),
        tag_caps=tuple(sorted(settings.tag_limits.items())),
        orders_blockers_first=not settings.disable_blocking,
        max_fetch=settings.max_fetch,
        max_queue_depth=settings.max_queue_depth,
        loop_interval_s=settings.loop_interval_sec,
        band_floors=(tables.bands.critical, tables.bands.high, tables.bands.normal),
        band_weights=tuple(tables.bands.turns) if tables.bands.enabled else (),
        ageing_s=tables.ageing.interval_min * 60 if tables.ageing.enabled else 0,
        overdue_s=tables.ageing.overdue_hours * 3600 if tables.ageing.enabled else 0,
        queue_hours=tuple((QueueName(name), hours) for name, hours in sorted(tables.hours.queues.items())),
        load_per_core_max=pressure.load_per_core if pressure.enabled else 0,
        free_memory_min_mb=pressure.free_memory_mb if pressure.enabled else 0,
        swap_used_max_percent=pressure.swap_used_percent if pressure.enabled else 0,
        pre_start=pre_start,
        cpu_total=tables.resources.cpu,
        memory_total_mb=tables.resources.memory_mb,
        gpu_total=tables.resources.gpu,
        stretches_critical=tables.depth.stretch_critical_limits,
        heartbeat_interval_s=settings.heartbeat_sec,
        hard_limit_s=settings.max_runtime_sec,
        soft_limit_s=settings.soft_runtime_sec or None,
        grace_s=settings.grace_sec,
        start_timeout_s=settings.start_timeout_sec,
        claim_timeout_s=_claim_timeout_s(settings.mcp_timeout_sec),
        max_attempts=settings.max_attempts,
        retry_base_s=settings.retry_base_sec,
        retry_max_s=settings.retry_max_sec,
        permanent_exits=tuple(sorted(tables.retry.permanent)),
        retryable_exits=tuple(sorted(tables.retry.retryable)),
        min_free_mb=settings.min_free_mb,
        is_legacy=is_legacy,
    )


def _pre_start(command: tuple[str, ...], places: Places, inputs: Inputs) -> tuple[str, ...]:
    """A program with a slash lies beside the file that names it; a bare name is left to PATH."""
    if not command or "/" not in command[0]:
        return command
    return (sources.absolute(command[0], places.base, inputs.home), *command[1:])


def _claim_timeout_s(call_timeout_s: float) -> int:
    """A client that waits longer than usual may also be heard later than usual.

    25 s is what the policy's own default leaves for the server after the client has given up.
    """
    default = Policy().claim_timeout_s
    return max(default, math.ceil(call_timeout_s) + 25)
