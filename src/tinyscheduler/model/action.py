"""What a pass may do. ``match`` over these ends in ``assert_never``: a new one breaks the build."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import BrokenLease, Lease, OutcomeClass, TaggedRun
from tinyscheduler.model.reason import Held
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Turn


class Keep(NamedTuple):
    """Leave the lease alone; ``reason`` says why, ``trouble`` whether a person should hear of it."""

    lease: Lease
    reason: str
    is_trouble: bool = False


class Reclaim(NamedTuple):
    """End the run: stop every process of its tree, prove it gone, write ``finished``, settle.

    ``outcome`` is what is recorded unless the run's own result file says better (B11)."""

    lease: Lease
    outcome: OutcomeClass
    reason: str
    why: str = ""
    """What a person or the task server has to do with it, in words."""


class Release(NamedTuple):
    """End what can be ended of the run, and give the lease up without proof: a person asked for it."""

    lease: Lease
    outcome: OutcomeClass
    reason: str
    why: str = ""


class Revoke(NamedTuple):
    """The wrapper has not adopted the lease in time: link the owner name first, then undo the start."""

    lease: Lease
    reason: str


class Undo(NamedTuple):
    """A claim that was not followed by a wrapper: give back what is still ours, then the lease."""

    lease: Lease
    reason: str


class Settle(NamedTuple):
    """Tell the server and the ledger how the run ended, then remove the lease."""

    lease: Lease
    reason: str


class Quarantine(NamedTuple):
    """Copy an unreadable lease aside once and report it; the file itself stays and holds its task."""

    lease: BrokenLease
    reason: str


class Rebuild(NamedTuple):
    """Write an unreadable lease anew, from what else is known of its run; then tend it like any other."""

    lease: BrokenLease
    reason: str


class Discard(NamedTuple):
    """Remove an unreadable lease that stands for nothing: no run of its task is open, none lives."""

    lease: BrokenLease
    reason: str


class StopOrphan(NamedTuple):
    """End the processes of a run that has no lease, if a second look finds them and no lease again."""

    run: TaggedRun
    reason: str


OddAction = Quarantine | Rebuild | Discard | StopOrphan
"""About what should not be: leases that nobody can read, runs without a lease."""
TendAction = Keep | Reclaim | Release | Revoke | Undo | Settle | Quarantine | Rebuild | Discard | StopOrphan


class TendPlan(NamedTuple):
    """One action per lease, in the order they are carried out."""

    actions: tuple[TendAction, ...]
    limits_reached: tuple[str, ...] = ()


class Start(NamedTuple):
    """Start this task on this agent."""

    task: Task
    agent: Agent
    reason: str
    turn: Turn | None = None
    """The turn it takes, where bands take turns."""
    stretch: float = 1.0
    """By how much the limits of its run are longer than usual (features D14)."""


class StartPlan(NamedTuple):
    """Every task of the snapshot is in exactly one of the two."""

    starts: tuple[Start, ...]
    held: tuple[Held, ...]
    limits_reached: tuple[str, ...] = ()


ActionKind = Literal[
    "keep", "reclaim", "release", "revoke", "undo", "settle", "quarantine", "rebuild", "discard",
    "stop_orphan", "start",
]  # fmt: skip


def kind_of(action: TendAction | Start) -> ActionKind:
    """The word for an action in JSON and tables."""
    return _KINDS[type(action)]


def task_of(action: TendAction | Start) -> TaskId:
    """The task an action is about."""
    if isinstance(action, Start):
        return action.task.id
    return action.run.task_id if isinstance(action, StopOrphan) else action.lease.task_id


_KINDS: Mapping[type, ActionKind] = {
    Keep: "keep",
    Reclaim: "reclaim",
    Release: "release",
    Revoke: "revoke",
    Undo: "undo",
    Settle: "settle",
    Quarantine: "quarantine",
    Rebuild: "rebuild",
    Discard: "discard",
    StopOrphan: "stop_orphan",
    Start: "start",
}
