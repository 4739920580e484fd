"""Ask for the backlog and report what could not be had; the same for a pass and its preview."""

from __future__ import annotations

from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.snapshot import Backlog
from tinyscheduler.ports import TaskServer, World
from tinyscheduler.reconcile.observe_tasks import fetch
from tinyscheduler.reconcile.report import Report


def fetch_into(report: Report, world: World, server: TaskServer) -> Known[Backlog] | Unknown:
    """Gaps and an unknown server become faults: nothing of them is started, and the exit code says so."""
    backlog, error = fetch(world, server)
    if error is not None:
        report.server_fault(error)
    if isinstance(backlog, Known):
        report.fetched = len(backlog.value.tasks)
        for gap in backlog.value.gaps:
            report.fault(ServerUnavailable(f"{gap.where}: {gap.why}", hint=gap.hint))
    return backlog
