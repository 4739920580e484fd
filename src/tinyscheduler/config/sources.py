"""Collect what the operator wrote, unjudged: flags, environment, ``.env``, ``tinyscheduler.toml``.

Only texts move here; what they mean is decided in ``settings``. Runs in every pass, so it imports
nothing that costs. An empty value is everywhere the same as no value: the next source decides.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Literal, NamedTuple

from tinyscheduler.config.dotenv import parse
from tinyscheduler.errors import Fault
from tinyscheduler.kit import files

if TYPE_CHECKING:
    from collections.abc import Mapping

Source = Literal["flag", "environment", ".env", "toml", "default"]
"""Where a value came from, strongest first."""

PREFIX = "TINYSCHEDULER_"

NAMES = frozenset({
    "BASE_PATH", "STATE_DIR", "RUNNING_DIR", "LOG_DIR", "RECIPES_DIR", "WORKSPACES_DIR", "LOCK_FILE",
    "AGENT_CONTROL_FILE", "AGENT_LIMITS", "AGENT_COMMAND", "GOOSE_BIN", "ENABLED", "DRY_RUN",
    "LOG_LEVEL", "DISABLE_BLOCKING", "MAX_PARALLEL", "QUEUE_LIMITS", "ACCOUNT_LIMITS", "TAG_LIMITS",
    "MAX_FETCH", "MAX_QUEUE_DEPTH", "MIN_FREE_MB", "LOOP_INTERVAL_SEC", "HEARTBEAT_SEC", "START_TIMEOUT_SEC",
    "MAX_RUNTIME_SEC", "SOFT_RUNTIME_SEC", "GRACE_SEC", "MAX_ATTEMPTS", "RETRY_BASE_SEC",
    "RETRY_MAX_SEC", "MCP_ALLOW_INSECURE", "MCP_ENDPOINT", "MCP_TOKEN_FILE", "MCP_HEADERS",
    "MCP_CA_FILE", "MCP_TIMEOUT_SEC", "MCP_BUDGET_SEC", "TASK_FOLDER",
})  # fmt: skip
"""Every setting. Here and not read off ``settings.Settings``, because that would import pydantic; a
test holds the two together."""

SECRETS = frozenset({"MCP_HEADERS"})
"""Settings whose value is never shown, stored or hashed."""

_RESERVED = frozenset({"HOME", "LEASE", "TASK_ID", "ATTEMPT", "RESULT_FILE", "INBOX", "TASK_CMD"})
"""Set by the launcher, or by us for agents; a wrapper that becomes a pass still has some of them."""

_RESERVED_START = "AGENT_ENV_"

TEXT_FILE_MAX_BYTES = 1_000_000
"""Of ``.env`` and ``tinyscheduler.toml``: a thousand times what anybody writes by hand."""

CONTROL_FILE_MAX_BYTES = 10_000_000
"""Of agent-control (features I2)."""


class Inputs(NamedTuple):
    """Everything that decides the configuration, but for the agent-control file."""

    base: str
    """Absolute; where every other path starts."""
    base_source: Source
    home: str
    flags: Mapping[str, str]
    environment: Mapping[str, str]
    """By setting name, without the prefix; known names only."""
    dotenv: Mapping[str, str]
    dotenv_path: str
    toml: bytes | None
    toml_path: str
    strangers: tuple[tuple[Source, str], ...]
    """TINYSCHEDULER_* names that are no setting. Never their values: who mistypes the name of a
    secret has put a secret there."""
    faults: tuple[Fault, ...]


def gather(overrides: Mapping[str, str], environ: Mapping[str, str], env_file: str | None) -> Inputs:
    """Read every source once. What cannot be read becomes a fault, never an exception."""
    faults: list[Fault] = []
    home = environ.get("HOME") or _home_of_user()
    flags = {name: value for name, value in overrides.items() if value.strip()}
    environment, strangers = settings_in(environ, "environment")
    given = flags.get("BASE_PATH") or environment.get("BASE_PATH")
    base = absolute(given, os.getcwd(), home) if given else default_base(environ, home)
    source: Source = "default" if not given else "flag" if "BASE_PATH" in flags else "environment"

    dotenv_path = os.path.abspath(env_file) if env_file is not None else os.path.join(base, ".env")
    all_dotenv = _read_dotenv(dotenv_path, is_wanted=env_file is not None, faults=faults)
    dotenv, more_strangers = settings_in(all_dotenv, ".env")
    if not given and "BASE_PATH" in dotenv:
        base, source = absolute(dotenv["BASE_PATH"], os.path.dirname(dotenv_path), home), ".env"

    toml_path = os.path.join(base, "tinyscheduler.toml")
    return Inputs(
        base=base,
        base_source=source,
        home=home,
        flags=flags,
        environment=environment,
        dotenv=dotenv,
        dotenv_path=dotenv_path,
        toml=read_operator_file(toml_path, TEXT_FILE_MAX_BYTES, faults),
        toml_path=toml_path,
        strangers=tuple(strangers + more_strangers),
        faults=tuple(faults),
    )


def default_base(environ: Mapping[str, str], home: str) -> str:
    """The launcher's folder; installed with pip, the XDG state folder.

    The XDG specification wants a relative XDG_STATE_HOME ignored.
    """
    launcher = environ.get("TINYSCHEDULER_HOME", "")
    if os.path.isabs(launcher):
        return os.path.normpath(launcher)
    xdg = environ.get("XDG_STATE_HOME", "")
    state = xdg if os.path.isabs(xdg) else os.path.join(home, ".local", "state")
    return os.path.join(state, "tinyscheduler")


def absolute(text: str, folder: str, home: str) -> str:
    """A path as the operator writes it: ``~/`` is the home folder, a relative one starts at ``folder``."""
    text = text.strip()
    if text == "~" or text.startswith("~/"):
        text = home + text[1:]
    return os.path.normpath(os.path.join(folder, text))


def read_operator_file(path: str, limit: int, faults: list[Fault]) -> bytes | None:
    """A file that belongs to the operator, who may well have put a link there; None: it does not exist.

    One that is there and cannot be read is a fault, and None: broken is never the same as absent.
    """
    try:
        return files.read_limited(os.path.realpath(path), limit)
    except OSError as error:
        if error.errno != errno.ENOENT or os.path.lexists(path):
            faults.append(_unreadable(path, limit, error))
        return None


def _unreadable(path: str, limit: int, error: OSError) -> Fault:
    if error.errno == errno.EFBIG:
        return Fault(path, "", f"keep it below {limit:,} bytes", "the file is too large")
    remedy = "make it a regular file that this user can read, or remove it"
    return Fault(path, "", remedy, f"the file cannot be read: {(error.strerror or str(error)).lower()}")


def _read_dotenv(path: str, *, is_wanted: bool, faults: list[Fault]) -> dict[str, str]:
    before = len(faults)
    data = read_operator_file(path, TEXT_FILE_MAX_BYTES, faults)
    if data is None:
        if is_wanted and len(faults) == before:
            faults.append(Fault("--env-file", path, "name a file that exists", "there is no such file"))
        return {}
    try:
        values, troubles = parse(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        faults.append(Fault(path, "", "save it as UTF-8", f"byte {error.start} is not UTF-8"))
        return {}
    faults.extend(Fault(f"{path}:{line}", "", "write NAME=value", what) for line, what in troubles)
    return values


def settings_in(names: Mapping[str, str], source: Source) -> tuple[dict[str, str], list[tuple[Source, str]]]:
    """The settings among these variables, by their short names, and the names that only look like one."""
    settings: dict[str, str] = {}
    strangers: list[tuple[Source, str]] = []
    for name, value in names.items():
        if not name.startswith(PREFIX):
            continue
        short = name[len(PREFIX) :]
        if short in NAMES:
            if value.strip():
                settings[short] = value
        elif short not in _RESERVED and not short.startswith(_RESERVED_START):
            strangers.append((source, name))
    return settings, strangers


def _home_of_user() -> str:
    """For an environment without HOME (``env -i``, some service managers)."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return "/"
