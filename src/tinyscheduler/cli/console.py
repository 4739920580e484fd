"""Printing: one JSON object for machines, lines for people. Tables are in ``views.table``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from tinyscheduler.errors import ConfigError, TinySchedulerError

SCHEMA = 1


def print_json(stream: TextIO, kind: str, *, at: str, code: int, body: Mapping[str, object]) -> None:
    """The one shape of contracts.md: ``{schema, kind, at, exit, ...}``."""
    import json

    whole = {"schema": SCHEMA, "kind": kind, "at": at, "exit": code, **body}
    print(json.dumps(whole, indent=1, allow_nan=False), file=stream)


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
