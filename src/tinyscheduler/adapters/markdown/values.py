"""Values of front matter in a task file, both ways; pure.

Read like the hints of a task (ADR 0045): what could mean two things to two readers of YAML is refused. What
is written is read alike by every reader: plain where that is safe, else in JSON's quotes, which are YAML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from tinyscheduler.planner.front_matter_values import (
    Items,
    Scalar,
    Slip,
    Value,
    inline_value,
    is_empty,
    listed_value,
    shortened,
    without_comment,
)

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*(?: [A-Za-z0-9_./@(-][A-Za-z0-9_./@()-]*)*")
_SPECIAL: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""What some reader of YAML takes for something else than a text."""
_NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

Read = str | tuple[str, ...] | None
"""None: the key stands there, with nothing behind it."""


class Inline(NamedTuple):
    """What stands behind a key in its line."""

    value: str
    """As it is written."""
    comment: str
    """With the blanks before it."""


def inline_of(rest: str) -> Inline:
    """Value and comment apart."""
    text = rest.strip(" \r")
    end = _end_of_quoted(text)
    value = text[:end] if end else without_comment(text)
    return Inline(value, text[len(value) :].rstrip(" ") if text.startswith(value) else "")


def read(rest: str, below: Sequence[str]) -> Read:
    """The value of one key. Raises Slip, with a line where it is below."""
    text = inline_of(rest).value
    if text and any(not is_empty(line) for line in below):
        raise Slip(shortened(text), "end the value in its own line, or put all of it below")
    if text.startswith('"'):
        return _quoted(text)
    if text.startswith("["):
        found = _json_list(text)
        if found is not None:
            return found
    if text in _NOTHING:
        return _plain_of(listed_value([line.rstrip("\r") for line in below], 0)) if not text else None
    return _plain_of(inline_value(text))


def written(text: str) -> str:
    """A text as a value in one line."""
    return text if _is_plain(text) else in_quotes(text)


def written_list(texts: Sequence[str]) -> str:
    """Texts as a list in one line; all of them in quotes where one needs them."""
    is_plain = all(_is_plain(text) for text in texts)
    return "[" + ", ".join(text if is_plain else in_quotes(text) for text in texts) + "]"


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and text.lower() not in _SPECIAL


def in_quotes(text: str) -> str:
    """In one line, whatever is in it."""
    return _UNSAFE.sub(_escaped, json.dumps(text, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _quoted(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, str):
        return value
    found = inline_value(text)
    assert isinstance(found, Scalar), "what begins with a quote is one text"
    return found.text


def _json_list(text: str) -> tuple[str, ...] | None:
    """None: it is not written like that."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        # Lists in lists, thousands deep, are as good as any other rubbish.
        return None
    if isinstance(found, list) and all(isinstance(item, str) for item in found):
        return tuple(found)
    return None


def _end_of_quoted(text: str) -> int:
    """Behind the quotes of a text in JSON; 0: it is none."""
    if not text.startswith('"'):
        return 0
    try:
        return json.JSONDecoder().raw_decode(text)[1]
    except ValueError:
        return 0


def _plain_of(value: Value) -> Read:
    if value is None:
        return None
    if isinstance(value, Scalar):
        return value.text
    if isinstance(value, Items):
        return tuple(item.text for item in value.values)
    raise Slip("names with values", "write one value, or a list")
