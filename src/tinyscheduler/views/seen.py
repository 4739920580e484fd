"""Everything ``status`` shows, of one moment: plain data, made by ``reconcile.look``.

Apart from ``problems``, which asks what is wrong with it, and from the views that show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from tinyscheduler.model.action import OddAction, StartPlan, TendAction
from tinyscheduler.model.breaker import Closed
from tinyscheduler.model.configuration import Configuration
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.intent import BrokenIntent, IntentAnswer
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import BrokenLease, StopOrder
from tinyscheduler.model.past_pass import BrokenRecord, PastPass, Shelf
from tinyscheduler.model.pause import Pause
from tinyscheduler.model.snapshot import Backlog, LeaseFacts, QueueGap
from tinyscheduler.model.unserved import Unserved
from tinyscheduler.model.waiting import Starving
from tinyscheduler.views.holding import LockSeen

if TYPE_CHECKING:
    from tinyscheduler.model.schedule import Fired, Schedule

Severity = Literal["problem", "server", "settings", "note"]
"""``problem`` is exit 1, ``server`` exit 3, ``settings`` exit 2, ``note`` is no fault."""


class Problem(NamedTuple):
    """One line at the top of ``status``."""

    severity: Severity
    reference: str
    message: str
    hint: str = ""
    task_id: TaskId | None = None


def problem_text(problem: Problem) -> str:
    """In one line, with what to do about it."""
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


class TasksSeen(Protocol):
    """What a view of the task server's tasks knows of what it could not see."""

    @property
    def server_unknown(self) -> str | None:
        """Why nobody knows; None: it is known."""

    @property
    def gaps(self) -> tuple[QueueGap, ...]:
        """Lists that could not be read."""


def exit_code(seen: TasksSeen) -> int:
    """3: the server is unknown, or part of it."""
    return 3 if seen.server_unknown is not None or seen.gaps else 0


class RunSeen(NamedTuple):
    """A lease, what the machine says about it, and what the next pass does with it."""

    facts: LeaseFacts
    action: TendAction
    stop: StopOrder | None = None
    """Looked for only where the action is not to keep it."""
    is_agent_alive: bool = False
    """Likewise: the agent outlived its wrapper."""
    is_wrapper_stopped: bool = False
    """It lives, and a signal has stopped it."""
    elsewhere: tuple[str, str] | None = None
    """It was claimed on another task server than the settings name: what that means, and the way back."""


class UnservedSeen(NamedTuple):
    """Idle tasks where no agent of ours looks, and the names that somebody may have meant."""

    groups: tuple[Unserved, ...] | None
    """None: nobody could tell."""
    queues: tuple[QueueName, ...] = ()
    """That agents of ours serve."""
    agents: tuple[AgentName, ...] = ()
    why: str = ""
    """Why nobody could tell; empty where that is said elsewhere."""


NOTHING_UNSERVED = UnservedSeen(())


class ScheduleSeen(NamedTuple):
    """A schedule, what passes remember of it, and what the next one makes of it."""

    schedule: Schedule
    last: Fired | None
    next_at: datetime | None
    """The first instant to come; None: there is none, nobody can tell, or it is switched off."""
    due: int = 0
    """Tasks that the next pass makes."""
    missed: str = ""
    """What it is going to say of those that it does not make."""
    unclear_since: datetime | None = None
    """A task was begun then, and nobody knows yet whether it was made."""
    trouble: str = ""
    """Why nobody can tell when it is due."""


class Seen(NamedTuple):
    """Everything ``status`` shows, of one moment."""

    now: datetime
    configuration: Configuration
    runs: Known[tuple[RunSeen, ...]] | Unknown
    broken: tuple[BrokenLease, ...]
    backlog: Known[Backlog] | Unknown
    plan: StartPlan | None
    """What the next pass starts and holds; None: the leases or the ledgers are unknown."""
    server_hint: str
    is_estopped: bool
    free_mb: int | None
    is_copy: bool
    """The state folder was copied and no pass has run in the copy yet."""
    last_pass: PastPass | BrokenRecord | None
    shelf: Shelf
    state_faults: tuple[Problem, ...] = ()
    intents: tuple[IntentAnswer, ...] = ()
    """What was asked of the next pass, and what it is going to make of it."""
    broken_intents: tuple[BrokenIntent, ...] = ()
    estop_note: str = ""
    """What the ESTOP file says, if anything."""
    pauses: tuple[Pause, ...] = ()
    """Those that hold now."""
    settings_fault: str = ""
    """Why the settings of now do not hold; then everything is shown with the last good ones."""
    closed: tuple[Closed, ...] = ()
    """What is left alone for a while because it failed too often."""
    odd: tuple[OddAction, ...] = ()
    """What the next pass does about broken leases, and about processes that have none."""
    starving: Mapping[TaskId, Starving] = {}
    """Tasks that nobody serves."""
    lock: LockSeen | None = None
    """The pass that is at work."""
    schedules: tuple[ScheduleSeen, ...] = ()
    """In the order of the file."""
    unserved: UnservedSeen = NOTHING_UNSERVED
