"""What a pass, and its preview, say of things that are wrong and not of their own doing.

One sentence each: what, where, and how to mend it. They are in the exit code (law 12), because
nobody reads plans under cron.
"""

from __future__ import annotations

from tinyscheduler.model.action import StartPlan
from tinyscheduler.model.lease import BrokenLease, Lease
from tinyscheduler.reconcile.report import Report


def tell_broken_lease(report: Report, broken: BrokenLease) -> None:
    """Law 8: reported and never started over."""
    report.trouble(
        f"{broken.path}: {broken.why}",
        hint=f"mend it, or end the agent of task {broken.task_id} and remove the file; "
        "until then the task is held",
        reference="lease-unreadable",
    )


def tell_lease_elsewhere(report: Report, lease: Lease) -> None:
    """Law 4: neither alive nor dead."""
    report.trouble(
        f"task {lease.task_id}: its run is on {lease.host}, where this pass cannot look",
        hint="run the scheduler there, or move the lease away when that machine is gone for good",
        reference="lease-elsewhere",
    )


def tell_plan(report: Report, plan: StartPlan) -> None:
    """Reasons that are faults of this machine and not of a task: every broken ledger, and a full disk
    once, since it holds everything."""
    for held in plan.held:
        if held.reason == "ledger_unreadable":
            message = f"task {held.task_id}: its ledger cannot be read: {held.value}"
            report.trouble(message, hint=held.lever, reference="ledger-unreadable")
    full = next((held for held in plan.held if held.reason == "disk"), None)
    if full is not None:
        report.trouble(f"nothing is started: {full.value}", hint=full.lever, reference="disk")
