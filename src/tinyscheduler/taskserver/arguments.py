"""Arguments of tools: declared once, shown to clients as JSON Schema, read as the public server reads them.

Its refusals come out of a validation library and clients have learnt to read them, so ours look the
same: a list of issues after ``Error calling tool NAME: ``. Like there, numbers may come as text,
because models write them so.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from tinyscheduler.model.task import Status
from tinyscheduler.taskstore.checks import STATUSES

Issue = Mapping[str, object]
"""One refusal, in the public server's form."""


class BadArguments(Exception):
    """The arguments do not fit the tool: an answer to a client, not an error of ours."""

    def __init__(self, issues: list[Issue]) -> None:
        super().__init__()
        self.text = clean(json.dumps(issues, indent=2, ensure_ascii=False))


class _Misfit(Exception):
    """One value does not fit; the path is not known yet."""

    def __init__(self, issue: Issue) -> None:
        super().__init__()
        self.issue = issue


class Kind(NamedTuple):
    """What an argument may be."""

    schema: Mapping[str, object]
    read: Callable[[object], object]
    """Raises ``_Misfit``."""


class Argument(NamedTuple):
    """One argument of a tool."""

    name: str
    kind: Kind
    is_required: bool = False
    meaning: str = ""


class Given:
    """The arguments of one call, checked; what was not given is None, False or empty."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def has(self, name: str) -> bool:
        """It was given, be it as null."""
        return name in self._values

    def text(self, name: str) -> str:
        """A required text."""
        value = self._values[name]
        assert isinstance(value, str)
        return value

    def text_or_none(self, name: str) -> str | None:
        """An optional text."""
        return self.text(name) if name in self._values else None

    def whole(self, name: str) -> int:
        """A required whole number."""
        value = self._values[name]
        assert isinstance(value, int)
        return value

    def whole_or_none(self, name: str) -> int | None:
        """An optional whole number; also None where null was given and may be."""
        return None if self._values.get(name) is None else self.whole(name)

    def number(self, name: str) -> float:
        """An optional number, 0 when not given."""
        value = self._values.get(name, 0)
        assert isinstance(value, int | float)
        return value

    def flag(self, name: str) -> bool:
        """An optional truth value."""
        return self._values.get(name) is True

    def texts(self, name: str) -> tuple[str, ...]:
        """An optional list of texts."""
        value = self._values.get(name, ())
        assert isinstance(value, tuple)
        return value

    def statuses(self, name: str) -> tuple[Status, ...]:
        """An optional status, or several."""
        given = self.texts(name)
        return tuple(status for status in STATUSES if status in given)


def read(declared: tuple[Argument, ...], given: Mapping[str, object], *, is_strict: bool) -> Given:
    """Check a call's arguments; ``is_strict`` refuses undeclared names. Raises BadArguments."""
    values: dict[str, object] = {}
    issues: list[Issue] = []
    for argument in declared:
        if argument.name not in given:
            issues += [_at(argument, _missing(argument))] if argument.is_required else []
            continue
        try:
            values[argument.name] = argument.kind.read(given[argument.name])
        except _Misfit as misfit:
            issues.append(_at(argument, misfit.issue))
    issues += _unknown_names(declared, given) if is_strict else []
    if issues:
        raise BadArguments(issues)
    return Given(values)


def schema(declared: tuple[Argument, ...], *, is_strict: bool) -> dict[str, object]:
    """The JSON Schema of a tool's arguments."""
    return {
        "type": "object",
        "properties": {
            a.name: {**a.kind.schema, **({"description": a.meaning} if a.meaning else {})} for a in declared
        },
        "required": [a.name for a in declared if a.is_required],
        "additionalProperties": not is_strict,
    }


def _at(argument: Argument, issue: Issue) -> Issue:
    return {**issue, "path": [argument.name]}


def _missing(argument: Argument) -> Issue:
    if argument.kind in (WHOLE, NUMBER):
        return _wrong_type("number", "nan")
    return {**_wrong_type(str(argument.kind.schema["type"]), "undefined"), "message": "Required"}


def _unknown_names(declared: tuple[Argument, ...], given: Mapping[str, object]) -> list[Issue]:
    known = {argument.name for argument in declared}
    unknown = [name for name in given if name not in known]
    if not unknown:
        return []
    listed = ", ".join(f"'{name}'" for name in unknown)
    message = f"Unrecognized key(s) in object: {listed}"
    return [{"code": "unrecognized_keys", "keys": unknown, "path": [], "message": message}]


def _wrong_type(expected: str, received: str) -> Issue:
    message = f"Expected {expected}, received {received}"
    return {
        "code": "invalid_type",
        "expected": expected,
        "received": received,
        "path": [],
        "message": message,
    }


def _received(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def clean(text: str) -> str:
    """Half a surrogate pair, which JSON may carry and UTF-8 may not, becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Misfit(_wrong_type("string", _received(value)))
    return clean(value)


_EXACT_MAX: Final = 2**63
"""What a column of whole numbers takes; beyond it nothing has an id."""
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)


def _number(value: object) -> float:
    """As JavaScript's ``Number()`` does it: text is parsed, blank and null are 0, true is 1."""
    match value:
        case None:
            return 0
        case bool():
            return int(value)
        case int() if abs(value) > _EXACT_MAX:
            return _rounded(value)
        case int() | float():
            return value
        case str():
            return _parsed(value.strip())
        case _:
            raise _Misfit(_wrong_type("number", "nan"))


def _rounded(number: int) -> float:
    """As in JavaScript, where every number is a float: what is longer than any float is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _parsed(text: str) -> float:
    if not text:
        return 0
    # The length is bounded because int() takes quadratic time for long texts.
    if len(text) > 40 or not _NUMBER.fullmatch(text):
        raise _Misfit(_wrong_type("number", "nan"))
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def _whole(value: object) -> int:
    number = _number(value)
    if not math.isfinite(number) or number != int(number):
        raise _Misfit(_wrong_type("integer", "float"))
    return int(number)


def _whole_or_null(value: object) -> int | None:
    return None if value is None else _whole(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Misfit(_wrong_type("boolean", _received(value)))
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _Misfit(_wrong_type("array", _received(value)))
    return tuple(_text(item) for item in value)


def _status(value: object) -> str:
    text = _text(value)
    if text not in STATUSES:
        options = " | ".join(f"'{status}'" for status in STATUSES)
        message = f"Invalid enum value. Expected {options}, received '{text[:80]}'"
        raise _Misfit(
            {
                "received": text[:80],
                "code": "invalid_enum_value",
                "options": list(STATUSES),
                "path": [],
                "message": message,
            }
        )
    return text


def _one_status(value: object) -> tuple[str, ...]:
    return (_status(value),)


def _statuses(value: object) -> tuple[str, ...]:
    return tuple(_status(item) for item in (value if isinstance(value, list) else [value]))


_STATUS_SCHEMA: Final[Mapping[str, object]] = {"type": "string", "enum": list(STATUSES)}

TEXT: Final = Kind({"type": "string"}, _text)
NUMBER: Final = Kind({"type": "number"}, _number)
WHOLE: Final = Kind({"type": "number"}, _whole)
WHOLE_OR_NULL: Final = Kind({"type": ["number", "null"]}, _whole_or_null)
FLAG: Final = Kind({"type": "boolean"}, _flag)
TEXTS: Final = Kind({"type": "array", "items": {"type": "string"}}, _texts)
STATUS: Final = Kind(_STATUS_SCHEMA, _one_status)
STATUS_OR_MORE: Final = Kind(
    {"anyOf": [_STATUS_SCHEMA, {"type": "array", "items": _STATUS_SCHEMA}]}, _statuses
)
"""One or a list."""
