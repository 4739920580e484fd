"""Disks that fill up, that turn read-only, and whose power is cut. Root only; each is taken away again.

The process that runs the tests mounts them for itself and for all that it starts: the wrappers of a scene
outlive the pass that started them and have to see the same disk. Nobody else sees it: whoever makes a mount
namespace meanwhile would get a copy of every mount, and keep the disk on for as long as that lives.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pytest

from tests.rigs import tools

PAGE = 4096
"""tmpfs gives room by pages."""
SHUTDOWN = 0x8004587D
"""``*_IOC_SHUTDOWN`` of ext4 and xfs (xfs_fs.h: XFS_IOC_GOINGDOWN)."""
NO_LOG_FLUSH = 2
"""What is only in memory is lost, the journal's last part too: a power cut."""
IMAGE_MB = {"ext4": 64, "xfs": 320}
"""mkfs.xfs makes nothing smaller than 300 MB. The image is sparse."""


CLONE_NEWNS = 0x00020000
"""unshare(2); Python has a name for it from 3.12 on."""


def mount(*arguments: str) -> None:
    """Skips the test where the machine refuses."""
    tools.root()
    _see_mounts_alone()
    done = subprocess.run([tools.tool("mount"), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this machine mounts nothing: {done.stderr.strip()}")


@cache
def _see_mounts_alone() -> None:
    """Once for the life of this process. Its threads that are there already keep seeing what they saw."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
        number = ctypes.get_errno()
        pytest.skip(f"this machine makes no mount namespace: {os.strerror(number)}")
    subprocess.run([tools.tool("mount"), "--make-rprivate", "/"], check=True)


def unmount(path: Path) -> None:
    """Also while somebody looks at it: the name is free at once."""
    subprocess.run([tools.tool("umount"), "--lazy", str(path)], capture_output=True, check=False)


class SmallDisk:
    """A tmpfs that can be filled to the last page."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self, *, room: int) -> None:
        """Leave so many bytes free, rounded to pages."""
        self.free()
        found = os.statvfs(self.path)
        used = found.f_bavail * found.f_frsize - room // PAGE * PAGE
        with open(self._ballast, "wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, used)

    def free(self) -> None:
        """All room is there again."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def a_small_disk(path: Path, *, size_mb: int = 4) -> Iterator[SmallDisk]:
    """An empty one, mounted at ``path``."""
    path.mkdir()
    mount("-t", "tmpfs", "-o", f"size={size_mb}m,mode=0700", "tinyscheduler-test", str(path))
    try:
        yield SmallDisk(path)
    finally:
        unmount(path)


class Switch:
    """A folder that can be made read-only and writable again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_on = False

    def read_only(self) -> None:
        """For everybody who opens a file from now on. It is mounted upon itself: the kernel makes no mount
        read-only that somebody writes to, and a wrapper always does."""
        mount("--bind", str(self._path), str(self._path))
        self._is_on = True
        mount("-o", "remount,bind,ro", str(self._path))

    def writable(self) -> None:
        """Idempotent."""
        if self._is_on:
            unmount(self._path)
            self._is_on = False


@contextmanager
def a_switch(path: Path) -> Iterator[Switch]:
    """For a folder that is writable."""
    switch = Switch(path)
    try:
        yield switch
    finally:
        switch.writable()


class Machine:
    """A file system in an image file, whose power can be cut while programs write to it."""

    def __init__(self, image: Path, path: Path) -> None:
        self._image = image
        self.path = path

    def on(self) -> None:
        """Mount it; a journal is replayed, as after a power cut."""
        mount("-o", "loop", str(self._image), str(self.path))

    def cut(self) -> None:
        """From this instant on nothing reaches the disk, and nothing that had not reached it ever will."""
        handle = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(handle)

    def off(self) -> bool:
        """False: somebody has still a file of it open, or keeps it mounted in a mount namespace made of ours.
        Who mounts the image meanwhile gets the same dead file system, which answers everything with EIO."""
        if self._is_mounted():
            subprocess.run([tools.tool("umount"), str(self.path)], capture_output=True, check=False)
        return not self._is_mounted() and not self._is_attached()

    def _is_mounted(self) -> bool:
        """``os.path.ismount`` says no of an xfs without power, which answers a look at it with EIO."""
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
        return str(self.path) in {line.split()[1] for line in mounts}

    def _is_attached(self) -> bool:
        """Some loop device is over the image."""
        for file in Path("/sys/block").glob("loop*/loop/backing_file"):
            # A device that goes away meanwhile is over nothing.
            with suppress(OSError):
                if file.read_text().rstrip("\n") == str(self._image):
                    return True
        return False


@contextmanager
def a_machine(folder: Path, kind: str) -> Iterator[Machine]:
    """``kind`` is ext4 or xfs; mounted at ``folder/disk``."""
    tools.root()
    make = tools.tool(f"mkfs.{kind}")
    image, path = folder / f"{kind}.image", folder / "disk"
    path.mkdir()
    with open(image, "wb") as file:
        file.truncate(IMAGE_MB[kind] * 1_000_000)
    subprocess.run([make, "-q", str(image)], capture_output=True, check=True)
    machine = Machine(image, path)
    machine.on()
    try:
        yield machine
    finally:
        unmount(path)
        with suppress(FileNotFoundError):
            image.unlink()
