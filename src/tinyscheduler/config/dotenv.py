r"""Read ``.env``: ``NAME=value`` lines as shells and other tools write them, and nothing that is run.

Our own reader, because the file is read in every pass: the library for it costs 20 ms of import, and
two readers of one file would disagree. Values in single quotes are literal; in double quotes
``\n \t \" \\ \$`` mean what they mean in a shell; without quotes a `` #`` begins a comment. A quoted
value may span lines. ``$NAME`` is not expanded: a password may contain a dollar sign.
"""

from __future__ import annotations

from typing import NamedTuple

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "$": "$", "\n": ""}


class Dotenv(NamedTuple):
    """What stands in the file."""

    values: dict[str, str]
    """The last value of each name, as in a shell."""
    troubles: tuple[tuple[int, str], ...]
    """Line number and what is wrong there; never the text, which may be a secret."""


def parse(text: str) -> Dotenv:
    """Take the file apart; never raises."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    values: dict[str, str] = {}
    troubles: list[tuple[int, str]] = []
    at = 0
    while at < len(text):
        end = line_end(text, at)
        line = text[at:end].strip()
        if line and not line.startswith("#"):
            try:
                name, value, end = assignment(text, at, end)
                values[name] = value
            except ValueError as error:
                troubles.append((text.count("\n", 0, at) + 1, str(error)))
        at = end + 1
    return Dotenv(values, tuple(troubles))


def line_end(text: str, at: int) -> int:
    """Of the line that goes through ``at``, without its newline."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def assignment(text: str, at: int, end: int) -> tuple[str, str, int]:
    """Name, value and the end of the last line of the statement that begins at ``at``.

    Raises ValueError with what is wrong, never with the text.
    """
    equals = text.find("=", at, end)
    if equals < 0:
        raise ValueError("the line is not NAME=value")
    name = text[at:equals].strip().removeprefix("export ").strip()
    if not (name.isascii() and name.isidentifier()):
        raise ValueError("what stands before = is not a name")
    start = equals + 1
    while start < end and text[start] in " \t":
        start += 1
    if start < end and text[start] in "'\"":
        value, end = _quoted(text, start, name)
        return name, value, end
    return name, _bare(text[start:end]), end


def _bare(text: str) -> str:
    if text.startswith("#"):
        return ""
    return text.replace("\t#", " #").partition(" #")[0].strip()


def _quoted(text: str, start: int, name: str) -> tuple[str, int]:
    """The value that begins with the quote at ``start``, and the end of its last line."""
    close = _closing_quote(text, start)
    if close < 0:
        raise ValueError(f"the quote after {name}= is never closed")
    end = line_end(text, close)
    rest = text[close + 1 : end].strip()
    if rest and not rest.startswith("#"):
        raise ValueError(f"there is text after the closing quote of {name}")
    inside = text[start + 1 : close]
    return (inside if text[start] == "'" else _unescape(inside)), end


def _closing_quote(text: str, start: int) -> int:
    quote = text[start]
    at = start + 1
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" and quote == '"' else 1
    return at if at < len(text) else -1


def _unescape(text: str) -> str:
    parts = []
    at = 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            parts.append(_ESCAPES.get(text[at + 1], text[at : at + 2]))
            at += 2
        else:
            parts.append(text[at])
            at += 1
    return "".join(parts)
