"""Is a run still wanted? What the server shows of its task, against what was claimed (features B7).

Apart from ``tend``, whose facts are this machine's: these are the server's, they come later in a
pass, and most of them are no more than an agent handing its task on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import NamedTuple

from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.sightings import Moment, Sighting, age_s, since
from tinyscheduler.model.snapshot import Backlog
from tinyscheduler.model.task import Task

ASKED_MAX = 50
"""Calls for single tasks in one pass: as many as the largest crew has, a tenth of a second on the
public server."""


class Drift(NamedTuple):
    """What the server shows and nobody claimed."""

    what: str
    """For people: ``reassigned to bob, moved to queue qa``."""
    is_final: bool = False
    """No hand-over looks like this, so there is nothing to wait for."""


class Verdict(NamedTuple):
    """What becomes of runs that the server shows otherwise."""

    unwanted: Mapping[LeaseId, str]
    """Runs to be ended, with the reason."""
    drift: Mapping[LeaseId, Sighting]
    """To be remembered; of every run that drifts."""
    left_out: int = 0
    """Runs that were not asked about, because it would have been too many."""


def odd_leases(leases: Sequence[Lease], backlog: Backlog, source: str) -> tuple[Lease, ...]:
    """Runs that the lists do not show as claimed: their tasks are to be asked for one by one, which
    alone tells a hand-over from a list that was cut."""
    working = {task.id: task for task in backlog.working}
    return tuple(
        lease
        for lease in leases
        if lease.state in ("starting", "running") and lease.source == source
        if lease.task_id not in working or drift_of(lease, working[lease.task_id]) is not None
    )


def to_ask(odd: Sequence[Lease], known: AbstractSet[LeaseId], now: Moment) -> tuple[Lease, ...]:
    """At most ``ASKED_MAX``: those that are known to drift, then the others in turn, a different one
    first in each minute, so that no run is never asked about."""
    ranked = sorted(odd, key=lambda lease: lease.task_id)
    turn = int(now.at.timestamp() // 60) * ASKED_MAX % max(1, len(ranked))
    ranked = ranked[turn:] + ranked[:turn]
    ranked.sort(key=lambda lease: lease.lease_id not in known)
    return tuple(ranked[:ASKED_MAX])


def drift_of(lease: Lease, task: Task | None, *, is_open_parent: bool = False) -> Drift | None:
    """``task`` as the server shows it, None when it knows none of that id. None: as claimed.

    An agent that makes subtasks of its own task sets it idle by that: a parent's status is its
    children's, and nobody's wish (tinytask 3.3).
    """
    if task is None or task.created_at != lease.claim.task_created_at:
        return Drift("deleted on the server", is_final=True)
    if task.archived_at is not None:
        return Drift("archived on the server", is_final=True)
    if is_open_parent and task.status == "idle":
        task = task._replace(status="working")
    found = [say(task) for differs, say in _CHANGES if differs(lease, task)]
    return Drift(f"{', '.join(found)} on the server") if found else None


def judge(
    seen: Mapping[LeaseId, Drift | None],
    before: Mapping[LeaseId, Sighting],
    now: Moment,
    *,
    grace_s: float,
) -> Verdict:
    """The clock of a run goes on while it drifts in whatever way, and ends when it does not: a
    hand-over in three steps is one drift. ``before`` is kept where ``seen`` says nothing."""
    drift = {lease_id: sighting for lease_id, sighting in before.items() if lease_id not in seen}
    unwanted = {}
    for lease_id, found in seen.items():
        if found is None:
            continue
        sighting = Sighting(since(before.get(lease_id), now), found.what)
        drift[lease_id] = sighting
        if found.is_final:
            unwanted[lease_id] = found.what
        elif age_s(sighting.since, now) >= grace_s:
            unwanted[lease_id] = f"{found.what} since {sighting.since.at:%H:%M:%S} UTC"
    return Verdict(unwanted, drift)


def drift_text(sighting: Sighting | None, *, grace_s: float) -> str:
    """For people; empty: the server shows what was claimed."""
    if sighting is None:
        return ""
    since, end = sighting.since.at, sighting.since.at + timedelta(seconds=grace_s)
    return f"{sighting.what} since {since:%H:%M:%S} UTC; if that stays, its run is ended at {end:%H:%M:%S}"


def _is_reassigned(lease: Lease, task: Task) -> bool:
    return task.assigned_to != lease.agent


def _is_moved(lease: Lease, task: Task) -> bool:
    return task.queue != lease.claim.queue


def _is_not_working(_lease: Lease, task: Task) -> bool:
    return task.status != "working"


_CHANGES: tuple[tuple[Callable[[Lease, Task], bool], Callable[[Task], str]], ...] = (
    (_is_reassigned, lambda task: f"reassigned to {task.assigned_to or 'nobody'}"),
    (_is_moved, lambda task: f"moved to {'no queue' if task.queue is None else f'queue {task.queue}'}"),
    (_is_not_working, lambda task: "completed" if task.status == "complete" else f"set {task.status}"),
)
"""Every way in which a task may differ from what was claimed, all of them told."""
