"""What the long tests have counted, for the table in docs/reliability.md."""

from __future__ import annotations

from pathlib import Path

from tests.integration.faults.trials import Tally

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reliability.md"
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
    """Sums by kind of fault."""

    def __init__(self) -> None:
        self._tallies: dict[str, list[Tally]] = {}

    def add(self, kind: str, tally: Tally) -> None:
        """``kind`` is one of ``KINDS``."""
        assert kind in KINDS
        self._tallies.setdefault(kind, []).append(tally)

    def table(self) -> str:
        """Markdown; a kind that was not tried has no row."""
        return HEAD + "".join(self._row(kind) for kind in KINDS if kind in self._tallies)

    def write(self, page: Path = PAGE) -> bool:
        """Put the table between its marks. False: nothing was counted, or nobody has made the place."""
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        before, begin, rest = text.partition(BEGIN)
        _, end, after = rest.partition(END)
        if not (self._tallies and begin and end):
            return False
        page.write_text(f"{before}{begin}\n{self.table()}{end}{after}", encoding="utf-8")
        return True

    def _row(self, kind: str) -> str:
        tallies = self._tallies[kind]
        counts = [
            sum(tally.faults for tally in tallies),
            *(sum(tally.count(word) for tally in tallies) for word in ("lost", "doubled")),
            sum(tally.count("orphan") + tally.count("left") for tally in tallies),
        ]
        return f"| {KINDS[kind]} | {' | '.join(f'{count:,}' for count in counts)} |\n"
