"""An intent of a person to the next pass: only the holder of the lock may act (law 7), so a command
writes down what is wanted, by whom and why, and the pass does it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.model.ledger import Ledger

IntentKind = Literal["stop", "park", "retry", "release", "requeue", "approve"]

INTENTS_MAX = 1_000
"""In one pass: a script gone wild must not hold the lock for ever. The rest has its turn in the next."""
BY_CHARS_MAX = 64
REASON_CHARS_MAX = 500
"""It goes into a comment, the ledger and the journal."""


class Intent(NamedTuple):
    """One intent. Applied once or again harmlessly; gone when its effect is on disk."""

    id: str
    """Sorts by time, and tells two intents of one moment apart."""
    kind: IntentKind
    task_id: TaskId
    lease_id: LeaseId | None
    """The run that was seen when it was asked for, so that a later one is not meant; None: whatever
    the task does."""
    by: str
    """Who asked: login name or agent."""
    at: datetime
    reason: str = ""
    requeue: bool = False
    """Of ``stop``: the task is to run again, instead of being parked."""
    source: str = ""
    """The task server whose task is meant; empty: whichever the pass has."""
    mark: str = ""
    """Of ``approve``: what the task said when the person looked at it, so that nothing else is approved."""


class BrokenIntent(NamedTuple):
    """A file among the intents that is none, or that nobody can read: set aside, never applied."""

    name: str
    """Of the file in its folder."""
    path: str
    why: str


AnswerWord = Literal["applied", "nothing_to_do", "refused", "waits"]


class IntentAnswer(NamedTuple):
    """What a pass made of an intent."""

    intent: Intent
    word: AnswerWord
    """``waits``: it stays, and the next pass goes on with it."""
    why: str


class Foreseen(NamedTuple):
    """What becomes of the intents that wait, and what they will have changed when the next plan is made."""

    answers: tuple[IntentAnswer, ...] = ()
    ledgers: Mapping[TaskId, Ledger] = {}
    tried_again: frozenset[AgentName] = frozenset()
    """Agents whose quarantine, and the limit of whose account, is over then."""


NOTHING_ASKED = Foreseen()
