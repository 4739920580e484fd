"""How this program is called again: by its wrappers, by agents, and by itself after a run."""

from __future__ import annotations

import os
import sys

from tinyscheduler.model.configuration import Configuration


def this_program() -> tuple[str, ...]:
    """How to start this program again: same interpreter, same isolation, from any folder."""
    isolation = ("-I",) if sys.flags.isolated else ("-P",)
    # As a file: "-m" searches for the module, 3 ms at each start (ADR 0003).
    main = os.path.join(_package_folder(), "__main__.py")
    return (sys.executable, *isolation, "-X", "utf8", main)


def task_script(configuration: Configuration, program: tuple[str, ...]) -> str:
    """What agents call to read and write tasks: one word whatever blanks the paths have, and with the
    settings of this pass, because agents see only a few variables of its environment."""
    places, connection = configuration.places, configuration.connection
    settings = ("--base-path", places.base, "--state-dir", places.state)
    server = ("--mcp-endpoint", connection.endpoint or "embedded")
    if connection.folder is not None:
        server = ("--task-folder", connection.folder)
    words = " ".join(_quoted(word) for word in (*program, "task", *settings, *server))
    token = connection.token_file
    lines = ["#!/bin/sh", "# Made by each pass; agents find it as TINYSCHEDULER_TASK_CMD."]
    if token is not None:
        lines.append(f"export TINYSCHEDULER_MCP_TOKEN_FILE={_quoted(token)}")
    return "\n".join([*lines, f'exec {words} "$@"', ""])


def _quoted(word: str) -> str:
    """For a POSIX shell; what shlex.quote does, without its import."""
    return "'" + word.replace("'", "'\\''") + "'"


def _package_folder() -> str:
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
