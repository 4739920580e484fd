"""What happens, told as it happens: journal entries as sentences.

The steps of the protocol that every start repeats (lease created, claim won) and the passes' own
entries tell a spectator nothing; they are counted, and in the journal for whoever wants them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from tinyscheduler.cli.demo_script import title_of
from tinyscheduler.kit import files, json_text
from tinyscheduler.views.past_runs import Fact, fact_from
from tinyscheduler.views.timeline import Ink, mark_of

JOURNAL_BYTES_MAX: Final = 10_000_000
"""The demo writes 20 kB; more is a fault, and the demo ends with it."""


class Line(NamedTuple):
    """One line for people."""

    text: str
    ink: Ink
    agent: str | None = None
    """Whose line it is."""


class Entry(NamedTuple):
    """One journal entry, as data and as what we need of it."""

    data: object
    fact: Fact


class Follower:
    """Reads a growing journal; the day may change meanwhile."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._read: dict[str, int] = {}

    def fresh(self) -> list[Entry]:
        """What has been added since the last call, in its order; half a line waits for its rest.

        Raises OSError, ValueError: the journal is damaged.
        """
        try:
            names = sorted(name for name in os.listdir(self._folder) if name.startswith("journal_"))
        except FileNotFoundError:
            return []
        return [entry for name in names for entry in self._fresh_of(name)]

    def _fresh_of(self, name: str) -> list[Entry]:
        data = files.read_limited(f"{self._folder}/{name}", JOURNAL_BYTES_MAX)
        done = self._read.get(name, 0)
        end = data.rfind(b"\n") + 1
        self._read[name] = max(end, done)
        parsed = [json_text.load(line) for line in data[done:end].split(b"\n") if line]
        return [Entry(entry, fact_from(entry)) for entry in parsed]


def sentence(fact: Fact) -> Line | None:
    """None: nothing for a spectator."""
    if fact.event in UNTOLD or fact.task_id is None:
        return None
    what = TOLD.get(fact.event, _as_it_is)(fact)
    ink = mark_of(fact.outcome).ink if fact.outcome else INKS.get(fact.event, "moved")
    return Line(f"{at_text(fact.at)}  {task_text(fact)} {what}", ink, fact.agent)


def act(at: datetime, what: str) -> Line:
    """What the demo itself has done."""
    return Line(f"{at_text(at)}  demo: {what}", "bad")


def at_text(at: datetime) -> str:
    """UTC to a tenth of a second."""
    return f"{at:%H:%M:%S}.{at.microsecond // 100_000}"


def task_text(fact: Fact) -> str:
    """``task 3 'Fix the parser'``."""
    assert fact.task_id is not None, "asked only of entries about a task"
    return f"task {fact.task_id} '{title_of(fact.task_id)}'"


def _started(fact: Fact) -> str:
    return f"started on {fact.agent} (attempt {fact.attempt})"


def _settled(fact: Fact) -> str:
    word = fact.outcome.replace("_", " ")
    match fact.reason:
        case "completed":
            return f"{word} on {fact.agent}: complete"
        case "handed_over":
            return f"handed over by {fact.agent}"
        case "requeued":
            return f"{word} on {fact.agent}: back to its queue"
        case _:
            return f"{word} on {fact.agent}; the server was left as it is ({fact.reason})"


def _stopping(fact: Fact) -> str:
    if fact.reason == "wrapper_dead":
        return "has lost its wrapper: what is left of its run is being ended"
    return f"is being ended: {fact.reason.replace('_', ' ')}"


def _gone(_fact: Fact) -> str:
    return "has no process left, so it may run again"


def _waiting(_fact: Fact) -> str:
    return "waits before its next attempt"


def _as_it_is(fact: Fact) -> str:
    words = fact.event.replace("_", " ")
    return f"{words}: {fact.reason}" if fact.reason else words


TOLD: Final[Mapping[str, Callable[[Fact], str]]] = {
    "run_started": _started,
    "task_settled": _settled,
    "stop_asked": _stopping,
    "tree_gone": _gone,
    "task_requeued": _waiting,
}
INKS: Final[Mapping[str, Ink]] = {"run_started": "agent", "stop_asked": "bad", "tree_survived": "bad"}
UNTOLD: Final = frozenset(
    ("day_opened", "pass_began", "pass_ended", "lease_created", "claim_won", "run_finished")
)


def untold(facts: Sequence[Fact]) -> int:
    """How many entries were left out."""
    return sum(sentence(fact) is None for fact in facts)
