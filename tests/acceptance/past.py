"""Time that has passed, in the files that remember when something began: nobody waits for minutes."""

from __future__ import annotations

import json
import re
from pathlib import Path

LONG_AGO = "2026-01-31T12:00:00Z"


class Past:
    """Of one state folder."""

    def __init__(self, state: Path) -> None:
        self.state = state

    def claims_are_old(self, task_id: str) -> None:
        """An unanswered claim may still take effect for a minute; let that minute be over."""
        path = self.state / "ledger" / f"task_{task_id}.json"
        ledger = json.loads(path.read_text())
        ledger["open"]["unclear_since"]["monotonic"] -= 120
        path.write_text(json.dumps(ledger))

    def sightings_are_old(self) -> None:
        """What was seen first may still go away for two minutes; let those be over."""
        path = self.state / "sightings.json"
        seen = json.loads(path.read_text())
        for sighting in (*seen["drift"].values(), *seen["lost"].values()):
            sighting["monotonic"] -= 200
        path.write_text(json.dumps(seen))

    def waits_are_over(self) -> None:
        """Servers, agents and accounts that are left alone for a while have been so for long enough, and so
        have tasks that wait for their next attempt."""
        for path in (self.state / "breakers.json", self.state / "accounts.json"):
            if path.exists():
                path.write_text(_with_old_times(path.read_text()))
        for path in (self.state / "ledger").glob("task_*.json"):
            ledger = json.loads(path.read_text())
            for past in ledger["outcomes"]:
                past["at"] = LONG_AGO
            path.write_text(json.dumps({**ledger, "not_before": None}))


def _with_old_times(text: str) -> str:
    """What was to end in the future has ended, a quarter of an hour after it began."""
    return re.sub(r'"(until|since|at)": "[^"]*"', lambda found: f'"{found[1]}": "{LONG_AGO}"', text)
