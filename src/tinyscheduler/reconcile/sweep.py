"""Once a day: remove what the past has left, within limits. Nothing depends on its order, and one that is
cut off anywhere is gone on with by a later one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from tinyscheduler.errors import ServerUnavailable, StateError, TaskNotFound, TaskServerError
from tinyscheduler.model.event import Event
from tinyscheduler.model.lease import BrokenLease, Lease, containment_name, containment_prefix
from tinyscheduler.model.remains import Remains
from tinyscheduler.model.task import Task
from tinyscheduler.planner.sweep import KEPT, SweepFacts, judge, kept_since
from tinyscheduler.ports import World
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.observe import tag_of

REMOVALS_MAX = 500
"""In one pass, some tenths of a second: whoever has more gets the rest removed by the next ones."""
ASKED_MAX = 50
"""Tasks that the server is asked about in one pass: half a second over a network."""


def sweep(
    context: Context, leases: Sequence[Lease], broken: Sequence[BrokenLease], *, deadline: float
) -> None:
    """Raises StateError when old files cannot be listed. One that cannot be removed is a fault of the
    pass and keeps the others from nothing."""
    world, now = context.world, context.world.clock.now()
    if not broken:
        _sweep_cgroups(world, leases)
    swept_at = world.attic.swept_at()
    if swept_at is None or not abs(now - swept_at) < KEPT:
        # The first one, or the first for a month: perhaps the clock is wrong, and all would look old.
        world.attic.note_sweep(now)
        return
    found = world.attic.remains(before=now - KEPT)
    facts = _facts(context, found, now=now, leases=leases, broken=broken)
    is_done = _Sweep(context, facts, deadline).go(found)
    if is_done:
        world.attic.note_sweep(now)


def _sweep_cgroups(world: World, leases: Sequence[Lease]) -> None:
    """Of runs that were released while somebody in them lived, or that have lost their lease. Not by age; and
    behind a lease that nobody can read there may be any run."""
    keep = {containment_name(tag_of(world, lease)) for lease in leases}
    world.processes.sweep_cgroups(containment_prefix(world.state.state_id()), keep)


def _facts(
    context: Context,
    found: Sequence[Remains],
    *,
    now: datetime,
    leases: Sequence[Lease],
    broken: Sequence[BrokenLease],
) -> SweepFacts:
    task_ids = {remains.task_id for remains in found if remains.task_id is not None}
    return SweepFacts(
        now,
        context.server.source,
        leased={lease.task_id: lease.attempt for lease in leases},
        broken=frozenset(lease.task_id for lease in broken),
        ledgers=context.world.ledgers.read(task_ids) if task_ids else {},
    )


class _Sweep:
    """One sweep at work: what it has spent of its limits, and what it has removed."""

    def __init__(self, context: Context, facts: SweepFacts, deadline: float) -> None:
        self._context = context
        self._facts = facts
        self._deadline = deadline
        self._asked = 0
        self._removed: Counter[str] = Counter()

    def go(self, found: Sequence[Remains]) -> bool:
        """Oldest first. False: a limit was reached, and the next pass goes on."""
        is_done = True
        for remains in found:
            if self._is_at_a_limit():
                is_done = False
                break
            try:
                self._look_at(remains)
            except StateError as error:
                self._context.report.fault(error)
        self._tell(is_done=is_done)
        return is_done

    def _is_at_a_limit(self) -> bool:
        is_late = self._context.world.clock.monotonic() > self._deadline
        return is_late or self._removed.total() >= REMOVALS_MAX or self._asked >= ASKED_MAX

    def _look_at(self, remains: Remains) -> None:
        verdict = judge(remains, self._facts)
        if verdict == "ask":
            self._ask_about(remains)
        elif verdict == "remove":
            self._remove(remains)

    def _ask_about(self, remains: Remains) -> None:
        """A server that does not answer keeps everything until tomorrow (law 4)."""
        server, facts = self._context.server, self._facts
        assert remains.task_id is not None, "only of tasks nobody knows whether they are over"
        if server.trouble is not None:
            return
        self._asked += 1
        task: Task | None
        try:
            task = server.get(remains.task_id).task
        except TaskNotFound:
            task = None
        except ServerUnavailable:
            return
        except TaskServerError as error:
            self._context.report.fault(error, task_id=remains.task_id)
            return
        since = kept_since(task, facts.ledgers.get(remains.task_id), facts.now)
        if since is None:
            self._remove(remains)
        else:
            self._context.world.attic.count_from(remains, since)

    def _remove(self, remains: Remains) -> None:
        world = self._context.world
        if remains.kind == "run":
            assert remains.task_id is not None, "a run is of a task"
            world.runs.discard(remains.task_id, remains.attempt)
        elif not world.attic.remove(remains):
            return
        self._removed[remains.kind] += 1

    def _tell(self, *, is_done: bool) -> None:
        report = self._context.report
        if not is_done:
            report.limit("old files were swept up to the limit of a pass; the next one goes on")
        if self._removed:
            report.swept.update(self._removed)
            counts = tuple(sorted(self._removed.items()))
            self._context.world.journal.append(Event("old_files_swept", detail=counts))
