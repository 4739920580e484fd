"""Cgroups of runs whose wrapper a test has killed and whose pass never came."""

import glob
import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from tinyscheduler.adapters.processes import cgroups

LIMIT_S = 10.0


def state_id_of(state: Path) -> str:
    """Empty: no pass has been here."""
    with suppress(OSError, ValueError, KeyError):
        return str(json.loads((state / "format.json").read_text())["state_id"])
    return ""


def cgroups_of(state_id: str) -> list[str]:
    """Folders, wherever they were made."""
    mount = cgroups.mount_point()
    if mount is None or not state_id:
        return []
    return glob.glob(f"{mount}/**/tinyscheduler-{state_id[:8]}-*", recursive=True)


def remove_cgroups(state_id: str) -> None:
    """With everybody in them: the test that made them is over."""
    mount, deadline = cgroups.mount_point() or "", time.monotonic() + LIMIT_S
    while found := cgroups_of(state_id):
        assert time.monotonic() < deadline, f"still there: {found}"
        for folder in found:
            for pid in cgroups.members(folder.removeprefix(mount)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            cgroups.remove(folder.removeprefix(mount))
