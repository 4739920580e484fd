"""Tables that stand in docs/performance.md as they are printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bench.timing import Timed, fastest_s, median_cpu_s, median_s


class Figure(NamedTuple):
    """One figure with the aim it is held against."""

    question: str
    value: str
    aim: str
    is_reached: bool

    @property
    def verdict(self) -> str:
        return "reached" if self.is_reached else "missed"


class Result(NamedTuple):
    """What one measurement says."""

    title: str
    lines: Sequence[str]
    figures: Sequence[Figure] = ()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Markdown; the first column is text, all others are numbers."""
    cells = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [cells[0], rule, *cells[1:]]
    return ["| " + " | ".join(_padded(row, widths)) + " |" for row in lines]


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]


def timings_table(found: Mapping[str, Sequence[Timed]], bare: Mapping[str, str]) -> list[str]:
    """Milliseconds of each, and how many times its bare counterpart it took (medians)."""
    rows = [
        (
            name,
            ms(median_s(timings)),
            ms(fastest_s(timings)),
            ms(median_cpu_s(timings)),
            f"{median_s(timings) / median_s(found[bare[name]]):.2f}" if name in bare else "",
        )
        for name, timings in found.items()
    ]
    return table(("process", "median ms", "fastest ms", "CPU ms", "times bare"), rows)


def at_most(question: str, value: float, aim: float, unit: str = "x") -> Figure:
    return Figure(
        question, f"{value:.1f} {unit}".replace(" x", "x"), f"{aim:g} {unit}".replace(" x", "x"), value <= aim
    )


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"
