"""Runs that the ledger knows and no lease does: somebody removed it, or the disk lost it (features A10).

A task without one of ours, which is ``working`` all the same, is somebody else's and not looked at:
a person's, another scheduler's, a parent's, whose status is its children's, or one of the state folder
that this one was copied from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.ledger import Ledger, OpenRun
from tinyscheduler.model.sightings import Moment, Sighting, age_s, since
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.view import is_foreign

LOST_MAX = 100
"""Settled in one pass; each costs some calls, and a folder of leases that vanished is no reason to hold
the lock for a minute."""

LostStanding = Literal["haunted", "waits", "due"]
"""``haunted``: processes of it live, and are ended first, as those of any run without a lease."""


class LostRun(NamedTuple):
    """An open run without a lease, and its task as the server shows it."""

    ledger: Ledger
    run: OpenRun
    task: Task
    is_haunted: bool = False


class LostVerdict(NamedTuple):
    """Where each of them stands, in the order of the tasks."""

    standings: tuple[tuple[LostRun, LostStanding], ...]
    lost: Mapping[LeaseId, Sighting]
    """To be remembered."""


def runs_without_lease(snapshot: StartSnapshot) -> list[LostRun]:
    """Of the tasks that the server shows, waiting or worked on."""
    leased = {lease.task_id for lease in snapshot.leases} | {b.task_id for b in snapshot.broken}
    opened = {
        task_id: (ledger, ledger.open)
        for task_id, ledger in snapshot.ledgers.items()
        if isinstance(ledger, Ledger) and ledger.open is not None and task_id not in leased
    }
    # Mostly there are none, and ten thousand tasks need not be looked through for them.
    if not opened or not isinstance(snapshot.backlog, Known):
        return []
    backlog = snapshot.backlog.value
    shown = [task for task in (*backlog.tasks, *backlog.working) if task.id in opened]
    found = [LostRun(*opened[task.id], task) for task in shown]
    return [
        lost for lost in found if _is_same(lost, snapshot) and not is_foreign(lost.run, lost.task, snapshot)
    ]


def _is_same(lost: LostRun, snapshot: StartSnapshot) -> bool:
    """Of this very task; one of a re-created server's namesake is none."""
    ledger = lost.ledger
    return (ledger.source, ledger.task_created_at) == (snapshot.source, lost.task.created_at)


def judge_lost(
    runs: Iterable[LostRun], before: Mapping[LeaseId, Sighting], now: Moment, *, grace_s: float
) -> LostVerdict:
    """By the time since it was first seen without lease and processes, not by the run's own age: a
    lease that is put back from a copy is back before that."""
    standings: list[tuple[LostRun, LostStanding]] = []
    lost: dict[LeaseId, Sighting] = {}
    for run in runs:
        first = since(before.get(run.run.lease_id), now)
        standing = _standing(run, age_s(first, now) >= grace_s)
        standings.append((run, standing))
        if standing in ("waits", "due"):
            lost[run.run.lease_id] = Sighting(first)
    return LostVerdict(tuple(standings), lost)


def _standing(run: LostRun, is_old: bool) -> LostStanding:
    if run.is_haunted:
        return "haunted"
    return "due" if is_old else "waits"
