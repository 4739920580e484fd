"""What the passes at the ends of runs have found is told by the next one that somebody listens to.

A wrapper whose run is over becomes a pass, and what that one prints ends in the run's ``wrapper.log``. Most
of what goes wrong is found by those passes, once; so under cron nobody would ever hear of it (law 12).
"""

from __future__ import annotations

from tinyscheduler.errors import StateError
from tinyscheduler.kit.fields import instant_text
from tinyscheduler.ports import World
from tinyscheduler.reconcile.report import EXIT_LOCKED, IDS_MAX, Report

STANDING = frozenset({
    "agent-unready", "clock", "disk", "ledger-unreadable", "lease-elsewhere", "machine-unseen",
    "other-server", "pause-unreadable", "state",
})  # fmt: skip
"""Found by every pass as long as they last: told by the next one itself, or over."""


def keep_untold(world: World, report: Report) -> None:
    """For a pass at the end of a run. That a server does not answer is left out: the next pass finds out
    by itself, and mostly it is over."""
    at = instant_text(report.ended_at)
    faults = [
        {"at": at, "ref": fault.reference, "message": fault.message, "hint": fault.hint}
        for fault in report.faults
        if not fault.is_server and fault.reference not in STANDING
    ]
    if not faults:
        return
    try:
        world.state.keep_untold(faults[:IDS_MAX])
    except StateError as error:
        report.fault(error)


def tell_untold(world: World, report: Report) -> None:
    """For a pass that is listened to: they are faults of this one, too, and in its exit code."""
    if report.exit_code == EXIT_LOCKED:
        return
    try:
        untold = world.state.take_untold()
    except StateError as error:
        report.fault(error)
        return
    known = {fault.message for fault in report.faults}
    for found in untold[: 5 * IDS_MAX]:
        at, message, hint = (str(found.get(name, "")) for name in ("at", "message", "hint"))
        if message and message not in known:
            known.add(message)
            told = f"{message}; found by the pass at the end of a run, {at}"
            report.trouble(told, hint=hint, reference=str(found.get("ref", "")))
