"""Every outside thing the core talks to, as Protocols, and the World that binds them.

A port method lists what it raises; above an adapter nobody has heard of httpx, sqlite or errno.
Protocols exist for the type checker; at run time these modules are a few class statements, and what
only their annotations name is not loaded for them. ``folder``, ``machine`` and ``state`` are parts of this
page and are known by its name: ``from tinyscheduler.ports import LeaseStore``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from tinyscheduler.ports.folder import Attic, StateFolder
from tinyscheduler.ports.machine import (
    Clock,
    Containment,
    Enclosure,
    Engine,
    Gauge,
    HookAnswer,
    Hooks,
    Host,
    LockHolder,
    Processes,
    RunLock,
    RunRef,
    StopSignal,
)
from tinyscheduler.ports.state import (
    AccountStore,
    BreakerStore,
    CursorStore,
    IntentScan,
    IntentStore,
    Journal,
    LeaseScan,
    LeaseStore,
    LedgerStore,
    PauseStore,
    RunFolders,
    ScheduleStore,
    SightingStore,
    WaitStore,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tinyscheduler.model.configuration import Configuration
    from tinyscheduler.model.desk import TaskDraft, TaskList, TaskQuery
    from tinyscheduler.model.ids import AgentName, QueueName, TaskId
    from tinyscheduler.model.snapshot import Backlog
    from tinyscheduler.model.task import Comment, Status, TagChange, Task, TaskDetail
    from tinyscheduler.model.unserved import Unserved

__all__ = [
    "AccountStore",
    "Attic",
    "BreakerStore",
    "Clock",
    "Containment",
    "CursorStore",
    "Enclosure",
    "Engine",
    "Gauge",
    "HookAnswer",
    "Hooks",
    "Host",
    "IntentScan",
    "IntentStore",
    "Journal",
    "LeaseScan",
    "LeaseStore",
    "LedgerStore",
    "LockHolder",
    "PauseStore",
    "Processes",
    "RunFolders",
    "RunLock",
    "RunRef",
    "ScheduleStore",
    "SightingStore",
    "StateFolder",
    "StopSignal",
    "TaskServer",
    "WaitStore",
    "World",
]


class TaskServer(Protocol):
    """The task server's primitives, as tinytask has them (tinytask.md 3). Claiming and settling are
    protocols of ours and live in ``reconcile``.

    All raise ServerUnavailable, and ServerRefused when the server says no for good. Writes raise
    ServerUnavailable with ``maybe_applied`` when they may have happened all the same.
    """

    @property
    def source(self) -> str:
        """Identity of the endpoint; task ids are meaningful only together with it."""

    def backlog(self, queues: Sequence[QueueName], agents: Sequence[AgentName], limit: int) -> Backlog:
        """Idle tasks, not archived, of these queues and of these assignees, at most ``limit``; and, as far
        as the limit and the same lists allow, those that are working. One queue that fails is a gap;
        raises only when nothing at all could be asked."""

    def get(self, task_id: TaskId) -> TaskDetail:
        """Raises TaskNotFound; where it can be told, TaskNeverMade for an id that was never given."""

    def has_open_children(self, task_id: TaskId) -> bool:
        """True while a child is neither complete nor archived."""

    def unserved(self, queues: Sequence[QueueName], agents: Sequence[AgentName]) -> tuple[Unserved, ...]:
        """How many idle tasks, not archived, ``backlog`` of the same queues and agents would leave out, by
        queue and assignee: the largest groups first, at most ``UNSERVED_MAX``. None of a server whose tasks
        have no queues. Only for those who show it: a pass has nothing to do with them."""

    def update(
        self,
        task_id: TaskId,
        *,
        status: Status | None = None,
        assigned_to: str | None = None,
        queue: QueueName | None = None,
        tags: Sequence[str] | TagChange | None = None,
    ) -> Task:
        """Unconditional, atomic, only the fields given; ``assigned_to=""`` unassigns; ``tags`` takes the
        place of the whole list, or changes the one that is there then. The answer is
        the task after the write; its ``previous_assigned_to`` is what a change of assignee replaced.
        Raises TaskNotFound."""

    def move(self, task_id: TaskId, *, current: AgentName, new: AgentName, comment: str) -> Task:
        """Atomic and conditional: only while assigned to ``current`` and not complete; sets idle and
        adds the comment in its name. Raises NotAssigned, TaskNotFound."""

    def comment(self, task_id: TaskId, text: str, author: str) -> Comment:
        """Raises TaskNotFound."""

    def add(self, draft: TaskDraft) -> Task:
        """A new idle task; only schedules make one. Never sent twice once it may have arrived."""

    def find(self, query: TaskQuery) -> TaskList:
        """Tasks that match, as people find them; only schedules look for what they have made."""

    def hold(self) -> None:
        """What is written from here on is seen by everybody at once, and need not be durable before
        ``sync``: for many tasks at once (ADR 0044)."""

    def sync(self) -> None:
        """All that was written is as durable as the server makes it, and so is what follows."""

    def close(self) -> None:
        """Idempotent."""


class World(NamedTuple):
    """The ports of one process, bound by ``bootstrap``, and what it was started with."""

    clock: Clock
    lock: RunLock
    leases: LeaseStore
    ledgers: LedgerStore
    sightings: SightingStore
    waits: WaitStore
    cursors: CursorStore
    schedules: ScheduleStore | None
    """None: no schedules are configured, and nothing of them is loaded."""
    breakers: BreakerStore
    accounts: AccountStore
    intents: IntentStore
    pauses: PauseStore
    runs: RunFolders
    journal: Journal
    processes: Processes
    gauge: Gauge
    hooks: Hooks
    engine: Engine
    server: TaskServer
    state: StateFolder
    attic: Attic
    configuration: Configuration
    environ: Mapping[str, str]
    """Of this process; agents get an allow-list of it."""
    after_argv: tuple[str, ...]
    """What a wrapper becomes when its run is over: this program's pass with the same settings."""
    task_command: str
    """Path of the script by which an agent calls this program's ``task`` command."""
    pass_id: str
    """Tells passes apart in the journal; new for each World."""
    settings_rejected: str = ""
    """Why newer settings than these do not hold, "" where these are the newest."""
