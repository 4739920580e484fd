"""What many lives have shown, as the table of docs/reliability.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.house import House

PAGE = "docs/reliability.md"
BEGIN, END = "<!-- simulation:begin -->", "<!-- simulation:end -->"

FAULTS: tuple[tuple[str, str], ...] = (
    ("passes killed at one of their effects", r"death of a pass"),
    ("wrappers killed at one of their effects", r"death of a wrapper"),
    ("wrappers and agents killed at rest", r"kill of a .*|death of a agent"),
    ("wrappers stopped and woken", r"stop or wake of a wrapper"),
    ("calls that the disk refused (ENOSPC, EDQUOT, EIO, EROFS)", r"disk .*"),
    ("calls to the server without an answer, applied or not, late or twice", r"answer lost: .*"),
    ("times the server went or came back", r"server goes or comes"),
    ("times the server had other data", r"server with other data"),
    ("power cuts", r"power cut"),
    ("reboots", r"reboot"),
    ("suspends", r"suspend"),
    ("steps of a clock", r"clock step"),
    ("starts refused by the system", r"start refused"),
    ("leases garbled or removed by hand", r"person: (garble|remove)_lease"),
    ("requests by command", r"request: .*"),
    ("tasks taken, given back, changed, completed, archived or deleted by people",
     r"person: (take|give_back|retitle|complete|archive|delete)"),
    ("pauses and resumes by people", r"person: (pause|resume)"),
    ("tasks that keep a path or a goal to themselves", r"task that keeps something"),
)  # fmt: skip
"""What a row says, and which counts it adds up."""


class Tally:
    """The sum of all houses so far."""

    def __init__(self) -> None:
        self.lives = 0
        self.steps = 0
        self.seconds = 0.0
        self.counts: Counter[str] = Counter()
        self.places: set[str] = set()
        self.broken: list[tuple[int, str, str]] = []
        """Seed, law, what."""

    def add(self, house: House) -> None:
        self.lives += 1
        self.steps += house.steps
        self.counts.update(house.counts)
        self.places |= house.places_of_death

    def faults(self) -> int:
        return sum(self._sum(pattern) for _, pattern in FAULTS[:13])

    def rate(self) -> float:
        return self.steps / self.seconds if self.seconds else 0.0

    def rows(self) -> Iterator[tuple[str, str]]:
        """What, and how many."""
        yield "worlds", f"{self.lives:,}"
        yield "steps (an effect, or somebody's turn)", f"{self.steps:,}"
        yield "passes", f"{self.counts['pass']:,}"
        yield "runs started", f"{self.counts['event run_started']:,}"
        yield "different places of a death", f"{len(self.places):,}"
        for words, pattern in FAULTS:
            yield words, f"{self._sum(pattern):,}"
        for law, words in LAWS:
            yield words, f"**{sum(1 for _, broken, _ in self.broken if broken == law)}**"
        yield "steps a second, one core", f"{self.rate():,.0f}"

    def markdown(self) -> str:
        lines = ["| simulated | |", "|---|---:|", *(f"| {words} | {count} |" for words, count in self.rows())]
        return "\n".join(lines)

    def _sum(self, pattern: str) -> int:
        return sum(count for name, count in self.counts.items() if re.fullmatch(pattern, name))


LAWS: Sequence[tuple[str, str]] = (
    ("lost", "tasks lost"),
    ("doubled", "tasks run twice at once"),
    ("left behind", "leases, files or processes left behind, tasks that never ended"),
    ("overtaken", "writes by somebody who had been overtaken"),
    ("taken", "tasks of people taken from them"),
    ("attempts", "attempts beyond the limit"),
    ("caps", "slots or caps broken"),
    ("clash", "runs at once that keep the same path or goal"),
    ("paused", "starts in spite of a pause"),
)


def write_into(page: str, table: str) -> str:
    """The page with the table between its marks. Raises ValueError when it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} has no place for the figures: {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"
