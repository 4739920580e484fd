"""The 30 tools of the public server as the stub has them: what they take, what they answer, what they
say when they refuse (tinytask 2.1, 3, 3.1 and 5).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from tests.integration.stub_store import Refusal, Row, Store, order_of

Kind = Literal["num", "num or null", "text", "texts", "flag", "status", "status or several", "statuses"]
STATUSES = ["idle", "working", "complete"]


class Tool(NamedTuple):
    """One of them."""

    run: Callable[[Row], str]
    """Gets arguments that were checked. Raises Refusal."""
    takes: Mapping[str, Kind]
    needs: tuple[str, ...] = ()
    is_strict: bool = True
    """False: arguments that nobody knows are ignored."""
    is_number_strict: bool = False
    """Text, true and null are no numbers."""
    verb: str = ""
    """For "Error <verb>ing ...: " before a refusal."""

    def __call__(self, arguments: Row) -> str:
        """Raises Refusal with the text as it is sent."""
        return self.run(arguments)


def call(tools: Mapping[str, Tool], name: str, arguments: Row) -> str:
    """The text of the answer. Raises Refusal."""
    if name not in tools:
        raise Refusal(f"Unknown tool: {name}")
    tool = tools[name]
    checked = _checked(name, tool, arguments)
    try:
        return tool.run(checked)
    except Refusal as refusal:
        raise Refusal(f"{tool.verb}{refusal}") from refusal


def pretty(value: object) -> str:
    """JSON as the server prints it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _checked(name: str, tool: Tool, arguments: Row) -> Row:
    issues: list[Row] = []
    unknown = [key for key in arguments if key not in tool.takes]
    checked = {key: value for key, value in arguments.items() if key in tool.takes}
    for key, kind in tool.takes.items():
        if key not in arguments:
            if key in tool.needs:
                issues.append(_invalid(key, "string" if kind == "text" else "number", "undefined"))
            continue
        checked[key] = _valid(key, kind, arguments[key], issues)
        if tool.is_number_strict and kind == "num" and type(arguments[key]) not in (int, float):
            issues.append(_invalid(key, "number", _type(arguments[key])))
    if unknown and tool.is_strict:
        quoted = ", ".join(f"'{key}'" for key in unknown)
        message = f"Unrecognized key(s) in object: {quoted}"
        issues.append({"code": "unrecognized_keys", "keys": unknown, "path": [], "message": message})
    if issues:
        raise Refusal(f"Error calling tool {name}: {pretty(issues)}")
    return checked


def _valid(key: str, kind: Kind, value: object, issues: list[Row]) -> object:
    """Numbers are what JavaScript makes of anything; nothing else is ever changed."""
    match kind:
        case "num" | "num or null":
            if kind == "num or null" and value is None:
                return None
            number = _number(value)
            if math.isnan(number):
                issues.append(_invalid(key, "number", "nan"))
                return 0
            return int(number) if number.is_integer() else number
        case "status" | "statuses" | "status or several":
            is_list_wanted = kind == "statuses" or (kind == "status or several" and isinstance(value, list))
            values = value if is_list_wanted and isinstance(value, list) else [value]
            issues += [_bad_status(key, one) for one in values if one not in STATUSES]
            if kind == "statuses" and not isinstance(value, list):
                issues.append(_invalid(key, "array", "string"))
        case "text" if not isinstance(value, str):
            issues.append(_invalid(key, "string", _type(value)))
        case "flag" if not isinstance(value, bool):
            issues.append(_invalid(key, "boolean", _type(value)))
        case "texts" if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            issues.append(_invalid(key, "array", _type(value)))
    return value


def _number(value: object) -> float:
    """``Number()``: null is 0, true is 1, text may be a number."""
    try:
        return float(value or 0) if isinstance(value, str | float | int | None) else math.nan
    except ValueError:
        return math.nan


def _type(value: object) -> str:
    return (
        "null"
        if value is None
        else {str: "string", bool: "boolean", list: "array"}.get(type(value), "number")
    )


def _invalid(key: str, expected: str, received: str) -> Row:
    message = "Required" if received == "undefined" else f"Expected {expected}, received {received}"
    return {
        "code": "invalid_type", "expected": expected, "received": received, "path": [key], "message": message,
    }  # fmt: skip


def _bad_status(key: str, value: object) -> Row:
    options = " | ".join(f"'{status}'" for status in STATUSES)
    message = f"Invalid enum value. Expected {options}, received '{value}'"
    return {
        "received": value, "code": "invalid_enum_value", "options": STATUSES, "path": [key],
        "message": message,
    }  # fmt: skip


FILTERS: Mapping[str, Kind] = {
    "assigned_to": "text", "status": "status or several", "exclude_status": "statuses",
    "include_archived": "flag", "limit": "num", "offset": "num", "queue_name": "text",
    "parent_task_id": "num", "exclude_subtasks": "flag",
}  # fmt: skip


def listed(store: Store, wanted: Row) -> list[object]:
    """One page. Raises Refusal."""
    limit, offset = wanted.get("limit", 0), wanted.get("offset", 0)
    if not isinstance(limit, int) or not isinstance(offset, int):
        raise Refusal("Query failed: datatype mismatch")
    rows: list[object] = [*store.raw_rows, *_ordered(store, wanted)]
    page = rows[offset : offset + limit] if limit > 0 else rows[offset:]
    for row in page:
        if isinstance(row, dict) and row.get("id") in store.tasks:
            store.refresh(row)
    return page


def _ordered(store: Store, wanted: Row) -> list[Row]:
    """Asked for several statuses it gives rows of one priority and second in no order; here backwards."""
    rows = [row for row in store.tasks.values() if _is_wanted(row, wanted)]
    return sorted(rows[::-1] if isinstance(wanted.get("status"), list) else rows, key=order_of)


def _is_wanted(row: Row, wanted: Row) -> bool:
    status, others = wanted.get("status", STATUSES), wanted.get("exclude_status")
    return (
        (row["archived_at"] is None or wanted.get("include_archived") is True)
        and row["status"] in (status if isinstance(status, list) else [status])
        and row["status"] not in (others if isinstance(others, list) else [])
        and not (wanted.get("exclude_subtasks") is True and row["parent_task_id"] is not None)
        and all(
            row[key] == wanted[key]
            for key in ("assigned_to", "queue_name", "parent_task_id")
            if key in wanted
        )
    )
