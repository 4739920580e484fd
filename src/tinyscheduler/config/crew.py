"""Make the agents of a pass out of agent-control and the limits, or of the limits alone. Cold path only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.config.agent_environment import looks_secret
from tinyscheduler.config.agents import AgentEntry, read_control
from tinyscheduler.config.rules import place_program
from tinyscheduler.config.slots import Limits, notes_on_limits, slots_of
from tinyscheduler.config.sources import absolute
from tinyscheduler.model.agent import Agent, EnvValue
from tinyscheduler.model.ids import AgentName, QueueName

if TYPE_CHECKING:
    from tinyscheduler.errors import Fault


class Crew(NamedTuple):
    """All agents, and what is to be said about them."""

    agents: tuple[Agent, ...]
    notes: tuple[str, ...]
    faults: tuple[Fault, ...] = ()
    is_legacy: bool = False


class Terms(NamedTuple):
    """What every agent is made with."""

    limits: Limits
    command: tuple[str, ...]
    """Of agents that have none of their own; its program is placed already."""
    folder: str
    """Of the agent-control file: relative paths in it start there."""
    home: str


def muster(control: bytes | None, path: str, terms: Terms) -> Crew:
    """The agents of the file, in its order; None, no file, is legacy mode (features D5)."""
    if control is None:
        return _legacy_crew(path, terms)
    found = read_control(control, path)
    agents = tuple(_agent(entry, terms) for entry in found.entries)
    notes = [*found.notes, *notes_on_limits(terms.limits, (agent.name for agent in agents))]
    notes += [note for entry in found.entries for note in _notes_on_entry(entry)]
    notes += [f"{path}: {note}" for agent in agents for note in _notes_on_agent(agent)]
    if not agents:
        notes.append(f"{path}: it names no agent, so nothing will be started")
    return Crew(agents, tuple(notes), found.faults)


def _agent(entry: AgentEntry, terms: Terms) -> Agent:
    slots = slots_of(entry.name, terms.limits, entry.slots)
    command = place_program(entry.command, terms.folder, terms.home) if entry.command else terms.command
    return Agent(
        name=AgentName(entry.name),
        queues=tuple(QueueName(name) for name in entry.queues),
        slots=slots.number,
        slots_source=slots.source,
        is_enabled=entry.is_enabled,
        is_on_demand=entry.is_on_demand,
        weight=entry.weight,
        capabilities=tuple(entry.capabilities),
        account=entry.account,
        command=command,
        env=tuple(_placed(value, terms) for value in entry.environment),
        workspace=absolute(entry.workspace, terms.folder, terms.home) if entry.workspace else None,
        success=entry.success,
        hard_limit_s=entry.limits.hard_sec,
        soft_limit_s=entry.limits.soft_sec,
        stall_s=entry.limits.stall_sec,
        stdin=entry.stdin,
        scope=tuple(entry.scope),
        resources=entry.resources.compiled(),
        hours=entry.hours,
    )


def _placed(value: EnvValue, terms: Terms) -> EnvValue:
    return value._replace(file=absolute(value.file, terms.folder, terms.home)) if value.file else value


def _notes_on_entry(entry: AgentEntry) -> list[str]:
    notes = [
        f"{entry.name}: {value.name} looks like a secret; give it as "
        f'{{"from": NAME}} or {{"file": path}} instead of its value'
        for value in entry.environment
        if looks_secret(value)
    ]
    if entry.profile != "command" and entry.command:
        notes.append(
            f"{entry.name}: the profile {entry.profile} is not built in yet; its command is run as it is"
        )
    return notes


def _notes_on_agent(agent: Agent) -> list[str]:
    notes = []
    if agent.slots_source == "omitted":
        notes.append(
            f"{agent.name} has 0 slots: it has no maxConcurrency, and neither --agent-limit nor "
            "AGENT_LIMITS names it"
        )
    if not agent.command:
        notes.append(f"{agent.name} has no command, so its tasks are held; give it one, or set AGENT_COMMAND")
    return notes


def _legacy_crew(path: str, terms: Terms) -> Crew:
    """Agents from the limits, serving only what is assigned to them, all with one command."""
    agents = []
    for name in terms.limits.names():
        slots = slots_of(name, terms.limits, None)
        agents.append(Agent(AgentName(name), (), slots.number, slots.source, command=terms.command))
    name = os.path.basename(path)
    notes = [f"there is no {name} at {path}, so agents come from AGENT_LIMITS alone (legacy mode)"]
    if not agents:
        notes.append(
            f"AGENT_LIMITS names no agent either, so nothing will be started: write {name}, as "
            "examples/agent-control/small.json, or name such a file in TINYSCHEDULER_AGENT_CONTROL_FILE"
        )
    elif not terms.command:
        notes.append("AGENT_COMMAND is not set, so there is nothing to run and all tasks are held")
    return Crew(tuple(agents), tuple(notes), is_legacy=True)
