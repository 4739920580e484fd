"""What the tests of the state folder share."""

from __future__ import annotations

from pathlib import Path

from tinyscheduler.adapters.records import FileLeaseStore
from tinyscheduler.adapters.state_folder import FileStateFolder
from tinyscheduler.model.ids import TaskId

TASK = TaskId("1")


def a_folder(root: Path, *, running: Path | None = None) -> FileStateFolder:
    """As a new process would see it."""
    leases = running or root / "running"
    return FileStateFolder(
        str(root),
        running=str(leases),
        format_file=str(root / "format.json"),
        estop_file=str(root / "ESTOP"),
        logs=str(root / "logs"),
        folders=(str(leases), str(root / "runs"), str(root / "ledger")),
    )


def a_store(root: Path) -> FileLeaseStore:
    return FileLeaseStore(str(root / "running"), str(root / "quarantine"))
