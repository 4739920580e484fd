"""Read /proc: one function per file, no policy. Formats: proc(5), proc_pid_stat(5).

psutil would do most of this and costs 31 ms at each start of a pass; what it adds (other systems)
is not needed here, and its start times are floats that move with the wall clock, whereas law 5
compares the exact tick (ADR 0007).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import NamedTuple

from tinyscheduler.errors import Blind
from tinyscheduler.kit.namespace_time import clock_offsets
from tinyscheduler.model.lease import LEASE_VARIABLE

_TAG_PREFIX = f"{LEASE_VARIABLE}=".encode()
_CHUNK_BYTES = 16_384
"""Of an environment: nearly all of them are smaller."""


class Stat(NamedTuple):
    """What we need of /proc/PID/stat."""

    pid: int
    state: str
    parent: int
    group: int
    session: int
    start: int
    """Clock ticks since boot, the same in every time namespace."""

    @property
    def is_zombie(self) -> bool:
        """Z: ended, not reaped; X: being removed. Neither runs anything any more."""
        return self.state in "ZXx"

    @property
    def is_stopped(self) -> bool:
        """T: by a signal; t: by a debugger."""
        return self.state in "Tt"


def read_stat(pid: int) -> Stat | None:
    """None: no such process. Raises PermissionError for one that is hidden from us, and Blind."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            data = file.read(4096)
    except (FileNotFoundError, ProcessLookupError):
        return None
    except PermissionError:
        raise
    except OSError as error:
        raise _blind(error) from error
    # The command name may hold blanks and parentheses; the last one ends it.
    fields = data.rpartition(b")")[2].split()
    start = int(fields[19]) - clock_offsets().boot_ticks
    return Stat(pid, fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[3]), start)


def all_pids() -> list[int]:
    """Every process of our pid namespace, threads not counted. Raises Blind."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError as error:
        raise _blind(error) from error


def read_tag(pid: int) -> str | None:
    """The run this process was started for: TINYSCHEDULER_LEASE in the environment of its exec.

    None: not tagged, gone, or not ours to look at. Raises Blind.
    """
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:
            data = file.readall() or b""
    except OSError as error:
        refuse_blindness(error)
        return None
    for entry in data.split(b"\0"):
        if entry.startswith(_TAG_PREFIX):
            return entry[len(_TAG_PREFIX) :].decode(errors="replace")
    return None


def tags_with(prefix: bytes) -> Iterator[tuple[int, str]]:
    """Pid and tag of everybody whose tag begins like this. Once a pass over the whole machine, so without
    file objects and without taking the environment apart: 6 us a process."""
    wanted = _TAG_PREFIX + prefix
    for pid in all_pids():
        data = _environ(pid)
        at = data.find(wanted)
        # In the middle of another variable's value it is nobody's tag.
        while at > 0 and data[at - 1] != 0:
            at = data.find(wanted, at + 1)
        if at >= 0:
            value = data[at + len(_TAG_PREFIX) :].partition(b"\0")[0]
            yield pid, value.decode(errors="replace")


def _environ(pid: int) -> bytes:
    """Empty: gone, a zombie, a thread of the kernel, or not ours to look at. Raises Blind."""
    try:
        handle = os.open(f"/proc/{pid}/environ", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        refuse_blindness(error)
        return b""
    try:
        data = chunk = os.read(handle, _CHUNK_BYTES)
        while len(chunk) == _CHUNK_BYTES:
            chunk = os.read(handle, _CHUNK_BYTES)
            data += chunk
    except OSError as error:
        refuse_blindness(error)
        return b""
    finally:
        os.close(handle)
    return data


def refuse_blindness(error: OSError) -> None:
    """That a process is gone, or not ours to look at, is an answer. Raises Blind for any other error."""
    if error.errno not in (errno.ENOENT, errno.ESRCH, errno.EACCES, errno.EPERM):
        raise _blind(error) from error


def _blind(error: OSError) -> Blind:
    """For want of descriptors or memory nobody may be called gone."""
    return Blind(
        f"{error.filename or '/proc'} cannot be read: {error.strerror or error}",
        hint="descriptors or memory are used up, or /proc is gone; the next pass looks again",
    )


def boot_id() -> str:
    """Another value means the machine was booted: every older process is dead."""
    return _first_line("/proc/sys/kernel/random/boot_id")


def pid_namespace() -> str:
    """``pid:[4026531836]``: in another namespace our pids mean nothing. Empty also where /proc is that of
    another one, as after ``unshare --pid`` alone: its numbers are not those that we may signal."""
    try:
        is_ours = os.readlink("/proc/self") == str(os.getpid())
        return os.readlink("/proc/self/ns/pid") if is_ours else ""
    except OSError:
        return ""


def machine_id() -> str:
    """machine-id(5); empty where there is none."""
    return _first_line("/etc/machine-id")


def _first_line(path: str) -> str:
    """Empty: there is no such file, or it is not ours to read."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(256).decode(errors="replace").strip()
    except OSError:
        return ""
