"""cgroup v2 as folders: who is in one, and how it goes away (cgroups(7)).

A path is what /proc/PID/cgroup says, below the mount; the mount may be anywhere, so it is looked up.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from functools import cache

from tinyscheduler.errors import Blind

FOLDERS_MAX = 1_000
"""An agent may divide its own cgroup; more than this is not divided, it is an attack on our time."""
_LIST = "cgroup.procs"
_OURS = "tinyscheduler-"
"""How the last part of the path of every cgroup of ours begins."""


@cache
def mount_point() -> str | None:
    """Where the whole of the cgroup v2 hierarchy is mounted; None: nowhere. Asked for each of a hundred
    runs that are ended together, and the same for the life of a process."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
            lines = file.readlines()
    except OSError:
        return None
    # ID PARENT MAJOR:MINOR ROOT MOUNT_POINT OPTIONS... - TYPE SOURCE OPTIONS: proc_pid_mountinfo(5).
    for line in lines:
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        if right.startswith("cgroup2 ") and fields[3] == "/" and "\\" not in fields[4]:
            return fields[4]
    return None


def own_paths() -> dict[str, str]:
    """Path by hierarchy of this process: ``""`` is version 2, ``name=systemd`` the older one of systemd."""
    return _paths("self")


def path_of(pid: int) -> str:
    """In version 2; empty: it is gone, or there is none."""
    return _paths(str(pid)).get("", "")


def home_of(own: str) -> str:
    """The nearest that is not a run's: the cgroup of a run must not be inside another's, whose end
    would end it. An agent may run a pass."""
    while own.rsplit("/", 1)[-1].startswith(_OURS):
        own = own.rsplit("/", 1)[0]
    return own


def find(name: str) -> str:
    """The run's cgroup if it is where a wrapper of ours, or systemd for it, would have made it; empty:
    it is not there."""
    mount, uid = mount_point(), os.geteuid()
    places = (
        home_of(own_paths().get("", "")).rstrip("/") + f"/{name}",
        f"/system.slice/{name}.scope",
        f"/user.slice/user-{uid}.slice/user@{uid}.service/app.slice/{name}.scope",
    )
    return next((place for place in places if mount is not None and os.path.isdir(f"{mount}{place}")), "")


def siblings() -> list[tuple[str, str]]:
    """Name and path of those that are where a wrapper that this process starts would make its own."""
    mount, own = mount_point(), own_paths().get("")
    if mount is None or own is None:
        return []
    home = home_of(own).rstrip("/")
    return [(path.rpartition("/")[2], path.removeprefix(mount)) for path in _children(f"{mount}{home}")]


def members(cgroup: str) -> set[int]:
    """Pids in it and below it; the kernel lists each folder in one instant. Empty: nobody, or no such
    cgroup here."""
    return {pid for folder in _folders(cgroup) for pid in _listed(folder)}


def move_here(folder: str) -> None:
    """This process into the cgroup whose folder it is. Raises OSError."""
    handle = os.open(f"{folder}/{_LIST}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(handle, b"0")
    finally:
        os.close(handle)


def remove(cgroup: str) -> None:
    """With those below it, as far as nobody is in them."""
    for folder in reversed(list(_folders(cgroup))):
        try:
            os.rmdir(folder)
        except OSError:
            # Gone, still used, or another's: whoever comes after us meets the same and may ask again.
            continue


def _paths(process: str) -> dict[str, str]:
    try:
        with open(f"/proc/{process}/cgroup", encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        # The process is gone, or this kernel has no cgroups.
        return {}
    split = (line.split(":", 2) for line in lines)
    return {parts[1]: parts[2] for parts in split if len(parts) == len(("id", "controllers", "path"))}


def _folders(cgroup: str) -> Iterator[str]:
    """Parents before their children."""
    mount = mount_point()
    waiting = [] if mount is None else [f"{mount}{cgroup}"]
    for _ in range(FOLDERS_MAX):
        if not waiting:
            return
        folder = waiting.pop()
        yield folder
        waiting += _children(folder)


def _children(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError as error:
        _refuse_blindness(error)
        return []


def _listed(folder: str) -> list[int]:
    try:
        with open(f"{folder}/{_LIST}", "rb") as file:
            # 0 is somebody of another pid namespace, whom we could not signal either.
            return [int(line) for line in file.read().split() if line != b"0"]
    except OSError as error:
        _refuse_blindness(error)
        return []


def _refuse_blindness(error: OSError) -> None:
    """That it was removed while it was looked for, or has no processes of its own: nobody is in it then.
    Raises Blind for want of descriptors or memory."""
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO):
        raise Blind(
            f"{error.filename} cannot be read: {error.strerror}",
            hint="descriptors or memory are used up; the next pass looks again",
        ) from error
