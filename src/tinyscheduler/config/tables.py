"""Tables of ``tinyscheduler.toml``: rules with a shape of their own, where one value is not enough.

Settings can come from five sources; a table stands in the file alone. This is the one place where
the tables are described: the documentation and the ``config`` command are made from it. Cold path only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from tinyscheduler.config.about_key import AboutKey
from tinyscheduler.config.control_tables import HooksTable, HoursTable, PressureTable
from tinyscheduler.config.faults import sentence, shown, suggestion
from tinyscheduler.config.needs import ResourcesTable
from tinyscheduler.config.order_tables import (
    AgeingTable,
    BandsTable,
    DepthTable,
    contradictions_of_bands,
)
from tinyscheduler.errors import Fault

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from tinyscheduler.config.sources import Inputs

SCHEDULES = "schedules"
"""An array of tables, which ``schedule_tables`` reads."""
NOT_NOW = 75
"""EX_TEMPFAIL: "not now" by itself, for every agent (contracts, outcomes)."""


class TableRow(NamedTuple):
    """One key of a table, for people."""

    name: str
    """``table.key``."""
    value: str
    """Empty: nothing."""
    source: Literal["toml", "default"]
    """``toml``: it is written in the file, be it what it would be anyway."""
    meaning: str
    wants: str


def _check_codes(codes: list[int]) -> list[int]:
    if NOT_NOW in codes:
        raise ValueError(f"{NOT_NOW} always means not now, and spends no attempt")
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ValueError(f"{twice[0]} is there twice")
    return codes


ExitCode = Annotated[int, Field(ge=1, le=255)]
ExitCodes = Annotated[list[ExitCode], AfterValidator(_check_codes)]
_CODES = "a list of whole numbers from 1 to 255 without 75, like [2, 64]"


class RetryTable(BaseModel):
    """``[retry]``: which exit codes of agents are worth another attempt (features C3)."""

    model_config = ConfigDict(strict=True, extra="forbid")
    permanent: Annotated[
        ExitCodes, AboutKey("Exit codes after which no other attempt is made: the task is parked.", _CODES)
    ] = []
    retryable: Annotated[
        ExitCodes,
        AboutKey("When it is not empty, no other exit code is worth another attempt.", _CODES),
    ] = []


class Tables(BaseModel):
    """All of them, by name."""

    model_config = ConfigDict(strict=True, extra="ignore")
    retry: RetryTable = RetryTable()
    bands: BandsTable = BandsTable()
    ageing: AgeingTable = AgeingTable()
    depth: DepthTable = DepthTable()
    hours: HoursTable = HoursTable()
    pressure: PressureTable = PressureTable()
    hooks: HooksTable = HooksTable()
    resources: ResourcesTable = ResourcesTable()


TABLE_NAMES = frozenset((*Tables.model_fields, SCHEDULES))


def toml_document(inputs: Inputs, faults: list[Fault]) -> dict[str, object]:
    """The whole file; empty if there is none or it is at fault."""
    try:
        return tomllib.loads((inputs.toml or b"").decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        remedy = "mend the file; https://toml.io describes the format"
        faults.append(Fault(inputs.toml_path, "", remedy, f"it is not TOML: {error}"))
        return {}


def checked_tables(inputs: Inputs, faults: list[Fault]) -> Tables:
    """The tables; faults are added to the list, and a faulty table then counts as empty."""
    document = toml_document(inputs, [])
    found = {name: value for name, value in document.items() if name in Tables.model_fields}
    try:
        tables = Tables.model_validate(found)
    except ValidationError as error:
        faults += [_fault(one, found, inputs.toml_path) for one in error.errors(include_url=False)]
        wrong = {str(one["loc"][0]) for one in error.errors(include_url=False)}
        return Tables.model_validate({name: value for name, value in found.items() if name not in wrong})
    faults += _contradictions(tables, inputs.toml_path)
    return tables


def table_rows(tables: Tables) -> tuple[TableRow, ...]:
    """Every key of every table, with its value."""
    return tuple(
        _row(f"{name}.{key}", getattr(tables, name), told)
        for name in Tables.model_fields
        for key, told in _keys_of(name).items()
    )


def _row(name: str, table: BaseModel, told: AboutKey) -> TableRow:
    key = name.rpartition(".")[2]
    source: Literal["toml", "default"] = "toml" if key in table.model_fields_set else "default"
    return TableRow(name, _text(getattr(table, key)), source, told.meaning, told.wants)


def tables_markdown() -> str:
    """The table of ``docs/configuration.md``."""
    lines = ["| key | default | meaning |", "|---|---|---|"]
    for row in table_rows(Tables()):
        table, _, key = row.name.partition(".")
        default = row.value or "-"
        lines.append(f"| `[{table}]` `{key}` | {default} | {row.meaning} *Write:* {row.wants} |")
    return "\n".join(lines) + "\n"


def _keys_of(name: str) -> Mapping[str, AboutKey]:
    kind = Tables.model_fields[name].annotation
    assert isinstance(kind, type), "every field of Tables is a table"
    assert issubclass(kind, BaseModel), "every field of Tables is a table"
    return {
        key: next(item for item in field.metadata if isinstance(item, AboutKey))
        for key, field in kind.model_fields.items()
    }


def _text(value: object) -> str:
    """As it is written in the file; empty: it is not set."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, dict):
        return "; ".join(f"{name} = {_text(item)}" for name, item in sorted(value.items()))
    return ", ".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)


def _fault(error: ErrorDetails, found: Mapping[str, object], path: str) -> Fault:
    table, *places = error["loc"]
    where = f"{path}: {table}" + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in places)
    keys = _keys_of(str(table))
    if error["type"] == "extra_forbidden":
        return Fault(where, "", f"remove it{suggestion(str(places[0]), keys)}", "there is no such key")
    if not places:
        remedy = f"write [{table}] on a line of its own, and its keys below"
        return Fault(where, shown(found[str(table)]), remedy, "it is not a table")
    return Fault(where, shown(error.get("input", "")), f"write {keys[str(places[0])].wants}", sentence(error))


def _contradictions(tables: Tables, path: str) -> list[Fault]:
    faults = contradictions_of_bands(tables.bands, path)
    both = sorted(set(tables.retry.permanent) & set(tables.retry.retryable))
    if both:
        remedy = "take it out of one of the two lists"
        faults.append(Fault(f"{path}: retry", str(both[0]), remedy, "it is permanent and retryable at once"))
    return faults
