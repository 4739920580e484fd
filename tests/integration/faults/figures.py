"""What the long tests have counted, for the table in docs/reliability.md.

Each test adds lines to a file: so several processes can count at once, and what an interrupted session has
counted stays. ``make soak`` removes the file first and prints it into the page at the end:

    python -m tests.integration.faults.figures
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.integration.faults.trials import Tally

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "reliability.md"
COUNTED = ROOT / "build" / "faults.jsonl"
BEGIN, END = "<!-- faults:begin -->", "<!-- faults:end -->"
KINDS = {
    "kill": "`kill -9` at a system call",
    "error": "error answered by a system call",
    "power": "power cut",
    "network": "exchange with the task server lost, cut, delayed or repeated",
    "disk": "disk that fills up",
}
HEAD = "| fault | injected | tasks lost | tasks doubled | processes or files left |\n|---|---|---|---|---|\n"


class Figures:
    """Sums by kind of fault, kept in the file ``counted``."""

    def __init__(self, counted: Path = COUNTED) -> None:
        self._counted = counted

    def add(self, kind: str, tally: Tally) -> None:
        """``kind`` is one of ``KINDS``."""
        assert kind in KINDS
        self._counted.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"kind": kind, "counts": _counts(tally)}) + "\n"
        # One write of a file opened to append: lines of two processes do not mix.
        fd = os.open(self._counted, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(fd, line.encode())
        finally:
            os.close(fd)

    def table(self) -> str:
        """Markdown; a kind that was not tried has no row. Empty: nothing was tried."""
        tried = self._tried()
        rows = "".join(_row(KINDS[kind], tried[kind]) for kind in KINDS if kind in tried)
        return HEAD + rows if rows else ""

    def write(self, page: Path = PAGE) -> bool:
        """Put the table between its marks. False: nothing was counted, or nobody has made the place."""
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        before, begin, rest = text.partition(BEGIN)
        _, end, after = rest.partition(END)
        table = self.table()
        if not (table and begin and end):
            return False
        page.write_text(f"{before}{begin}\n\n{table}\n{end}{after}", encoding="utf-8")
        return True

    def _tried(self) -> dict[str, list[list[int]]]:
        tried: dict[str, list[list[int]]] = {}
        if self._counted.exists():
            for line in self._counted.read_text(encoding="utf-8").splitlines():
                counted = json.loads(line)
                tried.setdefault(counted["kind"], []).append(counted["counts"])
        return tried


def _counts(tally: Tally) -> list[int]:
    """In the order of the columns."""
    left = tally.count("orphan") + tally.count("left")
    return [tally.faults, tally.count("lost"), tally.count("doubled"), left]


def _row(title: str, tallies: Iterable[list[int]]) -> str:
    sums = [sum(column) for column in zip(*tallies, strict=True)]
    return f"| {title} | {' | '.join(f'{count:,}' for count in sums)} |\n"


if __name__ == "__main__":
    sys.exit(0 if Figures().write() else "figures: nothing was counted, or the page has no place for it")
