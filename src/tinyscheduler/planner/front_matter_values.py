"""One value of front matter: text with or without quotes, a list, or a few numbers with names.

Apart from ``front_matter``, which finds where a value begins and ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

QUOTED = re.compile(r"\"((?:[^\"\\]|\\[\"\\/])*)\"|'((?:[^']|'')*)'")
NO_PLAIN_START = frozenset("?:,[]{}#&*!|>'\"%@`")
_NO_PLAIN_IN_FLOW = frozenset(",[]{}?:#'\"")
ENTRIES_MAX = 64
_UNSEEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""Some readers end a line there and others do not, or refuse the whole text."""


class Slip(Exception):
    """Something that is not as it should be; never leaves the planner."""

    def __init__(self, value: str, remedy: str, *, line: int = 0) -> None:
        super().__init__(value)
        self.value = value
        self.remedy = remedy
        self.line = line
        """In the description, from 1; 0: it is in no line."""


class Scalar(NamedTuple):
    """One value, without its quotes."""

    text: str
    is_quoted: bool


class Items(NamedTuple):
    """A list of values."""

    values: tuple[Scalar, ...]


class Pairs(NamedTuple):
    """Values with names."""

    values: tuple[tuple[str, Scalar], ...]


Value = Scalar | Items | Pairs | None
"""None: the key stands there, with nothing behind it."""


def without_comment(text: str) -> str:
    """Of what stands behind a key; a ``#`` in quotes is none."""
    text = text.strip(" ")
    quoted = QUOTED.match(text)
    start = quoted.end() if quoted else 0
    if text.startswith("#"):
        return ""
    cut = text.find(" #", start)
    if text.startswith(("[", "{")):
        cut = text.find(" #", max(text.rfind("]"), text.rfind("}")))
    return (text if cut < 0 else text[:cut]).rstrip(" ")


def inline_value(text: str) -> Value:
    """What stands behind its key in one line. Raises Slip."""
    if text.startswith("["):
        return Items(tuple(_flow_items(text)))
    if text.startswith("{"):
        return Pairs(tuple(_flow_pairs(text)))
    return _scalar(text)


def _scalar(text: str) -> Scalar:
    quoted = QUOTED.fullmatch(text)
    if quoted is not None:
        return Scalar(_unquoted(quoted), True)
    if text[:1] in NO_PLAIN_START or text == "-" or text.startswith("- "):
        raise Slip(shortened(text), "put it into quotes")
    if ": " in text or text.endswith(":") or not text.isprintable():
        raise Slip(shortened(text), "put it into quotes, and leave out what cannot be seen")
    return Scalar(text, False)


def _unquoted(found: re.Match[str]) -> str:
    double, single = found.groups()
    text = re.sub(r"\\(.)", r"\1", double) if double is not None else single.replace("''", "'")
    if not text.isprintable():
        raise Slip(shortened(text), "leave out what cannot be seen")
    return text


def _flow_items(text: str) -> Iterator[Scalar]:
    """Of ``[a, "b"]`` in one line."""
    at, count = 1, 0
    while True:
        at, count = _skip(text, at), count + 1
        if text[at : at + 1] == "]":
            break
        quoted = QUOTED.match(text, at)
        end = (
            quoted.end() if quoted else next((i for i in range(at, len(text)) if text[i] in ",]"), len(text))
        )
        word = text[at:end].strip(" ")
        if not word or (quoted is None and _NO_PLAIN_IN_FLOW & set(word)):
            raise Slip(shortened(text), "write [one, two] in one line, with quotes round what is no name")
        if count > ENTRIES_MAX:
            raise Slip(f"more than {ENTRIES_MAX} entries", f"write {ENTRIES_MAX} at most")
        yield _scalar(word)
        at = _skip(text, end)
        if text[at : at + 1] not in (",", "]"):
            raise Slip(shortened(text), "write [one, two] in one line")
        at += text[at] == ","
    if text[at + 1 :].strip(" "):
        raise Slip(shortened(text), "write nothing behind the list")


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] == " ":
        at += 1
    return at


def _flow_pairs(text: str) -> Iterator[tuple[str, Scalar]]:
    """Of ``{cpu: 2, gpu: 1}`` in one line."""
    inner = text[1:-1]
    if not text.endswith("}") or set("{}[]\"'#") & set(inner):
        raise Slip(shortened(text), "write {name: number, name: number} in one line")
    for part in inner.split(",") if inner.strip(" ") else ():
        yield _pair(part.strip(" "))


def _pair(text: str) -> tuple[str, Scalar]:
    name, colon, value = text.partition(": ")
    value = value.strip(" ")
    if not colon or not value or not name.replace("_", "").isalnum():
        raise Slip(shortened(text), "write name: number")
    return name, _scalar(value)


def listed_value(below: Sequence[str], first: int) -> Value:
    """A list of ``- value`` lines, or ``name: value`` lines, below their key."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate(below, first):
        if "\t" in line:
            raise Slip(shortened(line.strip()), "indent with spaces", line=number)
        if not is_empty(line):
            found.append((number, line))
    indents = {len(line) - len(line.lstrip(" ")) for _, line in found}
    if not found:
        return None
    if len(indents) > 1:
        raise Slip(shortened(found[-1][1].strip(" ")), "indent all of them alike", line=found[-1][0])
    if found[0][1].lstrip(" ").startswith("-"):
        return Items(tuple(_item(line.strip(" "), number) for number, line in found))
    return Pairs(tuple(_placed_pair(line.strip(" "), number) for number, line in found))


def _item(text: str, number: int) -> Scalar:
    word = without_comment(text[2:]) if text.startswith("- ") else ""
    if not word or word[:1] in "[{":
        raise Slip(shortened(text), "write - value", line=number)
    try:
        return _scalar(word)
    except Slip as slip:
        raise Slip(slip.value, slip.remedy, line=number) from None


def _placed_pair(text: str, number: int) -> tuple[str, Scalar]:
    try:
        return _pair(without_comment(text))
    except Slip as slip:
        raise Slip(slip.value, slip.remedy, line=number) from None


def is_empty(line: str) -> bool:
    """Nothing but a remark, perhaps."""
    text = line.strip(" ")
    return not text or text.startswith("#")


def has_breaks(line: str) -> bool:
    """One reader sees one line and another sees two, or none at all."""
    return _UNSEEN.search(line) is not None


def shortened(text: str, chars_max: int = 60) -> str:
    """For one line of an answer, without what could move a cursor."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text[: chars_max + 1])
    return clean if len(clean) <= chars_max else f"{clean[: chars_max - 3]}..."
