"""Keep the compiled configuration, so that an unchanged one costs a file read and not pydantic.

A cache that is missing, torn, foreign or from other inputs is a miss and nothing else. No secret is
in it, nor a digest of one: values of secret settings never reach the key (ADR 0030).
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, NamedTuple, cast

from tinyscheduler import __version__
from tinyscheduler.config import sources
from tinyscheduler.config.header_text import parse_headers
from tinyscheduler.kit import files
from tinyscheduler.kit.fields import Fields
from tinyscheduler.model.agent import Agent, EnvValue
from tinyscheduler.model.configuration import Configuration, Connection, Places
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.resources import Resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tinyscheduler.config.sources import Inputs
    from tinyscheduler.model.schedule import Schedule

FILE_NAME = "configuration.json"

_MAX_BYTES = 3 * sources.CONTROL_FILE_MAX_BYTES
"""The compiled form repeats defaults; more than three times the source cannot be ours."""

_DIGEST_BYTES = 16
"""128 bits: nobody can search for two inputs with one digest, and the file stays readable."""

_ABSENT = "-" * (2 * _DIGEST_BYTES)
"""Stands for "there is no agent-control file", which is a state of its own: legacy mode."""


class Kept(NamedTuple):
    """One entry, with what is still to be compared before it may be used."""

    configuration: Configuration
    agent_control: str
    """Digest of the agent-control file it was made from; the file's place is in the entry itself."""


def likely_path(inputs: Inputs) -> str:
    """Where the cache of these inputs is.

    The state folder may be set in the toml file, and its parser is one of the costs we are here to
    avoid; so that file is only skimmed. A wrong guess is a miss.
    """
    for layer in (inputs.flags, inputs.environment, inputs.dotenv):
        if "STATE_DIR" in layer:
            return _below(inputs, layer["STATE_DIR"])
    return _below(inputs, _skim_toml(inputs.toml or b"") or "state")


def key(inputs: Inputs) -> str:
    """One digest for everything that decides the result, except agent-control.

    ``repr`` of a tuple of texts cannot be the same for two different tuples. HOME is in it because
    of ``~/``, the interpreter and the code because they do the compiling.
    """
    parts = (
        __version__,
        sys.version,
        _code(),
        (inputs.base, inputs.base_source, inputs.home, inputs.dotenv_path),
        sorted(_public(inputs.flags).items()),
        sorted(_public(inputs.environment).items()),
        sorted(_public(inputs.dotenv).items()),
        sorted(inputs.strangers),
        inputs.toml,
    )
    return digest(repr(parts).encode())


def digest(data: bytes | None) -> str:
    """Hexadecimal; None, for a file that does not exist, has a digest of its own."""
    if data is None:
        return _ABSENT
    # Straight from the extension module: hashlib binds OpenSSL, 2 ms that a pass can do without.
    try:
        from _blake2 import blake2b
    except ImportError:  # an interpreter that has moved it
        from hashlib import blake2b
    return blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()


def read(path: str, wanted: str | None = None) -> Kept | None:
    """The entry of that key, or whatever key it has; None: there is none that can be trusted."""
    try:
        status = os.lstat(path)
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            return None
        head, _, body = files.read_limited(path, _MAX_BYTES).partition(b"\n")
        found = Fields(json.loads(head[:-1] + b"}"))
        if wanted not in (None, found.text("key")) or found.text("sum") != digest(body):
            return None
        whole = json.loads(b"{" + body)
        return Kept(_thaw(whole["configuration"]), found.text("agent_control"))
    except (OSError, ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None


def write(path: str, wanted: str, kept: Kept) -> None:
    """Replace the entry; not synced, because it can be made again.

    A disk that refuses is not reported here: nothing is lost, and the pass that follows says so
    with its own first write.
    """
    frozen = json.dumps(kept.configuration, ensure_ascii=True, separators=(",", ":"))
    body = b'"configuration": %s}\n' % frozen.encode()
    head = {"key": wanted, "agent_control": kept.agent_control, "sum": digest(body)}
    try:
        files.make_folder(os.path.dirname(path))
        files.replace(
            path, json.dumps(head).encode()[:-1] + b",\n" + body, sync_file=False, sync_folder=False
        )
    except OSError:
        return


def _thaw(found: object) -> Configuration:
    """NamedTuples are lists in JSON; the sum has vouched for their shape."""
    places, policy, connection, agents, *rest, schedules = cast(
        "tuple[tuple[object, ...], ...]", _tupled(found)
    )
    return Configuration._make(
        (
            Places._make(places),
            Policy._make(policy),
            Connection._make(connection),
            tuple(_thaw_agent(Agent._make(cast("tuple[object, ...]", agent))) for agent in agents),
            *rest,
            _thaw_schedules(schedules) if schedules else (),
        )
    )


def _thaw_schedules(found: tuple[object, ...]) -> tuple[Schedule, ...]:
    """Loaded only where there are some."""
    from tinyscheduler.model.schedule import Schedule

    return tuple(Schedule._make(cast("tuple[object, ...]", row)) for row in found)


def _thaw_agent(agent: Agent) -> Agent:
    env = tuple(EnvValue._make(value) for value in agent.env)
    return agent._replace(env=env, resources=Resources._make(agent.resources))


def _tupled(value: object) -> object:
    return tuple(_tupled(v) for v in value) if isinstance(value, list) else value


def _public(layer: Mapping[str, str]) -> dict[str, str]:
    """The layer with secrets reduced to what the configuration takes from them: names of headers."""
    return {name: _names_only(text) if name in sources.SECRETS else text for name, text in layer.items()}


def _names_only(text: str) -> str:
    try:
        return repr(sorted(parse_headers(text)))
    except ValueError:
        # Told as a fault by the settings; the key only has to be the same each time.
        return "faulty"


def _code() -> object:
    """What compiles and what is compiled into, so that an updated clone misses once.

    Sizes and times of our own files: a version number does not change with every ``git pull``.
    """
    shapes = tuple(
        kind._fields for kind in (Configuration, Places, Policy, Connection, Agent, EnvValue, Resources)
    )
    with os.scandir(os.path.dirname(os.path.abspath(__file__))) as entries:
        stamps = sorted(
            (entry.name, entry.stat().st_size, entry.stat().st_mtime_ns)
            for entry in entries
            if entry.name.endswith(".py")
        )
    return shapes, sorted(Policy._field_defaults.items()), stamps


def _below(inputs: Inputs, state: str) -> str:
    return os.path.join(sources.absolute(state, inputs.base, inputs.home), "cache", FILE_NAME)


def _skim_toml(data: bytes) -> str:
    """The text of a line ``state_dir = "..."``; empty if there is no such line."""
    for line in data.split(b"\n"):
        name, _, value = line.partition(b"=")
        if name.strip() == b"state_dir":
            return value.partition(b"#")[0].strip().strip(b"\"'").decode("utf-8", "replace")
    return ""
