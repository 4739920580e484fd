"""Words for what should not be: leases that nobody can read, and runs without a lease."""

from __future__ import annotations

from tinyscheduler.model.action import Discard, Quarantine, Rebuild
from tinyscheduler.model.lease import BrokenLease, TaggedRun


def mending_text(lease: BrokenLease, action: Quarantine | Rebuild | Discard | None) -> str:
    """What is done about it; None: nobody has looked."""
    found = None if action is None else _MENDING.get(action.reason)
    if found is not None:
        return found.format(task=lease.task_id)
    return f"look whether its agent runs, then tinyscheduler release {lease.task_id} --reason TEXT"


def orphan_text(run: TaggedRun) -> str:
    """Who works without a lease."""
    pids = ", ".join(str(process.pid) for process in run.processes)
    return f"processes {pids} work on it without a lease"


_MENDING = {
    "unknown_host": "its run is on another machine, whose passes mend it; when that is gone for good: "
    "tinyscheduler release {task} --reason TEXT",
    "wrapper_mends_it": "its wrapper lives and writes it anew at its next beat",
    "run_open": "the next pass writes it anew from its ledger",
    "processes_left": "the next pass ends the processes that work on its task",
    "no_open_run": "no run of its task is open: the next pass moves it to quarantine",
}
"""By the reason of the action; for every other one a person has to do something."""
