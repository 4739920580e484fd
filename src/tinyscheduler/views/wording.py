"""Words for people: spans of time, instants, and foreign text made safe for a terminal.

Task text and agents' output are data (law 11): an escape sequence in a title could repaint a
terminal, a direction mark could make one name look like another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from tinyscheduler.model.result import one_line

TITLE_CHARS_MAX = 72

_ESCAPES = re.compile(
    # ECMA-48: CSI with its parameters; OSC, DCS, PM, APC and SOS up to their end; two-letter escapes.
    r"\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-OQ-WYZ\\`-~]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def line_text(text: str, *, chars_max: int = TITLE_CHARS_MAX) -> str:
    """One line that cannot move a cursor."""
    if text.isprintable() and len(text) <= chars_max and "  " not in text:
        # Nearly every cell of a table is such a text, and a table may have a thousand rows.
        return text
    return one_line(_ESCAPES.sub("", text), chars_max=chars_max)


def block_text(text: str) -> str:
    """Several lines: escape sequences are taken out, what is left of control and direction characters
    is made visible (``^G``, ``<202E>``). New lines and tabs stay."""
    plain = text.replace("\r\n", "\n")
    if plain.isascii() and plain.isprintable():
        return plain
    return _CONTROLS.sub(_visible, _ESCAPES.sub("", plain))


def span_text(seconds: float) -> str:
    """``8s``, ``4m``, ``2h05m``, ``3d``: as exact as a person wants to know."""
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole}s"
    minutes = whole // 60
    if minutes < 120:
        return f"{minutes}m"
    hours = minutes // 60
    return f"{hours}h{minutes % 60:02}m" if hours < 48 else f"{hours // 24}d"


def time_text(moment: datetime, now: datetime) -> str:
    """UTC; the day only when it is another one."""
    return f"{moment:%H:%M:%SZ}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M:%SZ}"


def ago_text(moment: datetime, now: datetime) -> str:
    """``12:00:03Z, 40s ago``; ``in 20s`` for what is to come."""
    seconds = (now - moment).total_seconds()
    distance = f"{span_text(seconds)} ago" if seconds >= 0 else f"in {span_text(-seconds)}"
    return f"{time_text(moment, now)}, {distance}"


def count_text(count: int, noun: str) -> str:
    """``1 task``, ``3 tasks``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def counts_text(counts: Iterable[tuple[str, int]]) -> str:
    """``2 started, 1 fault``: what a pass has counted; words that are no nouns stay as they are."""
    told = (
        count_text(count, "fault") if name == "faults" else f"{count} {name}"
        for name, count in counts
        if count
    )
    return ", ".join(told) or "nothing to do"


def first_text(done_first: Sequence[str]) -> str:
    """What a pass does before it starts anything, and what that means for a plan that was made without it."""
    return f"the next pass looks after {' and '.join(done_first)} first: it may start others than these"


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20 or code == 0x7F:
        return "^" + chr(code ^ 0x40)
    return f"<{code:02X}>"
