"""Fetch what may not lie around: headers and token, at the moment the client is made and not before.

Neither the compiled configuration nor its cache has them, so a changed token needs no other file to
change. No exception raised here contains one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tinyscheduler.config import sources
from tinyscheduler.config.header_text import VALUE_MAX_CHARACTERS, parse_headers
from tinyscheduler.errors import ConfigError, Fault
from tinyscheduler.kit import files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tinyscheduler.model.configuration import Configuration


def headers(
    configuration: Configuration, environ: Mapping[str, str], *, env_file: str | None = None
) -> Mapping[str, str]:
    """Everything the client adds to each request. ``environ`` and ``env_file`` as given to ``load``.

    Raises:
        ConfigError: the token file cannot be used, or MCP_HEADERS has changed since it was checked.
    """
    connection = configuration.connection
    found: dict[str, str] = {}
    if connection.header_names:
        found.update(_extra_headers(configuration, environ, env_file))
    if connection.token_file is not None:
        found["Authorization"] = f"Bearer {_token(connection.token_file)}"
    return found


def exposed_files(
    configuration: Configuration, environ: Mapping[str, str], *, env_file: str | None = None
) -> tuple[str, ...]:
    """Files with secrets in them that other users of this machine can read."""
    files_with_secrets = secret_files(configuration, _inputs(configuration, environ, env_file))
    return tuple(path for path in files_with_secrets if _is_exposed(path))


def secret_files(configuration: Configuration, inputs: sources.Inputs) -> tuple[str, ...]:
    """The token, ``.env`` if there is a secret in it, and what agents get from files; each once."""
    token = configuration.connection.token_file
    candidates = [] if token is None else [token]
    if sources.SECRETS & inputs.dotenv.keys():
        candidates.append(inputs.dotenv_path)
    candidates += [value.file for agent in configuration.agents for value in agent.env if value.file]
    return tuple(dict.fromkeys(candidates))


def _extra_headers(
    configuration: Configuration, environ: Mapping[str, str], env_file: str | None
) -> dict[str, str]:
    inputs = _inputs(configuration, environ, env_file)
    text = inputs.environment.get("MCP_HEADERS") or inputs.dotenv.get("MCP_HEADERS", "")
    try:
        return parse_headers(text)
    except ValueError as error:
        raise _cannot_use("MCP_HEADERS", remedy="mend it, or remove it", message=str(error)) from error


def _inputs(configuration: Configuration, environ: Mapping[str, str], env_file: str | None) -> sources.Inputs:
    """The sources again. The base path may have come from a flag, which is not at hand here."""
    inputs = sources.gather({}, environ, env_file)
    base = configuration.places.base
    return inputs if inputs.base == base else sources.gather({"BASE_PATH": base}, environ, env_file)


def _token(path: str) -> str:
    remedy = "write the token as one line into the file, mode 0600"
    try:
        data = files.read_limited(os.path.realpath(path), 2 * VALUE_MAX_CHARACTERS)
    except OSError as error:
        why = f"the file cannot be read: {(error.strerror or '').lower()}"
        raise _cannot_use("MCP_TOKEN_FILE", path, remedy=remedy, message=why) from error
    token = data.decode("ascii", "replace").strip()
    if not token or len(token) > VALUE_MAX_CHARACTERS or not all("!" <= c <= "~" for c in token):
        why = "the file does not hold one token"
        raise _cannot_use("MCP_TOKEN_FILE", path, remedy=remedy, message=why)
    return token


def _cannot_use(name: str, value: str = "", *, remedy: str, message: str) -> ConfigError:
    fault = Fault(f"{sources.PREFIX}{name}", value, remedy, message)
    return ConfigError(f"{name} cannot be used: {message}", faults=(fault,), hint=remedy)


def _is_exposed(path: str) -> bool:
    try:
        return bool(os.stat(path).st_mode & 0o077)
    except OSError:
        # Told as a fault by whoever reads it.
        return False
