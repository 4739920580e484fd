"""Values of an agent's environment that come from elsewhere: our own environment, or a file.

Looked for before anything is planned, because an agent without its key would fail in a way that nobody
understands, and a task that is given to it would be tried in every pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tinyscheduler.errors import StartFailed
from tinyscheduler.model.agent import Agent, EnvValue, Unready
from tinyscheduler.model.ids import AgentName

SECRET_BYTES_MAX = 65_536


def unready(agents: Iterable[Agent], environ: Mapping[str, str]) -> Mapping[AgentName, Unready]:
    """The enabled agents of which a value is not to be had, each with the first of them."""
    found = {}
    for agent in agents:
        if not agent.is_enabled:
            continue
        try:
            values_of(agent, environ)
        except StartFailed as error:
            found[agent.name] = Unready(error.message, error.hint)
    return found


def values_of(agent: Agent, environ: Mapping[str, str]) -> dict[str, str]:
    """By name. Raises StartFailed for a value that is not to be had."""
    return {value.name: _resolve(value, environ) for value in agent.env}


def _resolve(value: EnvValue, environ: Mapping[str, str]) -> str:
    if value.literal is not None:
        return value.literal
    if value.inherit is not None:
        found = environ.get(value.inherit)
        if found is None:
            raise StartFailed(
                f"{value.name} should come from {value.inherit}, which is not set here",
                hint="cron and systemd start with almost no environment; name a file instead",
            )
        return found
    assert value.file is not None, "exactly one source of a value is given"
    return _secret_file(value.name, value.file)


def _secret_file(name: str, path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(SECRET_BYTES_MAX).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartFailed(
            f"{name} should come from the file {path}, which cannot be read",
            hint="give this user the right to it",
        ) from error
