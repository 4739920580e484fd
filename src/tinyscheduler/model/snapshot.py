"""What a pass saw, with one ``now``. Planners get these and nothing else (law 9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from tinyscheduler.model.agent import Agent, Unready
from tinyscheduler.model.breaker import NO_ACCOUNTS, NO_BREAKERS, Accounts, Breakers
from tinyscheduler.model.hours import ALL_OPEN, ClosedHours
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.intent import BrokenIntent, Intent
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import BrokenLease, Lease, Owner, ProcessRef, TaggedRun
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.machine import NOT_LOOKED_AT, MachineState
from tinyscheduler.model.pause import Pause
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import Held
from tinyscheduler.model.resources import Resources
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import FIRST_TURN, Cursor, Waiting

if TYPE_CHECKING:
    from tinyscheduler.model.prerequisite import Prerequisite

Liveness = Literal["alive", "dead", "unknown"]
"""``unknown``: another host or pid namespace, or a process we may not look at (law 4)."""


class LeaseFacts(NamedTuple):
    """A lease and what the machine says about it. Ages in seconds, clamped to 0 and above."""

    lease: Lease
    wrapper: Liveness
    """Of the process in the lease, or in the owner file while the lease does not name it yet;
    ``dead`` when neither names one."""
    owner: Owner | None
    is_same_boot: bool
    """False: the machine was booted since, so every process of the run is dead."""
    beat_age_s: float
    """By CLOCK_MONOTONIC on the same boot, by the wall clock otherwise."""
    run_age_s: float
    unwanted: str = ""
    """Why the task server does not want this run any more; empty: it does, or nobody knows."""
    drift: str = ""
    """What the task server shows and nobody claimed, while it may still be a hand-over; looked for only
    by those who show it."""
    intent: Intent | None = None
    """The intent that is to end this run now: a ``stop``, ``park`` or ``release`` that may be obeyed."""
    is_owner_unreadable: bool = False
    """Its owner file is there and says nothing; looked at only while the lease is ``starting``."""


class BrokenFacts(NamedTuple):
    """A lease that nobody can read, and what is left of its run."""

    lease: BrokenLease
    owner: Owner | None
    """None also when the owner file cannot be read."""
    is_owner_unreadable: bool
    wrapper: Liveness
    """Of the process in the owner file; ``dead`` when none is named."""
    file_age_s: float
    """Since somebody wrote into it, by the wall clock: file times are."""
    is_folder: bool
    """A folder has the lease's name: the wrapper cannot write over that."""
    ledger: Ledger | BrokenLedger | None
    processes: tuple[ProcessRef, ...]
    """Everybody who carries a tag of the task."""
    is_elsewhere: bool = False
    """Its owner file names another machine."""


class TendSnapshot(NamedTuple):
    """For ``planner.tend``: every lease and the state of its process."""

    now: datetime
    leases: tuple[LeaseFacts, ...]
    broken: tuple[BrokenLease, ...]
    is_estopped: bool
    policy: Policy
    intents: tuple[Intent, ...] = ()
    """What was asked of this pass, oldest first."""
    broken_intents: tuple[BrokenIntent, ...] = ()
    intents_left_out: int = 0
    """Requests beyond the limit of a pass; the next one reads them."""
    tagged: tuple[TaggedRun, ...] = ()
    """Runs of this state folder that have processes; looked for before the leases, so that a run that
    is being started has its lease by then."""
    remains: tuple[BrokenFacts, ...] = ()
    """Of the runs of the broken leases; of none when nobody has looked."""
    intents_unknown: str = ""
    """Why nobody knows what is asked; empty: it is known."""


class QueueGap(NamedTuple):
    """A queue, or an agent's own list, that could not be fetched: unknown, not empty."""

    queue: QueueName | None
    agent: str | None
    why: str

    @property
    def where(self) -> str:
        """What of the task server is meant. Neither a queue nor an agent: of all that was asked."""
        if self.queue is not None:
            return f"queue {self.queue}"
        return "tasks" if self.agent is None else f"the tasks of {self.agent}"

    @property
    def hint(self) -> str:
        """What it means for the rest."""
        return "tasks that it is about are not started, all others are"


class Backlog(NamedTuple):
    """What the task server has for us."""

    tasks: tuple[Task, ...]
    """Idle tasks of our queues and agents, each once, in the server's order."""
    gaps: tuple[QueueGap, ...] = ()
    open_parents: frozenset[TaskId] = frozenset()
    """Tasks with a child that is not complete; they are not work (features D7)."""
    is_cut: bool = False
    """MAX_FETCH was reached: there is more than we looked at."""
    working: tuple[Task, ...] = ()
    """Tasks of our queues and agents that somebody works on, as far as the lists that were read show
    them: one that is missing here has to be asked for before anything is said of it."""
    has_queues: bool = True
    """False: the server knows none, so that only what is assigned to an agent can be ours."""


class StartSnapshot(NamedTuple):
    """For ``planner.start``."""

    now: datetime
    source: str
    backlog: Known[Backlog] | Unknown
    leases: tuple[Lease, ...]
    broken: tuple[BrokenLease, ...]
    ledgers: Mapping[TaskId, Ledger | BrokenLedger]
    """At least those of all tasks in the backlog that have one."""
    agents: tuple[Agent, ...]
    policy: Policy
    is_estopped: bool = False
    pauses: tuple[Pause, ...] = ()
    """As they are on disk, also those that are over."""
    free_mb: int | None = None
    """Free disk space of the state folder; None: not known, which holds nothing."""
    state_id: str = ""
    """Of this state folder; empty in a copy before its first pass."""
    refused: Mapping[TaskId, Held] = {}
    """Tasks whose start was refused earlier in this pass, with what was found instead."""
    breakers: Breakers = NO_BREAKERS
    accounts: Accounts = NO_ACCOUNTS
    waiting: Mapping[TaskId, Waiting] = {}
    """What earlier passes have seen of tasks of this server that wait; perhaps of a namesake."""
    cursor: Cursor = FIRST_TURN
    """Where the turns of bands stand; asked only where there are any."""
    prerequisites: Mapping[TaskId, Prerequisite] = {}
    """Tasks that others wait for, or would, and that are not in the backlog."""
    closed_hours: ClosedHours = ALL_OPEN
    """Who is outside of active hours; time zones are the observer's matter."""
    machine: MachineState = NOT_LOOKED_AT
    totals: Resources | None = None
    """What runs may take of the machine together; None: not known, which holds nothing."""
    unready: Mapping[AgentName, Unready] = {}
    """Agents of ours that are given nothing, because something that they need is not there."""
