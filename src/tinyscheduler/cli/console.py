"""Printing: one JSON object for machines, lines and a bar for people. Tables are in ``views.table``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from tinyscheduler.cli.context import Context
from tinyscheduler.errors import ConfigError, TinySchedulerError

SCHEMA = 1
STEPS_MIN = 5
"""What takes fewer is over before a bar is read, and rich costs a tenth of a second."""


def print_json(stream: TextIO, kind: str, *, at: str, code: int, body: Mapping[str, object]) -> None:
    """The one shape of contracts.md: ``{schema, kind, at, exit, ...}``."""
    import json

    whole = {"schema": SCHEMA, "kind": kind, "at": at, "exit": code, **body}
    print(json.dumps(whole, indent=1, allow_nan=False), file=stream)


@contextmanager
def progress(context: Context, what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr where that is a terminal, and nothing elsewhere; call what it gives after each step.

    It is taken away at the end. Nothing else may be printed meanwhile.
    """
    if not context.stderr.isatty() or total < STEPS_MIN:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(file=context.stderr, color_system=None if context.environ.get("NO_COLOR") else "auto")
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def error_json(error: TinySchedulerError) -> str:
    """``{error: {ref message field value hint}}``, all faults beside the first one."""
    import json

    faults = error.faults if isinstance(error, ConfigError) else ()
    first = faults[0] if faults else None
    body = {
        "ref": error.reference,
        "message": error.message,
        "field": first.field if first else None,
        "value": first.value if first else None,
        "hint": error.hint or (first.remedy if first else ""),
    }
    more = [fault._asdict() for fault in faults]
    return json.dumps({"error": body, **({"faults": more} if more else {})}, allow_nan=False)
