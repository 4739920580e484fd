"""What a rig needs of the machine, and one way to say that it is missing: *skipped: why*."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

import pytest

SEARCH = f"{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin"
"""Tools of the administrator are not on everybody's path."""


def tool(name: str) -> str:
    """The path of a program; the test is skipped where it is missing."""
    found = shutil.which(name, path=SEARCH)
    if found is None:
        pytest.skip(f"{name} is not installed ('make rigs' installs it on Debian)")
    return found


def root() -> None:
    """Skip unless we may do everything."""
    if os.geteuid() != 0:
        pytest.skip("only root may do this")


def private_mounts() -> tuple[str, ...]:
    """A prefix that runs a program in a mount namespace of its own; nothing it mounts is seen outside."""
    prefix = (tool("unshare"), "--mount", "--propagation", "private")
    if not _works(*prefix, "true"):
        pytest.skip("this machine allows no mount namespace")
    return prefix


def other_time(seconds: int) -> tuple[str, ...]:
    """A prefix that runs a program in a time namespace whose clocks since boot are this much ahead."""
    prefix = (tool("unshare"), "--time", f"--monotonic={seconds}", f"--boottime={seconds}")
    if not _works(*prefix, "true"):
        pytest.skip("this machine allows no time namespace, or has not run for so long")
    return prefix


def other_pids() -> tuple[str, ...]:
    """A prefix that runs a program in a pid namespace of its own, with the /proc of the machine."""
    prefix = (tool("unshare"), "--pid", "--fork", "--kill-child")
    if not _works(*prefix, "true"):
        pytest.skip("this machine allows no pid namespace")
    return prefix


def own_pids() -> tuple[str, ...]:
    """A prefix that runs a program in a pid namespace of its own, which it sees."""
    prefix = (*other_pids(), "--mount-proc")
    if not _works(*prefix, "true"):
        pytest.skip("this machine allows no mount namespace")
    return prefix


def without_rights() -> tuple[str, ...]:
    """A prefix that runs a program as the same user without the rights of root over others' processes."""
    prefix = (tool("unshare"), "--user", "--map-current-user")
    if not _works(*prefix, "true"):
        pytest.skip("this machine allows no user namespace")
    return prefix


def masked(mount: str) -> tuple[str, ...]:
    """A prefix that runs a program where this line of shell has mounted something over a part of the machine,
    for it alone."""
    root()
    prefix = (tool("unshare"), "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh")
    if not _works(*prefix, "true"):
        pytest.skip(f"this machine does not: {mount}")
    return prefix


def strace() -> str:
    """Skipped where nobody may trace, as in some containers."""
    program = tool("strace")
    if not _works(program, "-qq", "-o", "/dev/null", "true"):
        pytest.skip("strace may not trace here")
    return program


@functools.cache
def _works(*argv: str) -> bool:
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0
