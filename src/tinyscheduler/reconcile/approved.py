"""Carry out a plan that a person has looked at, if nothing it rests on has changed (features A4).

It is a pass like any other, and killed anywhere the next pass goes on; it starts nothing that the plan
does not name, although tending may have made room for more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tinyscheduler.errors import Refused
from tinyscheduler.ports import World
from tinyscheduler.reconcile.basis import Basis, differences
from tinyscheduler.reconcile.holding import lock_seen
from tinyscheduler.reconcile.preview import preview
from tinyscheduler.reconcile.report import Report
from tinyscheduler.reconcile.run import locked_look, run_once
from tinyscheduler.views.plan import action_json

DIFFERENCES_SHOWN_MAX = 20


class Deed(NamedTuple):
    """One action of a plan, as far as a person can tell two of them apart."""

    kind: str
    task_id: str
    agent: str | None
    lease_id: str | None


class Approved(NamedTuple):
    """What the file says."""

    state_id: str
    basis: Basis
    deeds: tuple[Deed, ...]
    """Tending first, then the starts in their order."""


def apply_plan(approved: Approved, wire: Callable[[], World]) -> Report:
    """The report of the pass. A busy lock is a report, too. Raises Refused: what has changed; StateError.

    ``wire`` makes the ports of a new process: one to look and one to act, each with its time limits.
    """
    looking = wire()
    report = Report(looking.pass_id, looking.clock.now())
    if not looking.lock.acquire():
        report.is_lock_busy, report.lock = True, lock_seen(looking)
        return report
    try:
        now = preview(looking)
        _refuse_other(approved, looking)
        changed = differences(approved.basis, now.basis) + _other_deeds(approved.deeds, deeds_of(now))
        if changed:
            raise _drifted(changed)
        permitted = frozenset((start.task.id, start.agent.name) for start in now.start.starts)
        acting = wire()._replace(lock=looking.lock)
        try:
            return locked_look(acting, only=permitted)
        finally:
            acting.server.close()
    finally:
        looking.server.close()
        looking.lock.release()
        if looking.lock.was_poked():
            _look_for_others(wire())


def _look_for_others(world: World) -> None:
    """Who came while we held the lock has left, because whoever holds it looks once more: a run that has
    ended, or ``kick``. It is a pass of theirs, with a record of its own."""
    try:
        run_once(world)
    finally:
        world.server.close()


def _refuse_other(approved: Approved, world: World) -> None:
    # Empty: it was made before the first pass, which has given the folder its id since.
    if approved.state_id not in ("", world.state.state_id()):
        raise Refused(
            "the plan is of another state folder", hint="tinyscheduler plan --out FILE makes one of this"
        )


def deeds_of(report: Report) -> tuple[Deed, ...]:
    """What a preview would do, as a plan names it."""
    actions = [action_json(action) for action in (*report.tend, *report.start.starts)]
    return tuple(
        Deed(
            str(one["kind"]),
            str(one["task_id"]),
            None if one["agent"] is None else str(one["agent"]),
            None if one["lease_id"] is None else str(one["lease_id"]),
        )
        for one in actions
    )


def _other_deeds(then: Sequence[Deed], now: Sequence[Deed]) -> list[str]:
    """The same facts can call for other deeds: time has passed, or another task has come first."""
    before, after = frozenset(then), frozenset(now)
    lines = [f"{_deed_text(deed)}: planned, and not any more" for deed in then if deed not in after]
    lines += [f"{_deed_text(deed)}: not planned, and now it is" for deed in now if deed not in before]
    return lines or (["the order of the starts"] if tuple(then) != tuple(now) else [])


def _deed_text(deed: Deed) -> str:
    lease = f", lease {deed.lease_id}" if deed.lease_id else ""
    on = f" on {deed.agent}" if deed.agent else ""
    return f"{deed.kind} task {deed.task_id}{on}{lease}"


def _drifted(changed: Sequence[str]) -> Refused:
    shown = list(changed[:DIFFERENCES_SHOWN_MAX])
    if len(changed) > len(shown):
        shown.append(f"and {len(changed) - len(shown)} more")
    return Refused(
        "nothing was done, because the world is no longer the one the plan was made for:\n  "
        + "\n  ".join(shown),
        hint="tinyscheduler plan --out FILE makes a new one",
    )
