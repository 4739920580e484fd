"""An agent's child that leaves everything behind by which a run is found, and where cgroups can be made."""

import os
from pathlib import Path

from tests.waiting import wait_until
from tinyscheduler.adapters.processes import cgroups


def escaping(pid_file: Path, *, is_marked: bool = True) -> str:
    """A line of sh: a process in a session of its own, its parent gone, its environment empty; perhaps it
    lifts its limits too."""
    unmark = "" if is_marked else "ulimit -S -f unlimited; "
    daemon = f"{unmark}echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 98"
    leave = f"(setsid env -i /bin/sh -c '{daemon}' </dev/null >/dev/null 2>&1 &)"
    return f"{leave}; until test -e {pid_file}; do sleep 0.02; done"


def pid_in(pid_file: Path) -> int:
    """Of the process that left, once it is there."""
    wait_until(pid_file.exists, "the daemon has left")
    return int(pid_file.read_text())


def no_cgroups() -> str:
    """Why none can be made here; empty: they can."""
    mount, own = cgroups.mount_point(), cgroups.own_paths().get("")
    if mount is None or own is None:
        return "cgroup v2 is not mounted here"
    folder = f"{mount}{own}/tinyscheduler-probe-{os.getpid()}"
    try:
        os.mkdir(folder)
        os.rmdir(folder)
    except OSError as error:
        return f"no cgroup can be made in {mount}{own}: {error.strerror}"
    return ""
