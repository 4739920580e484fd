"""``tinyscheduler config``: every setting, its value, and where it came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tinyscheduler.cli.context import Context
    from tinyscheduler.config.compile import Compiled

SCHEMA = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command alone."""
    parser.add_argument(
        "--show", action="store_true", help="print the settings (this is what it does anyway)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace, context: Context) -> int:
    """Print the settings. Raises ConfigError when they are at fault."""
    from tinyscheduler.config.compile import compile_inputs
    from tinyscheduler.config.sources import gather

    compiled = compile_inputs(gather(context.overrides, context.environ, context.env_file))
    if options.json:
        context.stdout.write(json.dumps(_as_json(compiled), ensure_ascii=False) + "\n")
    else:
        context.stdout.write(_as_text(compiled))
    return 0


def _as_json(compiled: Compiled) -> dict[str, object]:
    from tinyscheduler.config.reference import setting_rows, value_rows
    from tinyscheduler.config.tables import table_rows

    settings = [
        {
            "name": value.name,
            "value": value.value,
            "source": value.source,
            "default": row.default,
            "variable": row.variable,
            "toml_key": row.toml_key or None,
            "flag": row.flag or None,
        }
        for row, value in zip(setting_rows(), value_rows(compiled), strict=True)
    ]
    tables = [
        {"name": row.name, "value": row.value or None, "source": row.source, "meaning": row.meaning}
        for row in table_rows(compiled.tables)
    ]
    tables += [
        {"name": name, "value": value, "source": "toml", "meaning": "Tasks that come by the clock."}
        for name, value in _schedule_rows(compiled)
    ]
    head = {"schema": SCHEMA, "kind": "config", "at": now_text(), "exit": 0}
    agents = [
        {
            "name": agent.name,
            "queues": list(agent.queues),
            "slots": agent.slots,
            "slots_source": agent.slots_source,
            "is_enabled": agent.is_enabled,
        }
        for agent in compiled.configuration.agents
    ]
    notes = list(compiled.configuration.notes)
    return {**head, "settings": settings, "tables": tables, "agents": agents, "notes": notes}


def _as_text(compiled: Compiled) -> str:
    from tinyscheduler.config.reference import value_rows
    from tinyscheduler.config.tables import table_rows

    rows = [("SETTING", "VALUE", "SOURCE")]
    rows += [(row.name, row.value or "-", row.source) for row in value_rows(compiled)]
    rows += [(row.name, row.value or "-", row.source) for row in table_rows(compiled.tables)]
    rows += [(name, value, "toml") for name, value in _schedule_rows(compiled)]
    crew = [("AGENT", "QUEUES", "SLOTS", "SOURCE OF SLOTS")]
    crew += [
        (agent.name, " ".join(agent.queues) or "-", str(agent.slots), agent.slots_source)
        for agent in compiled.configuration.agents
    ]
    parts = [table(rows), table(crew) if len(crew) > 1 else "", notes_text(compiled.configuration.notes)]
    return "\n".join(part for part in parts if part)


def _schedule_rows(compiled: Compiled) -> list[tuple[str, str]]:
    if not compiled.configuration.schedules:
        return []
    from tinyscheduler.config.schedule_tables import schedule_rows

    return schedule_rows(compiled.configuration.schedules)


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Columns as wide as their widest cell, two spaces between; the last one ends where it ends."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
    return "\n".join(lines) + "\n"


def notes_text(notes: Sequence[str]) -> str:
    """One line each."""
    return "".join(f"note: {note}\n" for note in notes)


def now_text() -> str:
    """The ``at`` of a JSON answer."""
    from datetime import UTC, datetime

    from tinyscheduler.kit.fields import instant_text

    return instant_text(datetime.now(UTC))
