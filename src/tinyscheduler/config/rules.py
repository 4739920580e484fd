"""What values must look like, as pure functions that raise ValueError with one sentence.

The patterns are deliberately narrow (features I2): these texts become file names, URLs and argv.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import shlex
import string
from urllib.parse import SplitResult, urlsplit

from tinyscheduler.config.faults import shown, suggestion, without_password
from tinyscheduler.config.sources import absolute

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_TAG = re.compile(r"[^\s,\x00-\x1f\x7f](?:[^,\x00-\x1f\x7f]{0,98}[^\s,\x00-\x1f\x7f])?")
_HOST_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")

SLOTS_MAX = 1000
"""Of one agent or cap: twenty times the largest installation we know of; above it is a slip of the pen."""

ARGUMENT_MAX_CHARACTERS = 10_000
"""Of one argument of a command; the kernel's own limit is 128 KiB."""

ARGUMENTS_MAX = 200

PLACEHOLDERS = ("task_id", "attempt", "prompt_file", "result_file", "workspace", "queue", "agent")
"""What ``str.format`` fills into a command. Never task text (law 11)."""

_NAME_WANTED = "letters, digits, _ and -, 64 at most"


def check_name(value: str) -> str:
    """A name of an agent, queue, account or capability."""
    if not NAME.fullmatch(value):
        raise ValueError(f"{shown(value)!r} is not a name: {_NAME_WANTED}")
    return value


def check_tag(value: str) -> str:
    """A tag of a task: one line without commas, 100 characters at most."""
    if not _TAG.fullmatch(value):
        raise ValueError(
            f"{shown(value)!r} is no tag: no commas, no blanks at its ends, 100 characters at most"
        )
    return value


def check_text(value: str) -> str:
    """Text the operating system can take as an argument, a path or a variable."""
    if "\0" in value:
        raise ValueError("it contains a NUL character")
    try:
        os.fsencode(value)
    except UnicodeEncodeError as error:
        raise ValueError(f"character {error.start} cannot be encoded") from error
    return value


def check_path(value: str) -> str:
    """A path, absolute or not, that can be written into a log line."""
    check_text(value)
    if not value.strip() or any(ord(c) < 32 or c == "\x7f" for c in value):
        raise ValueError("a path is not empty and has no control characters")
    return value


def parse_limits(value: object) -> dict[str, int]:
    """Names with numbers: a table, a JSON object, or ``a:1,b:2`` (``=`` will do as well).

    All that is wrong is in one sentence.
    """
    return _parse_limits(value, NAME)


def parse_tag_limits(value: object) -> dict[str, int]:
    """As ``parse_limits``, for tags: those are the task server's texts, ``goal:x`` for example."""
    return _parse_limits(value, _TAG)


def _parse_limits(value: object, pattern: re.Pattern[str]) -> dict[str, int]:
    pairs = _limit_pairs(value)
    troubles = [trouble for name, number in pairs if (trouble := _limit_trouble(name, number, pattern))]
    names = [name for name, _ in pairs]
    troubles += [f"{name} is there twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if troubles:
        raise ValueError("; ".join(troubles))
    return {name: int(str(number)) for name, number in pairs}


def _limit_pairs(value: object) -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return [(str(name), number) for name, number in value.items()]
    if not isinstance(value, str):
        raise ValueError("it is not a list of names with numbers")
    if value.lstrip().startswith("{"):
        return _json_pairs(value)
    parts = [part.strip() for part in value.split(",") if part.strip()]
    split = [re.fullmatch(r"(.*?)\s*[:=]\s*([^:=]*)", part) or (part, part, "") for part in parts]
    return [(pair[1], pair[2]) for pair in split]


def _json_pairs(text: str) -> list[tuple[str, object]]:
    try:
        pairs: list[tuple[str, object]] = json.loads(text, object_pairs_hook=list)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error.msg} at character {error.colno}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return pairs


def _limit_trouble(name: str, number: object, pattern: re.Pattern[str]) -> str | None:
    if not pattern.fullmatch(name):
        return f"{shown(name)!r} is not a name: {_NAME_WANTED}"
    if not re.fullmatch(r"[0-9]{1,9}", str(number)) or int(str(number)) > SLOTS_MAX:
        return f"{name}: {shown(number)!r} is not a whole number from 0 to {SLOTS_MAX}"
    return None


def parse_endpoint(value: str, *, allows_insecure: bool) -> str | None:
    """The URL in its one spelling, ending in ``/mcp``; None for ``embedded``."""
    text = value.strip()
    if text.lower() == "embedded":
        return None
    if not text.isascii() or any(c <= " " for c in text):
        raise ValueError("a URL has no spaces and only ASCII characters")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"it is not a URL: {without_password(str(error))}") from error
    _check_parts(parts, port)
    host = (parts.hostname or "").lower()
    if parts.scheme == "http" and not is_loopback(host) and not allows_insecure:
        raise ValueError(
            f"plain http to {host} would send tasks and tokens readable for everybody on the way"
        )
    return f"{parts.scheme}://{_authority(host, port)}{_mcp_path(parts.path)}"


def _check_parts(parts: SplitResult, port: int | None) -> None:
    if parts.scheme not in ("http", "https"):
        raise ValueError("it does not begin with http:// or https://")
    if "@" in parts.netloc:
        raise ValueError("it carries a user name or password, which would end up in logs")
    if parts.query or parts.fragment:
        raise ValueError("it has a part after ? or #")
    if not _is_host(parts.hostname or ""):
        raise ValueError("it names no valid host")
    if port == 0:
        raise ValueError("port 0 cannot be connected to")


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        labels = host.removesuffix(".").split(".")
        return len(host) <= 253 and all(_HOST_LABEL.fullmatch(label) for label in labels)
    return True


def is_loopback(host: str) -> bool:
    """The host is this machine, by name (RFC 6761 6.3) or by address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _authority(host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"


def _mcp_path(path: str) -> str:
    """``/sse`` is where servers of the older transport are by custom."""
    path = path.rstrip("/")
    return path if path.endswith(("/mcp", "/sse")) else f"{path}/mcp"


def parse_command(value: object) -> tuple[str, ...]:
    """An argv template: a list, a JSON list in text, or text split as a shell splits words.

    No shell is ever involved: ``|``, ``>`` and ``$NAME`` mean nothing.
    """
    words = _words(value) if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError('it is not a list of texts like ["my-agent", "--task", "{task_id}"]')
    if not words or not words[0].strip():
        raise ValueError("it names no program")
    if len(words) > ARGUMENTS_MAX or any(len(word) > ARGUMENT_MAX_CHARACTERS for word in words):
        raise ValueError(
            f"more than {ARGUMENTS_MAX} arguments or {ARGUMENT_MAX_CHARACTERS} characters in one"
        )
    troubles = [trouble for at, word in enumerate(words) if (trouble := _template_trouble(word, at))]
    if troubles:
        raise ValueError("; ".join(troubles))
    return tuple(words)


def _words(text: str) -> object:
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"it is not a JSON list: {error}") from error
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ValueError(f"it cannot be split into words: {str(error).lower()}") from error


def _template_trouble(argument: str, at: int) -> str | None:
    """What is wrong with one argument as a template; None: nothing."""
    try:
        check_text(argument)
        fields = [found for found in string.Formatter().parse(argument) if found[1] is not None]
    except ValueError as error:
        return f"argument {at}: {error} (write a literal brace as {{{{ or }}}})"
    if fields and at == 0:
        return "argument 0: the program itself cannot have a placeholder"
    for _, name, specification, conversion in fields:
        if name not in PLACEHOLDERS or specification or conversion:
            hint = suggestion(name or "", PLACEHOLDERS) or f", known are {', '.join(PLACEHOLDERS)}"
            if not (name or "").isidentifier():
                # The first thing one tries: the result is JSON.
                hint = "; a brace that is meant to stay is written twice: {{ and }}"
            return f"argument {at}: there is no placeholder {{{name}}}{hint}"
    return None


def place_program(command: tuple[str, ...], folder: str, home: str) -> tuple[str, ...]:
    """The command with its program made absolute if it is a path; a bare name is left to PATH.

    A relative one starts at ``folder``: what the file names lies beside the file.
    """
    program = command[0].format()
    if "/" not in program:
        return command
    placed = absolute(program, folder, home).replace("{", "{{").replace("}", "}}")
    return (placed, *command[1:])
