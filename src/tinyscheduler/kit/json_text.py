"""JSON as this program writes it: for people to read, one object a file, a newline at the end."""

from __future__ import annotations

import json
from typing import NoReturn


def dump(value: object) -> bytes:
    """Indented, in the order given, UTF-8, with a final newline. Raises ValueError on NaN."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(
        "utf-8", "surrogatepass"
    )


def dump_line(value: object) -> bytes:
    """One line: every line separator inside strings is escaped, so a line is a record."""
    return (json.dumps(value, separators=(",", ":"), allow_nan=False) + "\n").encode()


def load(data: bytes) -> object:
    """Parse. Raises ValueError for anything that is not JSON: bad UTF-8, NaN, a name twice, nesting
    beyond what the interpreter can follow."""
    try:
        return json.loads(
            data.decode("utf-8", "surrogatepass"),
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique_names,
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _unique_names(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} is there twice")
    return found
