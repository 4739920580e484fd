"""What a hint may look like: names, paths, numbers, durations. The same for tags and front matter.

Each check gives back what is meant, or raises Slip with the value and the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from tinyscheduler.model.resources import Resources
from tinyscheduler.planner.front_matter_values import (
    ENTRIES_MAX,
    Items,
    Pairs,
    Scalar,
    Slip,
    Value,
    shortened,
)
from tinyscheduler.planner.patterns import is_wild

PATH_CHARS_MAX = 512
PATH_PARTS_MAX = 32
"""A pattern is looked for along all that is kept below its first folders."""
SCOPE_PARTS_MAX = 8
SECONDS_MAX = 7 * 86_400
"""A week, as for agents."""
CPU_MAX, MEMORY_MB_MAX, GPU_MAX = 4_096.0, 100_000_000, 1_024
"""More than any machine has; a slip of the keyboard is told as one."""

STARS_MAX = 8
"""Each more multiplies the ways in which two patterns may meet."""

PATTERNS_MAX = 16
"""Each may have to be compared with each of every run; plain paths are looked up."""

EVERYTHING = "."
"""The whole workspace, as a path."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?")
_DURATION = re.compile(r"([1-9][0-9]{0,8})([smh]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
_NO_TEXT = re.compile(
    r"""~|null|Null|NULL|=|<<
    |[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?0x[0-9a-fA-F_]+
    |\+[0-9][0-9_]*|-0+|[-+]?[0-9][0-9_]*_[0-9_]*|[-+]?0[0-9_]+
    |[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
    |[-+]?(?:[0-9][0-9_]*\.?|\.[0-9_]+|[0-9][0-9_]*\.[0-9_]*)[eE][-+]?[0-9]+
    |[-+]?[0-9][0-9_]*\.[0-9_]*|[-+]?\.[0-9][0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)
    |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?""",
    re.VERBOSE,
)
"""What a reader of YAML takes for nothing, another number, or a date, unless it is in quotes."""

T = TypeVar("T")


def text_of(value: Value) -> str:
    """One text."""
    if not isinstance(value, Scalar):
        raise Slip("a list", "write one value")
    if value.is_quoted:
        return value.text
    if value.text in _TRUE or value.text in _FALSE or _NO_TEXT.fullmatch(value.text):
        raise Slip(shortened(value.text), "put it into quotes: without, it is no text")
    return value.text


def each_of(value: Value, check: Callable[[str], T]) -> tuple[T, ...]:
    """A list, or one value that stands for a list of one; each once."""
    if isinstance(value, Pairs):
        raise Slip("names with values", "write a list")
    found = value.values if isinstance(value, Items) else (value,)
    if len(found) > ENTRIES_MAX:
        raise Slip(f"{len(found)} entries", f"write {ENTRIES_MAX} at most")
    return tuple(dict.fromkeys(check(text_of(scalar)) for scalar in found))


def name(text: str) -> str:
    """Of a capability, a goal, a recipe; an id."""
    if _NAME.fullmatch(text):
        return text
    raise Slip(shortened(text) or "nothing", "a name is 1 to 64 of A-Z a-z 0-9 _ -")


def scope(text: str) -> str:
    """Names with ``/`` between them, from the wide to the narrow."""
    parts = text.split("/")
    if len(parts) > SCOPE_PARTS_MAX:
        raise Slip(shortened(text), f"a scope has {SCOPE_PARTS_MAX} parts at most")
    return "/".join(name(part) for part in parts)


def path(text: str) -> str:
    """In the workspace, without needless parts; ``*``, ``**`` and ``?`` stay what they are."""
    if not text or len(text) > PATH_CHARS_MAX or not text.isprintable() or "\\" in text:
        remedy = f"a path is 1 to {PATH_CHARS_MAX} characters that can be seen, with / between its parts"
        raise Slip(shortened(text) or "nothing", remedy)
    if text.startswith(("/", "~")):
        raise Slip(shortened(text), "begin at the workspace: no / and no ~ in front")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Slip(shortened(text), "name the place itself: .. leads out of what it stands in")
    if len(parts) > PATH_PARTS_MAX:
        raise Slip(shortened(text), f"a path has {PATH_PARTS_MAX} parts at most: name a folder above")
    if any("**" in part and part != "**" for part in parts):
        raise Slip(shortened(text), "** stands alone between two /")
    if text.count("*") > STARS_MAX:
        raise Slip(shortened(text), f"write {STARS_MAX} of * at most, or name the folder")
    return "/".join(parts) or EVERYTHING


def paths(value: Value) -> tuple[str, ...]:
    """A list of them, few of them patterns."""
    found = each_of(value, path)
    patterns = sum(map(is_wild, found))
    if patterns > PATTERNS_MAX:
        raise Slip(f"{patterns} paths with * or ?", f"write {PATTERNS_MAX} of them at most, or name folders")
    return found


def truth(value: Value) -> bool:
    """``true`` or ``false``, without quotes."""
    text = value.text if isinstance(value, Scalar) and not value.is_quoted else ""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise Slip(_shown(value), "write true or false, without quotes")


def seconds(value: Value) -> int:
    """``900``, ``15m`` or ``2h``."""
    found = _DURATION.fullmatch(value.text) if isinstance(value, Scalar) else None
    if found is not None:
        number_s = int(found[1]) * _SECONDS[found[2]]
        if number_s <= SECONDS_MAX:
            return number_s
    raise Slip(_shown(value), f"write seconds, or 15m or 2h, {SECONDS_MAX} s at most")


def amount(value: Value) -> float:
    """A number that is not negative."""
    if isinstance(value, Scalar) and not value.is_quoted and _DECIMAL.fullmatch(value.text):
        return float(value.text)
    raise Slip(_shown(value), "write a number like 2 or 0.5")


def whole(value: Value) -> int:
    """Without a fraction."""
    if isinstance(value, Scalar) and not value.is_quoted and _WHOLE.fullmatch(value.text):
        return int(value.text)
    raise Slip(_shown(value), "write a whole number")


def resources(value: Value) -> Resources:
    """``{cpu: 2, memory_mb: 4096, gpu: 1}``, or some of them."""
    if not isinstance(value, Pairs):
        raise Slip(_shown(value), "write {cpu: 2, memory_mb: 4096, gpu: 1}, or some of them")
    found = dict(value.values)
    strange = [key for key in found if key not in Resources._fields]
    if strange or len(found) < len(value.values):
        raise Slip(shortened(strange[0] if strange else "twice"), "cpu, memory_mb and gpu, each once")
    none = Scalar("0", False)
    asked = Resources(
        amount(found.get("cpu", none)), whole(found.get("memory_mb", none)), whole(found.get("gpu", none))
    )
    if asked.cpu > CPU_MAX or asked.memory_mb > MEMORY_MB_MAX or asked.gpu > GPU_MAX:
        raise Slip("more than any machine has", "memory_mb is in megabytes, cpu in cores")
    return asked


def _shown(value: Value) -> str:
    match value:
        case Scalar(text, _):
            return shortened(text) or "nothing"
        case Items():
            return "a list"
        case Pairs():
            return "names with values"
        case None:
            return "nothing"
