"""How long rows get in an answer to a client, where answers are JSON inside of JSON.

Apart because no pass sends any.
"""

from __future__ import annotations

from json import dumps
from typing import Final

_CHAR_BYTES_MAX: Final = 7
"""Of one character, a control character: six of JSON, and its backslash once more."""
_TASK_BYTES: Final = 1_000
"""Of a task without its texts: names of its fields, numbers and times, with their blanks and quotes."""

Row = tuple[object, ...]


def sent_bytes(text: str) -> int:
    """A quotation mark takes four bytes there."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return len(text)
    return len(dumps(dumps(text, ensure_ascii=False), ensure_ascii=False).encode("utf-8", "replace"))


def task_bytes(row: Row) -> int:
    """Of the columns of a task."""
    return _TASK_BYTES + sent_bytes("".join(map(str, row)))


def task_bytes_at_most(row: Row) -> int:
    """Without a look at each character: few lists are so long that it has to be known any better."""
    title, description, names, tags = str(row[1]), str(row[2]), row[4:7], str(row[8])
    chars = len(title) + len(description) + len(tags) + len(str(names)) + len(str(row[10]))
    return _TASK_BYTES + _CHAR_BYTES_MAX * chars
