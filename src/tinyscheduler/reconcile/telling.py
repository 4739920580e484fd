"""What a pass, and its preview, say of things that are wrong and not of their own doing.

One sentence each: what, where, and how to mend it. They are in the exit code (law 12), because
nobody reads plans under cron.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinyscheduler.model.action import (
    Discard,
    Quarantine,
    Rebuild,
    StartPlan,
    StopOrphan,
    TendPlan,
)
from tinyscheduler.model.agent import Unready
from tinyscheduler.model.ids import AgentName
from tinyscheduler.model.lease import Lease, TaggedRun
from tinyscheduler.model.pause import Pause
from tinyscheduler.reconcile.report import Report


def tell_broken_lease(report: Report, action: Quarantine | Rebuild | Discard) -> None:
    """Law 8: reported, also when it mends itself."""
    broken = action.lease
    hint = _MENDING.get(action.reason) or (
        "mend it, or end the agent of task {task} and use tinyscheduler release {task} --reason TEXT; "
        "until then the task is held"
    )
    report.trouble(
        f"{broken.path}: {broken.why}", hint=hint.format(task=broken.task_id), reference="lease-unreadable"
    )


def tell_odd(report: Report, plan: TendPlan) -> None:
    """What a preview says of leases and processes that should not be as they are."""
    for action in plan.actions:
        if isinstance(action, Quarantine | Rebuild | Discard):
            tell_broken_lease(report, action)
        elif isinstance(action, StopOrphan):
            tell_orphan(report, action.run)


def tell_orphan(report: Report, run: TaggedRun) -> None:
    """Law 1: another run of the task may be started while they work."""
    pids = ", ".join(str(process.pid) for process in run.processes)
    report.trouble(
        f"task {run.task_id}: processes {pids} work on it without a lease",
        hint=f"a pass ends them; they carry TINYSCHEDULER_LEASE={run.tag} in their environment",
        reference="orphan",
    )


def tell_pauses(report: Report, pauses: Sequence[Pause]) -> None:
    """Law 4: what cannot be read may be the pause of everything."""
    for pause in pauses:
        if pause.trouble:
            report.trouble(
                f"a pause cannot be read, so it holds: {pause.trouble}",
                hint="tinyscheduler resume --all, then pause anew",
                reference="pause-unreadable",
            )


def tell_ended_orphan(report: Report, run: TaggedRun) -> None:
    """It is over, and its lease did not go by itself: whoever removed it, or the disk, is to be heard of."""
    pids = ", ".join(str(process.pid) for process in run.processes)
    report.trouble(
        f"task {run.task_id}: processes {pids} worked on it without a lease and were ended",
        hint=f"somebody or the disk has removed its lease; tinyscheduler explain {run.task_id} says how its "
        "task stands",
        reference="orphan",
    )


_MENDING = {
    "unknown_host": "its run is on another machine, whose passes mend it; when that is gone for good: "
    "tinyscheduler release {task} --reason TEXT",
    "wrapper_mends_it": "its wrapper lives and writes it anew at its next beat",
    "run_open": "it is written anew from its ledger, and a copy is kept in quarantine",
    "processes_left": "processes without a lease work on its task and are ended first",
    "no_open_run": "no run of its task is open, so it is moved to quarantine",
}
"""By the reason of the action; for every other one a person has to do something."""


def tell_lease_elsewhere(report: Report, lease: Lease) -> None:
    """Law 4: neither alive nor dead."""
    report.trouble(
        f"task {lease.task_id}: its run is on {lease.host}, where this pass cannot look",
        hint="run the scheduler there; when that machine is gone for good: "
        f"tinyscheduler release {lease.task_id} --reason TEXT",
        reference="lease-elsewhere",
    )


def tell_of_another_server(report: Report, lease: Lease, source: str) -> None:
    """Nobody can be told how its run ends; while it goes on a person can still set back what was changed."""
    if lease.source == source:
        return
    from tinyscheduler.model.other_server import is_told_by_the_server, other_server

    found = None if is_told_by_the_server(lease, source) else other_server(lease, source)
    if found is not None:
        report.trouble(f"task {lease.task_id}: {found[0]}", hint=found[1], reference="other-server")


def tell_unready(report: Report, unready: Mapping[AgentName, Unready]) -> None:
    """While tasks wait: with other agents to run them nobody would miss the one that cannot."""
    for agent, found in unready.items():
        message = f"agent {agent} cannot be started: {found.why}"
        report.trouble(message, hint=found.remedy, reference="agent-unready")


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
