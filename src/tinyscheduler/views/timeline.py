"""Past runs as a picture: a row per task, a block per run, time from left to right.

Text only: what it is printed on (colour, width, Unicode) is given as a ``Look``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple
from unicodedata import combining, east_asian_width

from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.model.result import one_line
from tinyscheduler.views.past_runs import Run

Ink = Literal["agent", "good", "bad", "moved", "quiet"]
"""What a piece of text is; the terminal decides which colour that is."""

LABEL_SHARE: Final = 3
"""At most a third of the width goes to the titles: the picture is about time."""
TICK_CELLS_MIN: Final = 6
"""Room for a label like ``120s`` and some air."""
DAY_S: Final = 86_400
TICKS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)


class Glyphs(NamedTuple):
    """Characters to draw with, one cell each."""

    block: str
    waits: str
    cut: str
    is_unicode: bool


UNICODE: Final = Glyphs("━", "·", "…", is_unicode=True)
ASCII: Final = Glyphs("=", ".", "~", is_unicode=False)


class Look(NamedTuple):
    """What is drawn on. ``paint(ink, number, text)``: the number tells agents apart."""

    width: int = 80
    glyphs: Glyphs = UNICODE
    paint: Callable[[Ink, int, str], str] = lambda _ink, _number, text: text


class Mark(NamedTuple):
    """How an outcome is drawn at the end of its block."""

    unicode: str
    ascii: str
    ink: Ink


MARKS: Final[Mapping[str, Mark]] = {
    "succeeded": Mark("✔", "+", "good"),
    "handed_off": Mark("→", ">", "moved"),
    "partial": Mark("~", "~", "moved"),
    "deferred": Mark("-", "-", "moved"),
    "rate_limited": Mark("-", "-", "moved"),
    "interrupted": Mark("-", "-", "moved"),
    "cancelled": Mark("-", "-", "moved"),
    "undone": Mark("-", "-", "moved"),
    "lost": Mark("†", "!", "bad"),
    "killed": Mark("†", "!", "bad"),
    "": Mark("»", ":", "quiet"),
}
FAILED: Final = Mark("✘", "x", "bad")
"""Every outcome that the table does not name."""


def picture(
    runs: Sequence[Run],
    titles: Sequence[tuple[TaskId, str]],
    *,
    began_at: datetime,
    ended_at: datetime,
    look: Look,
) -> list[str]:
    """An axis, a row for each of ``titles``, a blank line and the legend. No line is wider than
    ``look.width`` (40 at least)."""
    width = max(look.width, 40)
    names = [f"{task_id} {one_line(title, chars_max=width)}" for task_id, title in titles]
    label = min(max((cells_of(name) for name in names), default=0), width // LABEL_SHARE)
    span_s = max((ended_at - began_at).total_seconds(), 1.0)
    scale = _Scale(began_at, span_s, width - label - 2)
    pen = _Pen(look, agent_numbers(runs))
    lines = [" " * (label + 2) + look.paint("quiet", 0, _axis(scale))]
    for name, (task_id, _) in zip(names, titles, strict=True):
        own = [run for run in runs if run.task_id == task_id]
        lines.append(f"{fit(name, label, look.glyphs)}  {_row(own, scale, pen)}".rstrip())
    return [*lines, "", *_legend(runs, pen, width)]


def agent_numbers(runs: Iterable[Run]) -> Mapping[AgentName, int]:
    """A number for each agent, by name, so that a colour stays an agent's."""
    return {agent: number for number, agent in enumerate(sorted({run.agent for run in runs}))}


def mark_of(outcome: str) -> Mark:
    """How this outcome is drawn."""
    return MARKS.get(outcome, FAILED)


def cells_of(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def fit(text: str, cells: int, glyphs: Glyphs) -> str:
    """Cut or filled up to exactly so many columns."""
    if cells_of(text) > cells:
        while text and cells_of(text) > cells - 1:
            text = text[:-1]
        text += glyphs.cut if cells else ""
    return text + " " * (cells - cells_of(text))


class _Scale(NamedTuple):
    began_at: datetime
    span_s: float
    cells: int

    def column(self, at: datetime) -> int:
        share = (at - self.began_at).total_seconds() / self.span_s
        return min(max(int(share * self.cells), 0), self.cells)


class _Pen(NamedTuple):
    look: Look
    numbers: Mapping[AgentName, int]

    def mark(self, outcome: str) -> _Cell:
        found = mark_of(outcome)
        return _Cell(found.unicode if self.look.glyphs.is_unicode else found.ascii, found.ink)


class _Cell(NamedTuple):
    char: str = " "
    ink: Ink | None = None
    number: int = 0


def _axis(scale: _Scale) -> str:
    step_s = next((s for s in TICKS_S if s / scale.span_s * scale.cells >= TICK_CELLS_MIN), None)
    # Beyond that in whole days, however many.
    step_s = step_s or (int(scale.span_s / scale.cells * TICK_CELLS_MIN) // DAY_S + 1) * DAY_S
    line = ""
    for at_s in range(0, int(scale.span_s) + 1, step_s):
        column, text = int(at_s / scale.span_s * scale.cells), _duration(at_s)
        if column + len(text) <= scale.cells:
            line = line.ljust(column) + text
    return line


def _duration(seconds: int) -> str:
    for unit, name in ((DAY_S, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * unit and seconds % unit == 0:
            return f"{seconds // unit}{name}"
    return f"{seconds}s"


def _row(runs: Sequence[Run], scale: _Scale, pen: _Pen) -> str:
    """Waiting until the last block, and on to the end where the task is not done with."""
    cells = [_Cell()] * scale.cells
    is_over = bool(runs) and runs[-1].outcome in ("succeeded", "")
    waits_until = scale.column(runs[-1].began_at) if is_over else scale.cells
    cells[:waits_until] = [_Cell(pen.look.glyphs.waits, "quiet")] * waits_until
    for run in runs:
        block = _block(run, scale, pen)
        start = min(scale.column(run.began_at), scale.cells - len(block))
        cells[start : start + len(block)] = block
    return _painted(cells, pen.look)


def _block(run: Run, scale: _Scale, pen: _Pen) -> list[_Cell]:
    """The agent's name, if there is room for all of it, filled up; its last cell is the outcome."""
    end = scale.cells if run.ended_at is None else scale.column(run.ended_at)
    room = max(end - scale.column(run.began_at), 1) - 1
    name = run.agent if len(run.agent) <= room else ""
    text = name.ljust(room, pen.look.glyphs.block)
    number = pen.numbers[run.agent]
    return [*(_Cell(char, "agent", number) for char in text), pen.mark(run.outcome)]


def _painted(cells: Sequence[_Cell], look: Look) -> str:
    parts: list[str] = []
    at = 0
    while at < len(cells):
        first, end = cells[at], at
        while end < len(cells) and cells[end][1:] == first[1:]:
            end += 1
        text = "".join(cell.char for cell in cells[at:end])
        parts.append(text if first.ink is None else look.paint(first.ink, first.number, text))
        at = end
    return "".join(parts)


def _legend(runs: Sequence[Run], pen: _Pen, width: int) -> list[str]:
    """Only what is in the picture, broken into lines between its entries."""
    look = pen.look
    entries: list[tuple[str, str]] = []
    for agent, number in pen.numbers.items():
        name = fit(agent, min(cells_of(agent), width - 3), look.glyphs)
        text = f"{look.glyphs.block * 2} {name}"
        entries.append((text, look.paint("agent", number, text)))
    for outcome in dict.fromkeys(run.outcome for run in runs):
        mark = pen.mark(outcome)
        word = outcome.replace("_", " ") or "running"
        entries.append((f"{mark.char} {word}", f"{_painted([mark], look)} {word}"))
    waits = look.glyphs.waits * 2
    entries.append((f"{waits} waits", f"{look.paint('quiet', 0, waits)} waits"))
    return _flowed(entries, width)


def _flowed(entries: Sequence[tuple[str, str]], width: int) -> list[str]:
    lines: list[str] = []
    used = width
    for plain, painted in entries:
        if used + 3 + cells_of(plain) > width:
            lines.append(painted)
            used = cells_of(plain)
        else:
            lines[-1] += f"   {painted}"
            used += 3 + cells_of(plain)
    return lines
