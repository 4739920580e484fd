"""``tinyscheduler validate-config``: everything that is wrong with the settings, at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tinyscheduler.cli.config import SCHEMA, notes_text, now_text
from tinyscheduler.errors import ConfigError, Fault

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tinyscheduler.cli.config import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command alone."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace, context: Context) -> int:
    """Print the verdict; 2 when there is a fault. The faults are the result, so they go to stdout."""
    faults, notes = _findings(context)
    code = ConfigError.exit_code if faults else 0
    text = _as_json(faults, notes, code) if options.json else _as_text(faults, notes)
    context.stdout.write(text)
    return code


def _findings(context: Context) -> tuple[tuple[Fault, ...], tuple[str, ...]]:
    from tinyscheduler.config.load import load
    from tinyscheduler.config.onsite import look

    try:
        configuration = load(context.overrides, context.environ, env_file=context.env_file, write_cache=False)
    except ConfigError as error:
        return error.faults, ()
    found = look(configuration, context.environ, context.env_file)
    return found.faults, (*configuration.notes, *found.notes)


def _as_text(faults: Sequence[Fault], notes: Sequence[str]) -> str:
    from tinyscheduler.config.faults import fault_text

    verdict = "" if faults else "configuration is valid\n"
    return "".join(f"fault: {fault_text(fault)}\n" for fault in faults) + verdict + notes_text(notes)


def _as_json(faults: Sequence[Fault], notes: Sequence[str], code: int) -> str:
    answer = {
        "schema": SCHEMA,
        "kind": "validate-config",
        "at": now_text(),
        "exit": code,
        "faults": [fault._asdict() for fault in faults],
        "notes": list(notes),
    }
    return json.dumps(answer, ensure_ascii=False) + "\n"
