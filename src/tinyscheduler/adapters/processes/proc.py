"""Read /proc: one function per file, no policy. Formats: proc(5), proc_pid_stat(5).

psutil would do most of this and costs 31 ms at each start of a pass; what it adds (other systems)
is not needed here, and its start times are floats that move with the wall clock, whereas law 5
compares the exact tick (ADR 0007).
"""

from __future__ import annotations

import os
from typing import NamedTuple

from tinyscheduler.model.order import LEASE_VARIABLE

_TAG_PREFIX = f"{LEASE_VARIABLE}=".encode()


class Stat(NamedTuple):
    """What we need of /proc/PID/stat."""

    pid: int
    state: str
    parent: int
    group: int
    session: int
    start: int

    @property
    def is_zombie(self) -> bool:
        """Z: ended, not reaped; X: being removed. Neither runs anything any more."""
        return self.state in "ZXx"


def read_stat(pid: int) -> Stat | None:
    """None: no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            data = file.read(4096)
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command name may hold blanks and parentheses; the last one ends it.
    fields = data.rpartition(b")")[2].split()
    return Stat(pid, fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def all_pids() -> list[int]:
    """Every process of our pid namespace, threads not counted."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def read_tag(pid: int) -> str | None:
    """The run this process was started for: TINYSCHEDULER_LEASE in the environment of its exec.

    None: not tagged, gone, or not ours to look at.
    """
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:
            data = file.readall() or b""
    except OSError:
        return None
    for entry in data.split(b"\0"):
        if entry.startswith(_TAG_PREFIX):
            return entry[len(_TAG_PREFIX) :].decode(errors="replace")
    return None


def boot_id() -> str:
    """Another value means the machine was booted: every older process is dead."""
    return _first_line("/proc/sys/kernel/random/boot_id")


def pid_namespace() -> str:
    """``pid:[4026531836]``: in another namespace our pids mean nothing."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def machine_id() -> str:
    """machine-id(5); empty where there is none."""
    return _first_line("/etc/machine-id")


def _first_line(path: str) -> str:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(256).decode(errors="replace").strip()
    except OSError:
        return ""
