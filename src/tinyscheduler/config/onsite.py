"""What only a look at this machine can tell: files and programs that the configuration names.

Kept out of compiling, because it can change without any setting changing; ``validate-config`` asks.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.config import secrets, sources
from tinyscheduler.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tinyscheduler.model.agent import Agent
    from tinyscheduler.model.configuration import Configuration


class Findings(NamedTuple):
    """Faults stop a pass from working; notes stop one agent, or nobody yet."""

    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def look(configuration: Configuration, environ: Mapping[str, str], env_file: str | None) -> Findings:
    """Look at every file and program that is named; nothing is started."""
    faults = _unusable_ca(configuration)
    try:
        secrets.headers(configuration, environ, env_file=env_file)
    except ConfigError as error:
        faults += error.faults
    notes = [note for agent in configuration.agents for note in _notes_on_agent(agent, environ)]
    notes += [
        f"{path} holds a secret and other users of this machine can read it: chmod 600"
        for path in secrets.exposed_files(configuration, environ, env_file=env_file)
    ]
    return Findings(tuple(faults), tuple(notes))


def _unusable_ca(configuration: Configuration) -> list[Fault]:
    path = configuration.connection.ca_file
    if path is None or (os.path.isfile(path) and os.access(path, os.R_OK)):
        return []
    remedy = "name a file of certificates (PEM) that this user can read"
    return [Fault(f"{sources.PREFIX}MCP_CA_FILE", path, remedy, "there is no such file")]


def _notes_on_agent(agent: Agent, environ: Mapping[str, str]) -> list[str]:
    notes = []
    if agent.command and (missing := _missing_program(agent.command[0].format(), environ)):
        notes.append(f"{agent.name}: {missing}")
    if agent.workspace is not None and not os.path.isdir(agent.workspace):
        notes.append(f"{agent.name}: there is no folder {agent.workspace}")
    for value in agent.env:
        if value.file is not None and not os.access(value.file, os.R_OK):
            notes.append(f"{agent.name}: {value.file}, the value of {value.name}, cannot be read")
        if value.inherit is not None and value.inherit not in environ:
            notes.append(f"{agent.name}: {value.inherit}, the value of {value.name}, is not set here")
    return notes


def _missing_program(program: str, environ: Mapping[str, str]) -> str:
    if "/" not in program:
        found = shutil.which(program, path=environ.get("PATH", os.defpath))
        return "" if found else f"there is no program {program} in PATH; cron's PATH is short, name the file"
    if not os.path.isfile(program):
        return f"there is no program {program}"
    return "" if os.access(program, os.X_OK) else f"{program} is not executable"
