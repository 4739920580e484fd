"""Carry out a plan that a person has looked at, if what it says still holds (features A4, ADR 0053).

It is a pass like any other, and killed anywhere the next pass goes on; it starts nothing that the plan
does not name, although there may be room for more by now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from tinyscheduler.errors import Refused
from tinyscheduler.kit.fields import instant_text
from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.ports import World
from tinyscheduler.reconcile.basis import Basis, differences, lease_ids, running
from tinyscheduler.reconcile.holding import lock_seen
from tinyscheduler.reconcile.preview import preview
from tinyscheduler.reconcile.report import Report
from tinyscheduler.reconcile.run import Permitted, locked_look, run_once
from tinyscheduler.views.plan import action_json
from tinyscheduler.views.wording import line_text

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
    at: datetime
    """When it was made."""


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
        changed = differences(approved.basis, now.basis) + _other_deeds(approved, now)
        if changed:
            raise _drifted(changed, done_at=_done_at(approved, looking))
        acting = wire()._replace(lock=looking.lock)
        try:
            return locked_look(acting, only=_permitted(approved))
        finally:
            acting.server.close()
    finally:
        looking.server.close()
        looking.lock.release()
        if looking.lock.was_poked():
            _look_for_others(wire())


def _permitted(approved: Approved) -> Permitted:
    return frozenset(
        (TaskId(deed.task_id), AgentName(deed.agent))
        for deed in approved.deeds
        if deed.kind == "start" and deed.agent is not None
    )


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


def _other_deeds(approved: Approved, now: Report) -> list[str]:
    """The same facts can call for other deeds: time has passed, or another task has come first. Another
    start that would be made as well is no difference: it is left to the next pass."""
    there, lines = deeds_of(now), []
    for deed in approved.deeds:
        if deed in there or _is_settled(deed, approved.basis, now.basis):
            continue
        why = _why_not(deed, now) if deed.kind == "start" else "planned, and not any more"
        lines.append(f"{_deed_text(deed)}: {why}")
    new = [deed for deed in there if deed not in approved.deeds and deed.kind not in ("start", "settle")]
    return lines + [f"{_deed_text(deed)}: not planned, and now it is" for deed in new]


def _is_settled(deed: Deed, then: Basis, now: Basis) -> bool:
    """What was to be done about a run is done: the run was there, and is over."""
    return deed.lease_id is not None and deed.lease_id in lease_ids(then) - running(now)


def _why_not(deed: Deed, now: Report) -> str:
    task_id = TaskId(deed.task_id)
    others = {start.task.id: start.agent.name for start in now.start.starts}
    held = {one.task_id: one for one in now.start.held}
    if task_id in others:
        return f"planned, and now it would be on {others[task_id]}"
    if f"lease {task_id}" in now.basis:
        return "planned, and it has a run"
    if task_id in held:
        return f"planned, and now it is held as {held[task_id].reason}: {line_text(held[task_id].value)}"
    return "planned, and the task waits no more"


def _done_at(approved: Approved, world: World) -> datetime | None:
    """When the last of all that it was to start was started, or had ended, since it was made; None: not all
    of it was. Raises StateError."""
    starts = [deed for deed in approved.deeds if deed.kind == "start"]
    ledgers = world.ledgers.read([TaskId(deed.task_id) for deed in starts])
    found = []
    for deed in starts:
        lease, ledger = world.leases.read(TaskId(deed.task_id)), ledgers.get(TaskId(deed.task_id))
        times = [lease.created_at] if isinstance(lease, Lease) and lease.agent == deed.agent else []
        if isinstance(ledger, Ledger):
            times += [
                past.at for past in ledger.outcomes if past.agent == deed.agent and past.kind != "denied"
            ]
        found.append(min((at for at in times if at >= approved.at), default=None))
    known = [at for at in found if at is not None]
    return max(known) if found and len(known) == len(found) else None


def _deed_text(deed: Deed) -> str:
    lease = f", lease {deed.lease_id}" if deed.lease_id else ""
    on = f" on {deed.agent}" if deed.agent else ""
    return f"{deed.kind} task {deed.task_id}{on}{lease}"


def _drifted(changed: Sequence[str], *, done_at: datetime | None) -> Refused:
    shown = list(changed[:DIFFERENCES_SHOWN_MAX])
    if len(changed) > len(shown):
        shown.append(f"and {len(changed) - len(shown)} more")
    why = "the world is no longer the one the plan was made for"
    if done_at is not None:
        why = f"a plan is good only once, and all that it starts was started by {instant_text(done_at)}"
    return Refused(
        f"nothing was done, because {why}:\n  " + "\n  ".join(shown),
        hint="tinyscheduler plan --out FILE makes a new one",
    )
