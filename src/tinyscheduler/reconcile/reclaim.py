"""End runs whose wrapper is gone, silent or too late, or that somebody wants ended, and write down how
they ended."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal, NamedTuple

from tinyscheduler.errors import StateError, Unreadable
from tinyscheduler.model.action import Reclaim, Release
from tinyscheduler.model.lease import Lease, Outcome, OutcomeClass, Owner, ProcessRef
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.observe import tag_of
from tinyscheduler.reconcile.stop import Doomed, stop_runs

LEAVING_S, LEAVING_POLL_S = 1.0, 0.02
"""A wrapper between its last word and its exec into a pass needs some milliseconds; on a machine that swaps,
some hundred."""
DEATHS = ("wrapper_dead", "adopter_dead", "rebooted", "estop")
"""Reasons that say that a run is gone, and not why. An ESTOP may come after somebody else's word."""


class _Doom(NamedTuple):
    """An action and how its run is found."""

    action: Reclaim | Release
    doomed: Doomed


class _End(NamedTuple):
    """An action and the lease as it is after it."""

    action: Reclaim | Release
    lease: Lease
    is_over: bool
    """Its run is: how it ended is in the lease."""


class Reclaimed(NamedTuple):
    """The leases as they are now."""

    finished: list[Lease]
    """Their trees are proven gone, or nobody asks for proof."""
    left: list[Lease]
    """Unchanged, so that slot and task stay held (law 1)."""


def reclaim_all(context: Context, actions: Sequence[Reclaim | Release]) -> Reclaimed:
    """Stop them together under one grace."""
    if not actions:
        return Reclaimed([], [])
    gone = _leaving(context, actions)
    dooms, left = [], []
    for action in actions:
        if action.lease in gone:
            continue
        try:
            dooms.append(_doom(context, action))
        except StateError as error:
            left.append(_failed(context, action, error))
    survivors = stop_runs(context.world, [doom.doomed for doom in dooms], tell=context.fault)
    ends = [_conclude(context, doom.action, survivors[doom.doomed.lease.lease_id]) for doom in dooms]
    done = _durable(context, ends)
    return Reclaimed(gone + done.finished, left + done.left)


def _leaving(context: Context, actions: Sequence[Reclaim | Release]) -> list[Lease]:
    """Whose wrapper has written the last word and was about to drop its tag: there is nobody to end."""
    world = context.world
    leases = [a.lease for a in actions if a.lease.state == "finished"]
    until = world.clock.monotonic() + LEAVING_S
    while leases:
        there = world.processes.tagged(world.state.state_id())
        if not any(tag_of(world, lease) in there for lease in leases) or world.clock.monotonic() > until:
            return [lease for lease in leases if tag_of(world, lease) not in there]
        world.clock.sleep(LEAVING_POLL_S)
    return []


def tell_survivors(context: Context, lease: Lease, survivors: Sequence[ProcessRef]) -> None:
    """What cannot be ended is reported and keeps its slot."""
    pids = ", ".join(str(process.pid) for process in survivors)
    context.note("tree_survived", lease, "not gone after KILL", pids=[p.pid for p in survivors])
    context.report.trouble(
        f"task {lease.task_id}: processes {pids} of its run cannot be ended",
        hint="look at them with ps; the task stays held until they are gone, or until "
        f"tinyscheduler release {lease.task_id} --reason TEXT",
        reference="tree-survived",
    )


def _doom(context: Context, action: Reclaim | Release) -> _Doom:
    """Raises StateError when a start could not be closed to a wrapper that comes late."""
    lease = action.lease
    is_asked = action.reason in ("stop_asked", "release_asked")
    owner = _close(context, lease) if is_asked else _owner(context, lease)
    context.note("stop_asked", lease, action.reason, **({"why": action.why} if action.why else {}))
    by = action.why.removeprefix("asked by ") if is_asked and action.why else "pass"
    return _Doom(action, Doomed(lease, owner, action.outcome, by))


def _close(context: Context, lease: Lease) -> Owner | None:
    """A start that nobody has adopted yet: from here on nobody can, so that the lease is ours to write."""
    if lease.state != "starting":
        return _owner(context, lease)
    try:
        return context.world.leases.take(lease.task_id, Owner(lease.lease_id, "revoked", None))
    except Unreadable:
        # The name is taken, by whomever: nobody can adopt it any more.
        return None


def _owner(context: Context, lease: Lease) -> Owner | None:
    try:
        return context.world.leases.owner(lease.task_id)
    except StateError as error:
        # A lease that names its wrapper needs no owner file, and the tag finds the others.
        context.fault(lease, error)
        return None


def _conclude(context: Context, action: Reclaim | Release, survivors: Sequence[ProcessRef]) -> _End:
    lease = action.lease
    if survivors:
        tell_survivors(context, lease, survivors)
        if isinstance(action, Reclaim):
            context.result("reclaim", lease, "failed", reason="its processes survived")
            return _End(action, lease, is_over=False)
    elif isinstance(action, Reclaim):
        context.note("tree_gone", lease, action.reason)
    try:
        return _End(action, _finish(context, action, is_given_up=bool(survivors)), is_over=True)
    except StateError as error:
        return _End(action, _failed(context, action, error), is_over=False)


def _durable(context: Context, ends: Sequence[_End]) -> Reclaimed:
    """How the runs ended is on the disk before anybody is told; one sync for all of them."""
    over = [end for end in ends if end.is_over]
    left = [end.lease for end in ends if not end.is_over]
    try:
        if over:
            context.world.leases.sync()
    except StateError as error:
        return Reclaimed([], left + [_failed(context, end.action, error) for end in over])
    for end in over:
        context.result(_kind(end.action), end.lease, "done", reason=end.action.reason)
    return Reclaimed([end.lease for end in over], left)


def _failed(context: Context, action: Reclaim | Release, error: StateError) -> Lease:
    context.fault(action.lease, error)
    context.result(_kind(action), action.lease, "failed", reason=error.message)
    return action.lease


def _finish(context: Context, action: Reclaim | Release, *, is_given_up: bool) -> Lease:
    """The wrapper's own last word first, then the run's result file, then our reason (B11)."""
    world = context.world
    current = world.leases.read(action.lease.task_id)
    if not isinstance(current, Lease) or current.lease_id != action.lease.lease_id:
        raise StateError(
            f"the lease of task {action.lease.task_id} changed while its processes were ended",
            hint="look at state/running and state/quarantine; the next pass looks again",
        )
    if current.state == "finished":
        if is_given_up:
            current = current._replace(is_given_up=True)
            world.leases.write(current, is_durable=False)
        return current
    now = world.clock.now()
    crash = _crash(context, action)
    said = world.runs.outcome(current.run_folder, None, now, workspace=current.workspace)
    outcome = said or Outcome(_outcome(context, action), now, summary=_summary(action, crash))
    finished = current._replace(state="finished", outcome=outcome, is_given_up=is_given_up)
    world.leases.write(finished, is_durable=False)
    context.note("run_finished", finished, action.reason, outcome=outcome.kind)
    return finished


def _outcome(context: Context, action: Reclaim | Release) -> OutcomeClass:
    """A run that was told to end before it was found dead has died of that: the pass that told it was
    cut off."""
    if action.reason not in DEATHS:
        return action.outcome
    stop = context.world.leases.stop_order(action.lease.task_id)
    is_meant = stop is not None and stop.lease_id == action.lease.lease_id
    return stop.reason if stop is not None and is_meant else action.outcome


def _crash(context: Context, action: Reclaim | Release) -> str:
    """A wrapper that broke is our fault, and told as that; whoever was killed has left no such word."""
    lease = action.lease
    crash = context.world.runs.crash(lease.run_folder) if action.reason in DEATHS else ""
    if crash:
        context.report.trouble(
            f"task {lease.task_id}: its wrapper broke: {crash}",
            hint=f"see {os.path.join(lease.run_folder, 'wrapper.log')}; it is a bug if the program was not "
            "changed meanwhile",
            reference="wrapper-broke",
        )
    return crash


def _summary(action: Reclaim | Release, crash: str) -> str:
    log = os.path.join(action.lease.run_folder, "wrapper.log" if crash else "output.log")
    why = action.why or action.reason.replace("_", " ")
    return f"ended by the scheduler: {why}{f', {crash}' if crash else ''}; see {log}"


def _kind(action: Reclaim | Release) -> Literal["reclaim", "release"]:
    return "reclaim" if isinstance(action, Reclaim) else "release"
