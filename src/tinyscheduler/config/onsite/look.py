"""Look at every file, folder and program that the configuration names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.config import secrets, sources
from tinyscheduler.config.onsite.programs import NOT_EXECUTABLE, trouble_of_command, verdict_on
from tinyscheduler.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tinyscheduler.model.agent import Agent
    from tinyscheduler.model.configuration import Configuration


class Findings(NamedTuple):
    """What was seen, by whom it stops."""

    faults: tuple[Fault, ...]
    """A pass cannot work."""
    stops: tuple[Fault, ...]
    """One agent, the field, cannot be started as things are here and now."""
    notes: tuple[str, ...]
    """Nobody is stopped, or nobody yet."""


def look(configuration: Configuration, environ: Mapping[str, str], env_file: str | None) -> Findings:
    """``environ`` and ``env_file`` as given to ``load``. Nothing is started or touched."""
    faults = [
        *_unusable_ca(configuration),
        *_unusable_folders(configuration),
        *_unusable_tasks(configuration),
        *_unusable_hook(configuration, environ),
    ]
    try:
        secrets.headers(configuration, environ, env_file=env_file)
    except ConfigError as error:
        faults += error.faults
    enabled = [agent for agent in configuration.agents if agent.is_enabled]
    stops = [fault for agent in enabled for fault in _stops(agent, environ)]
    notes = [note for agent in enabled for note in _notes(agent, environ)]
    notes += [
        f"{path} holds a secret and other users of this machine can read it: chmod 600"
        for path in secrets.exposed_files(configuration, environ, env_file=env_file)
    ]
    return Findings(tuple(faults), tuple(stops), tuple(notes))


def _unusable_ca(configuration: Configuration) -> list[Fault]:
    path = configuration.connection.ca_file
    if path is None or (os.path.isfile(path) and os.access(path, os.R_OK)):
        return []
    remedy = "name a file of certificates (PEM) that this user can read"
    return [Fault(f"{sources.PREFIX}MCP_CA_FILE", path, remedy, "there is no such file")]


def _unusable_hook(configuration: Configuration, environ: Mapping[str, str]) -> list[Fault]:
    """Without an answer of it nothing starts."""
    command = configuration.policy.pre_start
    if not command or not (trouble := trouble_of_command(command[0], environ)):
        return []
    return [Fault("hooks.pre_start", command[0], "install it, name the file, or take it out", trouble)]


def _unusable_folders(configuration: Configuration) -> list[Fault]:
    """Of those that a pass writes into; one that is not there is made by it."""
    places = configuration.places
    named = {"STATE_DIR": places.state, "RUNNING_DIR": places.running, "LOG_DIR": places.logs}
    remedy = "name a folder that this user can write to"
    return [
        Fault(sources.PREFIX + name, path, remedy, trouble)
        for name, path in named.items()
        if os.path.lexists(path) and (trouble := _folder_trouble(path))
    ]


def _unusable_tasks(configuration: Configuration) -> list[Fault]:
    """A folder of tasks that is not there is no empty one, and nobody makes it: its name may be wrong."""
    path = configuration.connection.folder
    if path is None:
        return []
    trouble = _folder_trouble(path) if os.path.lexists(path) else "there is no such folder"
    remedy = "make it, or name the folder of your Markdown files; this user has to be able to write there"
    return [Fault(f"{sources.PREFIX}TASK_FOLDER", path, remedy, trouble)] if trouble else []


def _folder_trouble(path: str) -> str:
    if not os.path.isdir(path):
        return "it is not a folder"
    return "" if os.access(path, os.W_OK | os.X_OK) else "this user cannot write there"


def _stops(agent: Agent, environ: Mapping[str, str]) -> list[Fault]:
    stops = []
    if agent.command and (trouble := verdict_on(agent, environ).trouble):
        stops.append(Fault(agent.name, "", _remedy_of(trouble), trouble))
    if agent.workspace is not None and (trouble := _workspace_trouble(agent.workspace)):
        stops.append(Fault(agent.name, "", "name a folder that this user can work in", trouble))
    stops += [
        Fault(agent.name, "", "name a file that this user can read", f"{trouble}, the value of {value.name}")
        for value in agent.env
        if value.file is not None and (trouble := _file_trouble(value.file))
    ]
    remedy = "set it where passes run (cron sets almost nothing), or name a file"
    stops += [
        Fault(agent.name, "", remedy, f"{value.inherit}, the value of {value.name}, is not set here")
        for value in agent.env
        if value.inherit is not None and value.inherit not in environ
    ]
    return stops


def _remedy_of(trouble: str) -> str:
    """Of a program that cannot be started."""
    path, is_there, _ = trouble.partition(NOT_EXECUTABLE)
    return f"chmod +x {path}" if is_there else "install it, or name the file in its command"


def _file_trouble(path: str) -> str:
    if not os.path.exists(path):
        return f"there is no file {path}"
    is_usable = os.path.isfile(path) and os.access(path, os.R_OK)
    return "" if is_usable else f"{path} cannot be read"


def _workspace_trouble(path: str) -> str:
    if os.path.isdir(path):
        return "" if os.access(path, os.X_OK) else f"its workspace {path} cannot be entered"
    if os.path.lexists(path):
        return f"its workspace {path} is not a folder"
    parent = os.path.dirname(path)
    while not os.path.lexists(parent):
        parent = os.path.dirname(parent)
    if _folder_trouble(parent):
        return f"its workspace {path} cannot be made: no folder can be made in {parent}"
    return ""


def _notes(agent: Agent, environ: Mapping[str, str]) -> list[str]:
    notes = []
    workspace = agent.workspace
    if agent.command and (remark := verdict_on(agent, environ).remark):
        notes.append(f"{agent.name}: {remark}; name the file, or set PATH in the crontab")
    if workspace is not None and not os.path.lexists(workspace) and not _workspace_trouble(workspace):
        notes.append(f"{agent.name}: there is no folder {workspace}; its first start makes it")
    if workspace is not None and os.path.isdir(workspace) and not os.access(workspace, os.W_OK):
        notes.append(f"{agent.name}: it cannot write to its workspace {workspace}")
    return notes
