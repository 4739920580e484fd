"""A task file as text: front matter, body, remarks, line by line; pure.

Whatever is not ours keeps its bytes: a line is replaced where its key is given a value, a key that is new
goes to the end of the front matter, and remarks to the end of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tinyscheduler.adapters.markdown import values
from tinyscheduler.planner.front_matter import ALIASES, without_unseen
from tinyscheduler.planner.front_matter import KEYS as HINT_KEYS
from tinyscheduler.planner.front_matter_values import Slip, shortened
from tinyscheduler.planner.hints import is_near

FENCE: Final = "---"
KEYS: Final = (
    "id", "title", "status", "queue", "assigned_to", "previous_assigned_to", "priority", "tags", "parent",
    "blocked_by", "created_at", "created_by", "archived_at",
)  # fmt: skip
REMARKS: Final = "<!-- comments: added by tinyscheduler, newest last -->"
"""From the last such line on, the file belongs to the conversation."""
MERGE: Final = "<<<<<<< "
"""How git marks a place that it could not merge."""
_KEY: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)([ ]*):(?=[ \r]|$)")


class Rubbish(Exception):
    """What a page says cannot be read; never leaves the room."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        """From 1."""
        self.what = what


class Entry(NamedTuple):
    """One key with all lines that belong to it, without their line feeds."""

    key: str
    """Empty: remarks and blanks before the first key."""
    lines: tuple[str, ...]
    line: int
    """Number of the first of them in the file."""


class Page(NamedTuple):
    """One file."""

    bom: str
    is_fenced: bool
    """It has front matter."""
    entries: tuple[Entry, ...]
    rest: str
    """All behind the front matter, as it stands."""
    end: str
    """How its lines end: ``\\r`` where they are those of Windows."""


def page_of(text: str) -> Page:
    """Raises Rubbish."""
    bom = "\ufeff" if text.startswith("\ufeff") else ""
    lines = text[len(bom) :].split("\n")
    end = "\r" if lines[0].endswith("\r") else ""
    if lines[0].startswith(MERGE) and any(line.rstrip(" \r") == FENCE for line in lines):
        # Else a page that is somebody's, or complete, would be a task without any front matter.
        raise Rubbish(1, "a merge has left its marks: choose one side, and take the marks out")
    if lines[0].rstrip(" \r") != FENCE:
        if without_unseen(lines[0]) == FENCE:
            # To everybody who reads it, it is front matter.
            raise Rubbish(1, f"something that cannot be seen is in its line {FENCE}: write it anew")
        return Page(bom, False, (), text[len(bom) :], end)
    close = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip(" \r") == FENCE), None)
    if close is None:
        raise Rubbish(1, f"its front matter does not end: close it with a line {FENCE}")
    entries = tuple(_entries(lines[1:close]))
    _refuse_twice(entries)
    return Page(bom, True, entries, "\n".join(lines[close + 1 :]), end)


def text_of(page: Page) -> str:
    """The file, byte for byte where nothing was changed."""
    if not page.is_fenced:
        return page.bom + page.rest
    fence = FENCE + page.end
    lines = [fence, *(line for entry in page.entries for line in entry.lines), fence]
    return page.bom + "\n".join(lines) + "\n" + page.rest


def value(page: Page, key: str) -> values.Read:
    """None: it is not there, or says nothing. Raises Rubbish."""
    entry = next((entry for entry in page.entries if entry.key == key), None)
    if entry is None:
        return None
    first = entry.lines[0].partition(":")[2]
    try:
        return values.read(first, entry.lines[1:])
    except Slip as slip:
        raise Rubbish(entry.line, f"{key}: {slip.value}: {slip.remedy}") from slip


def with_value(page: Page, key: str, written: str | None) -> Page:
    """``written`` as ``values`` writes it; None takes the key away."""
    if not page.is_fenced:
        if written is None:
            return page
        gap = "" if page.rest.startswith(("\n", "\r\n")) or not page.rest else page.end + "\n"
        page = page._replace(is_fenced=True, rest=gap + page.rest)
    entries = list(page.entries)
    at = next((at for at, entry in enumerate(entries) if entry.key == key), None)
    if at is None:
        if written is not None:
            entries.append(Entry(key, (f"{key}: {written}{page.end}",), 0))
    elif written is None:
        del entries[at]
    else:
        entries[at] = entries[at]._replace(lines=_rewritten(entries[at], written))
    return page._replace(entries=tuple(entries))


def body_of(page: Page) -> tuple[str, str]:
    """What stands before the remarks, and those, with the line that begins them."""
    lines = page.rest.split("\n")
    at = next((at for at in reversed(range(len(lines))) if lines[at].strip() == REMARKS), None)
    if at is None:
        return page.rest, ""
    return "\n".join(lines[:at]), "\n".join(lines[at:])


def with_body(page: Page, body: str) -> Page:
    """Another text above the remarks."""
    eol, remarks = page.end + "\n", body_of(page)[1]
    text = body.strip("\n").replace("\n", eol)
    above = f"{eol if page.is_fenced else ''}{text}{eol if text else ''}"
    return page._replace(rest=above + (eol + remarks if remarks else ""))


def hints_of(page: Page) -> str:
    """Keys of the front matter by which a task says how it wants to be run, as they stand; with those that
    look like one, which are told as they are for every other task."""
    return "\n".join(line.rstrip("\r") for entry in _said_by(page) for line in entry.lines)


def hint_lines(page: Page) -> tuple[int, ...]:
    """The number of each line of ``hints_of`` in the file."""
    return tuple(number for entry in _said_by(page) for number, _ in enumerate(entry.lines, entry.line))


def _said_by(page: Page) -> list[Entry]:
    return [entry for entry in page.entries if _is_hint(entry) or _is_like_a_hint(entry)]


def hints_apart(description: str) -> tuple[tuple[Entry, ...], str]:
    """Hints and text of a description. Front matter that is none, says nothing to us, or what only the file
    itself can say, is part of the text."""
    try:
        page = page_of(description.replace("\r\n", "\n"))
    except Rubbish:
        return (), description
    keys = {entry.key for entry in page.entries}
    if not any(map(_is_hint, page.entries)) or keys & set(KEYS):
        return (), description
    return page.entries, page.rest


def with_hints(page: Page, hints: Sequence[Entry]) -> Page:
    """These in the place of those it has; the others stay."""
    others = {entry.key for entry in hints}
    kept = [entry for entry in page.entries if not _is_hint(entry) and entry.key not in others]
    new = (
        entry._replace(lines=tuple(line + page.end for line in entry.lines)) for entry in hints if entry.key
    )
    return page._replace(entries=(*kept, *new), is_fenced=page.is_fenced or bool(hints))


def _is_hint(entry: Entry) -> bool:
    return entry.key in HINT_KEYS or entry.key in ALIASES


def _is_like_a_hint(entry: Entry) -> bool:
    return entry.key not in KEYS and any(is_near(entry.key, key) for key in (*HINT_KEYS, *ALIASES))


def _entries(lines: Sequence[str]) -> Iterator[Entry]:
    key, own, first = "", [], 2
    for number, line in enumerate(lines, 2):
        found = _KEY.match(line)
        if found is None:
            if not _goes_on(line):
                raise Rubbish(number, f"{shortened(line.strip())}: write key: value")
            own.append(line)
            continue
        if own:
            yield Entry(key, tuple(own), first)
        key, own, first = found[1], [line], number
    if own:
        yield Entry(key, tuple(own), first)


def _goes_on(line: str) -> bool:
    """It belongs to the key above it: a list, something indented, a remark, or nothing."""
    text = line.rstrip(" \r")
    return not text or text == "-" or text.startswith((" ", "\t", "- ", "#"))


def _refuse_twice(entries: Sequence[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.key in seen and entry.key in KEYS:
            raise Rubbish(entry.line, f"{entry.key} is there twice: say it once")
        seen.add(entry.key)


def _rewritten(entry: Entry, written: str) -> tuple[str, ...]:
    """The value replaced; what stands before and behind it in its line stays, and so do remarks below it."""
    first = entry.lines[0]
    end = "\r" if first.endswith("\r") else ""
    head, _, rest = first.rstrip("\r").partition(":")
    blanks = rest[: len(rest) - len(rest.lstrip(" "))] or " "
    comment = values.inline_of(rest).comment
    kept = [line for line in entry.lines[1:] if not line.strip(" \r") or line.lstrip(" ").startswith("#")]
    return (f"{head}:{blanks}{written}{comment}{end}", *kept)
