"""Take apart the front matter of a description: the part of YAML that hints need, and no more.

What is read here means the same to every reader of YAML; whatever could mean something else there is
refused with its line (ADR 0045). Keys of others are passed over, as long as it is plain where they end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tinyscheduler.model.hints import UNSEEN
from tinyscheduler.planner.front_matter_values import (
    NO_PLAIN_START,
    QUOTED,
    Slip,
    Value,
    has_breaks,
    inline_value,
    is_empty,
    listed_value,
    shortened,
    without_comment,
)

KEYS = frozenset({
    "after", "write", "read", "capabilities", "goal", "recipe", "scope", "approval", "resources",
    "soft_limit", "hard_limit", "budget",
})  # fmt: skip
ALIASES = {"cap": "capabilities", "needs-approval": "approval"}
"""As the tags are called: whoever writes them here means the same."""
BLOCK_CHARS_MAX = 4096
"""Sixty paths and their list; a longer one is a text that happens to begin with a rule."""

ENDS = "end each line with a line feed and nothing else"
UNSEEN_IN_NAME = "write it anew: there is something in it that cannot be seen"
_FENCE = "---"
_TOKEN_STARTS = frozenset(" [{,-:")


class Entry(NamedTuple):
    """One key of ours."""

    key: str
    value: Value
    line: int
    """In the description, from 1."""


class FrontMatter(NamedTuple):
    """All that a description says to us."""

    entries: tuple[Entry, ...] = ()
    strangers: tuple[str, ...] = ()
    """Keys of others."""


NO_FRONT_MATTER = FrontMatter()


class _Block(NamedTuple):
    lines: Sequence[str]
    first: int
    """Number of the first of them in the description."""


def front_matter_of(description: str) -> FrontMatter:
    """Raises Slip: it says something to us, and not in a way that has one meaning."""
    text = description[_blanks_before(description) :]
    above = _with_line_feeds(description[: len(description) - len(text)]).count("\n")
    is_fenced = text.startswith(_FENCE) or _is_fence(text[:80].partition("\n")[0])
    block = _fenced(text, above + 1) if is_fenced else _plain_paragraph(text, above + 1)
    if block is None:
        return FrontMatter((), _listed_key(text))
    if is_fenced and not any(_is_to_us(line) for line in block.lines):
        return FrontMatter((), tuple(line.partition(":")[0] for line in block.lines if ":" in line))
    return _read(block)


def _blanks_before(text: str) -> int:
    """Marks of editors, empty lines and blanks of heredocs, forms and pages may stand above it."""
    return next((at for at, letter in enumerate(text) if letter not in UNSEEN), len(text))


def without_unseen(text: str) -> str:
    """As people read it: blanks stay where they move what stands behind them."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(letter for letter in text if letter in " \t" or letter not in UNSEEN)
    return text.rstrip(" \t")


def _fenced(text: str, first: int) -> _Block | None:
    """None: it is a rule above a text, or of others."""
    lines = _lines(text[: BLOCK_CHARS_MAX + 1])
    if not _is_fence(lines[0]):
        _refuse_other_ends(_lines(text)[0], first)
        return None
    if len(text) > BLOCK_CHARS_MAX:
        lines.pop()  # What was cut off may be no fence.
    end = _end_of(lines)
    if end is not None:
        return _Block(lines[1:end], first + 1)
    # Somebody may have meant all of it, however far away its end is.
    lines = _lines(text)
    if not any(_is_to_us(line) for line in lines[: _end_of(lines)]):
        return None
    raise Slip(
        "its front matter does not end",
        f"close it with a line --- within {BLOCK_CHARS_MAX} characters",
        line=first,
    )


def _refuse_other_ends(line: str, first: int) -> None:
    """It looks like front matter where its lines end with what is no end of a line to us."""
    shown = line.splitlines()
    if len(shown) > 1 and _is_fence(shown[0]) and any(map(_is_to_us, shown)):
        raise Slip(shortened(line), ENDS, line=first)


def _is_fence(line: str) -> bool:
    """With whatever nobody sees in it; blanks in front make it the text of another key."""
    return without_unseen(line) == _FENCE


def _end_of(lines: Sequence[str]) -> int | None:
    """The line that closes what the first one opens."""
    return next((at for at, line in enumerate(lines[1:], 1) if _is_fence(line)), None)


def _lines(text: str) -> list[str]:
    return _with_line_feeds(text).split("\n")


def _with_line_feeds(text: str) -> str:
    """A text that has carriage returns alone is of an old machine; one that has some is refused."""
    text = text.replace("\r\n", "\n")
    return text if "\n" in text else text.replace("\r", "\n")


def _plain_paragraph(text: str, first: int) -> _Block | None:
    """Lines up to the first empty one, if every one of them has a key of ours."""
    if _key_of(text[:80].partition("\n")[0]) is None:
        return None
    lines: list[str] = []
    for line in _lines(text.partition("\n\n")[0].partition("\n\r\n")[0]):
        if not without_unseen(line):
            break
        if _key_of(line) is None and not (_is_below(line) and lines and _may_go_on(lines[-1])):
            return None
        lines.append(line)
    if sum(len(line) + 1 for line in lines) > BLOCK_CHARS_MAX:
        raise Slip("its front matter is too long", f"{BLOCK_CHARS_MAX} characters are read", line=first)
    return _Block(lines, first)


def _listed_key(text: str) -> tuple[str, ...]:
    """A key of ours behind a dash, as in a list: of Markdown, or of somebody who meant us."""
    line = text[:80].partition("\n")[0]
    is_listed = line.startswith("- ") and ":" in line and _key_of(line[2:]) is not None
    return (line.partition(":")[0],) if is_listed else ()


def _may_go_on(line: str) -> bool:
    """A list may follow: below a key with nothing behind it, or below its own lines."""
    return line.rstrip(" ").endswith(":") or _is_below(line)


def _key_of(line: str) -> str | None:
    """The key of ours that a line begins with."""
    key = without_unseen(line.partition(":")[0])
    key = ALIASES.get(key, key)
    return key if key in KEYS else None


def _is_to_us(line: str) -> bool:
    """Also behind what is the end of a line to others."""
    return any(map(_is_ours, line.splitlines()))


def _is_ours(line: str) -> bool:
    if line[:1] in ("{", "?", "<"):
        return any(key in line for key in (*KEYS, *ALIASES, "<<"))
    key = without_unseen(line.partition(":")[0]).strip(" \t\"'")
    return key in KEYS or key in ALIASES or key == "<<"


def _read(block: _Block) -> FrontMatter:
    entries: list[Entry] = []
    strangers: list[str] = []
    for number, line in enumerate(block.lines, block.first):
        if has_breaks(line):
            raise Slip(shortened(line), ENDS, line=number)
    at = 0
    while at < len(block.lines):
        number = block.first + at
        try:
            found, at = _read_key(block.lines, at, number)
        except Slip as slip:
            raise Slip(slip.value, slip.remedy, line=slip.line or number) from None
        if isinstance(found, str):
            strangers.append(found)
        elif found is not None:
            entries.append(found)
    _refuse_twice(entries)
    return FrontMatter(tuple(entries), tuple(strangers))


def _refuse_twice(entries: Sequence[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.key in seen:
            raise Slip(f"{entry.key} is there twice", "say it once", line=entry.line)
        seen.add(entry.key)


def _read_key(lines: Sequence[str], at: int, number: int) -> tuple[Entry | str | None, int]:
    """The key in this line, or the name of a stranger's, and where the next one may begin."""
    line = lines[at]
    if is_empty(line):
        return None, at + 1
    name, rest = _split_key(line)
    below = list(_below(lines, at + 1))
    key = ALIASES.get(name, name)
    if key not in KEYS and _key_of(name) is not None:
        raise Slip(shortened(line), UNSEEN_IN_NAME)
    if key not in KEYS:
        _pass_over(line, rest, below)
        return name, at + 1 + len(below)
    inline = without_comment(rest)
    if inline and any(not is_empty(other) for other in below):
        raise Slip(shortened(inline), f"end the value of {name} in its own line, or put all of it below")
    value = inline_value(inline) if inline else listed_value(below, number + 1)
    return Entry(key, value, number), at + 1 + len(below)


def _below(lines: Sequence[str], at: int) -> Iterator[str]:
    """The lines that belong to the key above them."""
    for line in lines[at:]:
        if not (_is_below(line) or is_empty(line)):
            return
        yield line


def _is_below(line: str) -> bool:
    return line == "-" or line.startswith(("- ", " ", "\t"))


def _split_key(line: str) -> tuple[str, str]:
    """Key and what stands behind its colon."""
    key, colon, rest = line.partition(": ")
    if not colon and line.rstrip(" ").endswith(":"):
        key, colon, rest = line.rstrip(" ")[:-1], ":", ""
    key = key.rstrip(" ")
    quoted = QUOTED.fullmatch(key)
    is_plain = key[:1] not in NO_PLAIN_START and key[:1] not in ("", " ", "\t", "-") and " #" not in key
    is_closed = not key.startswith((_FENCE, "...", "<<"))
    if not colon or not is_closed or not (is_plain or (quoted and "\\" not in key)):
        raise Slip(shortened(line), "write key: value, with nothing before the key")
    return (key if quoted is None else key[1:-1]), rest


def _pass_over(line: str, rest: str, below: Sequence[str]) -> None:
    """A stranger's value is not read, but it has to be plain that it ends before the next key."""
    if rest.lstrip(" ")[:1] in ("|", ">"):
        return
    for other in (line, *below):
        if not is_empty(other) and not _is_closed(other):
            raise Slip(shortened(other), "close quotes and brackets in the line in which they begin")


def _is_closed(line: str) -> bool:
    """No quotes, list or text block reach from this line into the next, and nothing in it stands for
    something else."""
    depth, quote, before, at = 0, "", " ", 0
    while at < len(line):
        letter, is_start = line[at], before in _TOKEN_STARTS
        if quote:
            at += 1 if letter == "\\" and quote == '"' else 0
            quote = "" if letter == quote else quote
        elif letter in "\"'" and is_start:
            quote = letter
        elif letter in "[{" and (depth or is_start):
            depth += 1
        elif letter in "]}" and depth:
            depth -= 1
        elif letter == "#" and before == " ":
            break
        elif is_start and (letter in "&!*" or (letter in "|>" and _begins_text(line, at))):
            return False
        before, at = letter, at + 1
    return not quote and not depth


def _begins_text(line: str, at: int) -> bool:
    """``|`` or ``>`` with at most its marks behind it: the text is in the lines below."""
    return not line[at + 1 :].strip(" +-123456789")
