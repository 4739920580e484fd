"""Is the program of an agent there, for this terminal and for cron?

The most common reason why an agent that works by hand fails from cron: cron's PATH has two folders.
The same for the interpreter in the first line of a script, which PATH finds when it goes by ``env``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tinyscheduler.model.agent import Agent

CRON_PATH = "/usr/bin:/bin"
"""What crontab(5) promises where the crontab sets no other."""

FIRST_LINE_MAX_BYTES = 256
"""The kernel reads no more of ``#!`` (execve(2), BINPRM_BUF_SIZE)."""


NOT_EXECUTABLE = " is not executable"


class Verdict(NamedTuple):
    """Of one program; both empty: it can be started, also by cron."""

    trouble: str = ""
    """Why it cannot be started at all."""
    remark: str = ""
    """Why it cannot be started by cron, though from here."""


class Paths(NamedTuple):
    """Where names of programs are looked for."""

    here: str
    cron: str


def verdict_on(agent: Agent, environ: Mapping[str, str]) -> Verdict:
    """``agent`` has a command. ``environ`` is of this process."""
    paths = _paths(agent, environ)
    name = agent.command[0].format()
    if "/" in name:
        path, own = name, Verdict(_cannot_start(name))
    elif path := _find(name, paths.here) or _find(name, paths.cron):
        own = _seen_by_cron(name, paths)
    else:
        own = Verdict(f"there is no program {name} in PATH ({paths.here})")
    if own.trouble:
        return own
    interpreter = _verdict_on_interpreter(path, paths)
    return own if own.remark and not interpreter.trouble else interpreter


def trouble_of_command(name: str, environ: Mapping[str, str]) -> str:
    """Why a command of the operator's own cannot be started; empty: it can."""
    if "/" in name:
        return _cannot_start(name)
    here = environ.get("PATH") or os.defpath
    is_there = _find(name, here) or _find(name, CRON_PATH)
    return "" if is_there else f"there is no program {name} in PATH ({here})"


def _paths(agent: Agent, environ: Mapping[str, str]) -> Paths:
    """An agent that is given a PATH is started with it, whoever starts the pass."""
    here = environ.get("PATH") or os.defpath
    for value in agent.env:
        if value.name == "PATH" and value.literal:
            return Paths(value.literal, value.literal)
        if value.name == "PATH":
            # From a file or another variable: nothing that could be held against cron.
            return Paths(here, here)
    return Paths(here, CRON_PATH)


def _find(name: str, path: str) -> str:
    """As the wrapper looks for it; empty: nowhere."""
    candidates = (os.path.join(folder or ".", name) for folder in path.split(os.pathsep))
    return next((found for found in candidates if not _cannot_start(found)), "")


def _cannot_start(path: str) -> str:
    if not os.path.isfile(path):
        return f"there is no program {path}"
    return "" if os.access(path, os.X_OK) else f"{path}{NOT_EXECUTABLE}"


def _seen_by_cron(name: str, paths: Paths) -> Verdict:
    """``name`` is in one of the two."""
    if _find(name, paths.cron):
        return Verdict()
    found = _find(name, paths.here)
    return Verdict(remark=f"{name} is {found} here, but not in cron's PATH ({paths.cron})")


def _verdict_on_interpreter(script: str, paths: Paths) -> Verdict:
    interpreter, program = _first_line(script)
    if interpreter and (trouble := _cannot_start(interpreter)):
        return Verdict(f"{script} needs its interpreter: {trouble}")
    if not program:
        return Verdict()
    if not _find(program, paths.here) and not _find(program, paths.cron):
        return Verdict(f"{script} needs {program}, which is not in PATH ({paths.here})")
    remark = _seen_by_cron(program, paths).remark
    return Verdict(remark=f"{script} needs {program}: {remark}" if remark else "")


def _first_line(path: str) -> tuple[str, str]:
    """The interpreter of a script, and what ``env`` is to look for; empty: there is none."""
    try:
        with open(path, "rb") as file:
            line = file.readline(FIRST_LINE_MAX_BYTES)
    except OSError:
        return "", ""  # A program need not be readable to be started.
    if not line.startswith(b"#!"):
        return "", ""
    words = line[2:].decode("utf-8", "replace").split()
    if not words or os.path.basename(words[0]) != "env":
        return (words[0] if words else ""), ""
    named = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    program = named[0] if named else ""
    return words[0], "" if "/" in program else program
