"""Per task: what its runs cost and whether it may run again. Outlives the lease."""

from datetime import datetime
from typing import NamedTuple

from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.model.lease import Claim, OutcomeClass
from tinyscheduler.model.sightings import Moment

OUTCOMES_KEPT = 200
"""Enough to explain any task; bounded because a task that is handed to and fro can run for years."""


WHY_CHARS_MAX = 200


class Asked(NamedTuple):
    """What a person wants of the task once its run has been stopped. In the ledger before the stop, so
    that whoever settles the run knows it, whatever was killed in between."""

    by: str
    reason: str
    requeue: bool
    """It is to run again; False: it is parked."""


class OpenRun(NamedTuple):
    """The run in flight as the ledger knows it: written after the lease, before the claim."""

    lease_id: LeaseId
    agent: AgentName
    claim: Claim
    tag: str
    """Of the run's processes; names the state folder that started it."""
    at: datetime
    unclear_until: datetime | None
    """Until when a claim that was cut off may still take effect on the server, for people; None: nobody
    has seen yet that it was."""
    refusals: int = 0
    """How often the server refused for good to be told how the run ended."""
    asked: Asked | None = None
    """None: nobody has asked to stop it."""
    content: str = ""
    """Of the task's text when it was claimed; another value is another piece of work (features C5)."""
    unclear_since: Moment | None = None
    """When it was first seen that the claim was cut off: who had sent it sends no more (law 7)."""


class PastRun(NamedTuple):
    """One entry of the ledger; one per lease_id, however often a settlement is repeated."""

    lease_id: LeaseId
    agent: AgentName
    kind: OutcomeClass
    at: datetime
    is_spent: bool
    """Counts towards the limit of attempts."""
    code: int | None = None
    result_hash: str | None = None
    """Of the task's text, the workspace and the result; the same in a row is no progress. None: nobody
    has looked. Of a denial: the mark of the command that said no, or of the task server."""
    why: str = ""
    """The outcome's summary, ``WHY_CHARS_MAX`` at most."""
    is_passed_on: bool = False
    """It left its task to another agent, a person or a queue that its own agent does not serve."""
    is_stopped: bool = False
    """A person has stopped it, and what others had made of its task by then gives it another name."""


class Parked(NamedTuple):
    """Why the task will not be started again until a person or a changed input releases it."""

    why: str
    by: str
    at: datetime
    fingerprint: str
    """Of the task's title, description, assignee and queue when it was parked; another value on
    the server means a person has changed the task and releases it (features C4)."""


class Approval(NamedTuple):
    """A person has said that the task may run."""

    by: str
    reason: str
    at: datetime
    fingerprint: str
    """Of what the task said then; a task that says something else has to be approved again."""


APPROVALS_KEPT = 20
"""Only the last one counts; the others are history."""


class Ledger(NamedTuple):
    """All we remember of one task."""

    task_id: TaskId
    source: str
    task_created_at: datetime
    generation: int = 0
    """Of the newest lease; grows with every lease, also with those whose claim was lost."""
    runs: int = 0
    """Started runs, the number behind ``attempt``."""
    open: OpenRun | None = None
    outcomes: tuple[PastRun, ...] = ()
    not_before: datetime | None = None
    parked: Parked | None = None
    is_tagged: bool = False
    """The tag that says so on the task server is ours, and goes when the task is released."""
    counted_after: LeaseId | None = None
    """Of the last run before the task was released: attempts are counted anew after it, and what was
    before stays to be read (features C4). None: all count."""
    approvals: tuple[Approval, ...] = ()
    """Newest last."""


class BrokenLedger(NamedTuple):
    """A ledger nobody can read: its task is held as ``ledger_unreadable`` (law 8)."""

    task_id: TaskId
    path: str
    why: str
