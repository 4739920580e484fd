"""End runs: ask, TERM, one shared grace, KILL, prove. Nothing is requeued before this says "gone".

The wrapper is asked first by the stop file and TERM, because it ends its agent more gently and
writes the outcome itself; whatever it leaves behind is ended here (law 1).
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.lease import (
    GRACE_S_MAX,
    Lease,
    OutcomeClass,
    Owner,
    ProcessRef,
    StopOrder,
    cgroup_of,
)
from tinyscheduler.ports import RunRef, World
from tinyscheduler.reconcile.observe import roots_of, tag_of

KILL_WAIT_S = 2.0
"""A killed process is gone in milliseconds; one in an uninterruptible call may never go."""
KILL_ROUNDS = 3
"""A tree that forks faster than it is read gets several rounds; more would hold the pass up."""
WRAPPER_EXTRA_S = 1.0
"""On top of the agent's grace, so that the wrapper can write how it ended."""


class Doomed(NamedTuple):
    """One run to end."""

    lease: Lease
    owner: Owner | None
    reason: OutcomeClass
    by: str = "pass"
    """Who wants it, and why; the wrapper says it on the task."""


def stop_runs(
    world: World, doomed: Sequence[Doomed], *, tell: Callable[[Lease, StateError], None]
) -> dict[LeaseId, tuple[ProcessRef, ...]]:
    """End all these runs together. Per lease: what could not be ended; empty is proven gone.

    A stop file that cannot be written is told and the signals are sent all the same: the wrapper then
    calls its end interrupted, which is the smaller evil.
    """
    graces: list[float] = []

    def ask(place: int) -> None:
        _ask(world, doomed[place], tell)
        graces.append(_grace_s(doomed[place].lease))

    runs = [_run(world, doom) for doom in doomed]
    left = end_trees(world, runs, ask=ask, grace_s=lambda: max(graces, default=0.0))
    return {doom.lease.lease_id: tree for doom, tree in zip(doomed, left, strict=True)}


def end_trees(
    world: World, runs: Sequence[RunRef], *, ask: Callable[[int], None], grace_s: Callable[[], float]
) -> list[tuple[ProcessRef, ...]]:
    """TERM to all, one grace, KILL, look again. Per run: what could not be ended; empty is proven gone.

    ``ask`` gets the place of each run that lives, before the first signal; then ``grace_s`` is asked.
    """
    trees = _look(world, runs)
    living = [place for place, tree in enumerate(trees) if tree]
    for place in living:
        ask(place)
    _send(world, _all(trees), signal.SIGTERM)
    world.processes.wait_gone(_all(trees), grace_s())
    wanted = [runs[place] for place in living]
    left = _look(world, wanted)
    for _ in range(KILL_ROUNDS):
        if not any(left):
            break
        _send(world, _all(left), signal.SIGKILL)
        world.processes.wait_gone(_all(left), KILL_WAIT_S)
        left = _look(world, wanted)
    survivors = dict(zip(living, left, strict=True))
    for place, run in enumerate(runs):
        if not survivors.get(place):
            world.processes.remove_cgroup(run.cgroup)
    return [survivors.get(place, ()) for place in range(len(runs))]


def _ask(world: World, doom: Doomed, tell: Callable[[Lease, StateError], None]) -> None:
    lease = doom.lease
    stop = StopOrder(lease.lease_id, doom.reason, doom.by, world.clock.now())
    try:
        world.leases.ask_stop(lease.task_id, stop)
    except StateError as error:
        tell(lease, error)


def _grace_s(lease: Lease) -> float:
    return min(max(0, lease.grace_s), GRACE_S_MAX) + WRAPPER_EXTRA_S


def _look(world: World, runs: Sequence[RunRef]) -> list[tuple[ProcessRef, ...]]:
    """Twice where nobody is seen: a process in the middle of an exec shows no environment, so no tag,
    for a moment."""
    trees = list(world.processes.trees(runs))
    unseen = [place for place, tree in enumerate(trees) if not tree]
    again = world.processes.trees([runs[place] for place in unseen])
    for place, tree in zip(unseen, again, strict=True):
        trees[place] = tree
    return trees


def _run(world: World, doom: Doomed) -> RunRef:
    cgroup = cgroup_of(doom.lease, world.state.state_id())
    return RunRef(tag_of(world, doom.lease), roots_of(doom.lease, doom.owner), cgroup)


def _all(trees: Iterable[tuple[ProcessRef, ...]]) -> list[ProcessRef]:
    return [process for tree in trees for process in tree]


def _send(world: World, processes: Iterable[ProcessRef], number: int) -> None:
    for process in processes:
        world.processes.signal(process, number)
