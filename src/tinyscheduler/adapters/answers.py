"""``ports.reading.Answers``: what a pass made of an intent, as it wrote it into the journal.

For a command that waits: the pass that did it need not be its own.
"""

from __future__ import annotations

import os
from typing import get_args

from tinyscheduler.kit import json_text
from tinyscheduler.kit.fields import Fields
from tinyscheduler.kit.tail import tail
from tinyscheduler.model.intent import AnswerWord, Intent, IntentAnswer

DAYS_READ = 2
"""A command waits for minutes, so midnight may be in between, but no second one."""
TAIL_BYTES_MAX = 4_000_000
"""Of a day: what was just written is at its end."""

_WORDS: tuple[AnswerWord, ...] = get_args(AnswerWord)


class JournalAnswers:
    """Over the folder of journals; a missing one has no answers."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def find(self, intent: Intent) -> IntentAnswer | None:
        """See the port. Newest first."""
        for name in self._newest_days():
            for line in reversed(tail(f"{self._folder}/{name}", TAIL_BYTES_MAX).split(b"\n")):
                # Most lines are about something else and need not be parsed.
                if intent.id.encode() in line:
                    answer = _answer(intent, line)
                    if answer is not None:
                        return answer
        return None

    def _newest_days(self) -> list[str]:
        try:
            names = os.listdir(self._folder)
        except OSError:
            # Whoever waits says in the end that no pass has answered.
            return []
        return sorted((name for name in names if name.startswith("journal_")), reverse=True)[:DAYS_READ]


def _answer(intent: Intent, line: bytes) -> IntentAnswer | None:
    """None: a torn line, or another fact in which the id occurs."""
    try:
        fields = Fields(json_text.load(line))
        if fields.text("event") != "intent_applied" or fields.text("intent") != intent.id:
            return None
        return IntentAnswer(intent, fields.choice("came", _WORDS), fields.text("why"))
    except ValueError:
        return None
