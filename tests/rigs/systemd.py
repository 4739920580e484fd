"""A machine of its own with a real systemd, over a copy of this machine's files that is thrown away.

systemd-nspawn boots it in under a second: an overlay whose lower layer is ``/``, so Python and this
repository are there; a cgroup of its own, so several may run at once; no network. Its processes are seen
here under other pids, and its root is theirs alone.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.rigs import tools
from tests.rigs.mounts import mount, unmount

BOOT_S = 20.0
STOP_S = 10.0
POWER_OFF = signal.SIGRTMIN + 14
"""systemd(1), signals: power off at once, services are asked to end."""
_numbers = itertools.count(1)
COVERED = ("/tmp/", "/run/", "/dev/")
"""Where systemd-nspawn mounts folders of its own, over what the lower layer has there."""
OURS = (str(Path(__file__).resolve().parents[2]), sys.prefix, sys.base_prefix)
"""The program and the Python that runs it, wherever somebody has cloned and installed them."""
HIERARCHIES = ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")


class SystemdMachine:
    """Booted; ``leader`` is its first process as it is seen from here."""

    def __init__(self, leader: int) -> None:
        self.leader = leader

    def call(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """As root of that machine, outside all of its units."""
        inside = (tools.tool("nsenter"), "--target", str(self.leader), "--all", "--", *argv)
        return subprocess.run(inside, capture_output=True, text=True, timeout=60, check=False)

    def oneshot(self, unit: str, *argv: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """A service that runs once, from its start to its end: as a timer starts a pass."""
        settings = [f"--setenv={name}={value}" for name, value in environ.items()]
        started = ("systemd-run", "--quiet", "--wait", "--pipe", "--collect", "--service-type=oneshot")
        return self.call(*started, f"--unit={unit}", *settings, "--", *argv)

    def a_user(self, number: int = 4321) -> int:
        """One whose own manager is up and stays; skips where it does not come up."""
        # Python may be in root's home; this one is a copy that is thrown away.
        self.call("chmod", "755", "/root")
        self.call("useradd", "--create-home", f"--uid={number}", f"user-{number}")
        self.call("systemctl", "start", "dbus.service", "systemd-logind.service")
        self.call("loginctl", "enable-linger", f"user-{number}")
        started = self.call("systemctl", "start", f"user@{number}.service")
        if started.returncode:
            pytest.skip(f"no manager of a user's own here: {started.stderr.strip()}")
        return number

    def is_alive(self, pid: int) -> bool:
        """By its own pids; a zombie is dead."""
        state = self.call("ps", "-o", "stat=", "-p", str(pid)).stdout.strip()
        return bool(state) and not state.startswith("Z")

    def power_off(self) -> None:
        """In order: every unit is asked to end."""
        os.kill(self.leader, POWER_OFF)


@contextmanager
def a_systemd_machine(folder: Path, *, shared: Path) -> Iterator[SystemdMachine]:
    """``shared`` is the one folder that both machines write to, under the same path."""
    tools.root()
    nspawn = tools.tool("systemd-nspawn")
    root, layer, name = folder / "root", folder / "layer", f"systemd-test-{os.getpid()}-{next(_numbers)}"
    for path in (root, layer):
        path.mkdir()
    cgroups = [Path(place, name) for place in HIERARCHIES if Path(place, "cgroup.procs").exists()]
    console = folder / "console"
    try:
        _lay(root, layer)
        child = _boot(nspawn, root, name, shared, cgroups, console)
        try:
            yield SystemdMachine(_leader(child, console))
        finally:
            _end(child)
    finally:
        unmount(root)
        unmount(layer)
        for cgroup in cgroups:
            _remove(cgroup)


def _lay(root: Path, layer: Path) -> None:
    mount("-t", "tmpfs", "tinyscheduler-test", str(layer))
    for part in ("upper", "work"):
        (layer / part).mkdir()
    parts = f"lowerdir=/,upperdir={layer}/upper,workdir={layer}/work"
    mount("-t", "overlay", "-o", parts, "tinyscheduler-test", str(root))
    units = root / "etc/systemd/system"
    for wanted in (*units.glob("*.wants"), *units.glob("*.requires")):
        shutil.rmtree(wanted)
    (units / "default.target").unlink(missing_ok=True)
    (units / "default.target").symlink_to("/lib/systemd/system/basic.target")


def _boot(
    nspawn: str, root: Path, name: str, shared: Path, cgroups: list[Path], console: Path
) -> subprocess.Popen[bytes]:
    for cgroup in cgroups:
        cgroup.mkdir()
    enter = "".join(f"echo $$ > {cgroup}/cgroup.procs; " for cgroup in cgroups)
    options = (
        "--quiet", "--register=no", "--keep-unit", "--private-network", "--console=passive", "--boot",
        f"--directory={root}", f"--machine={name}", f"--bind={shared}",
    )  # fmt: skip
    covered = [f"--bind-ro={path}" for path in dict.fromkeys(OURS) if path.startswith(COVERED)]
    with open(console, "wb") as output:
        return subprocess.Popen(
            ["/bin/sh", "-c", f'{enter}exec "$0" "$@"', nspawn, *options, *covered],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


def _leader(child: subprocess.Popen[bytes], console: Path) -> int:
    """Once it is up. Skips where it does not boot: that is the machine's matter, not the program's."""
    deadline = time.monotonic() + BOOT_S
    while time.monotonic() < deadline and child.poll() is None:
        children = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
        for pid in children:
            with suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd" and _is_up(int(pid)):
                    return int(pid)
        time.sleep(0.05)
    pytest.skip(f"systemd does not boot here: {console.read_text(errors='replace')[-300:]}")


def _is_up(leader: int) -> bool:
    asked = SystemdMachine(leader).call("systemctl", "is-system-running")
    return asked.stdout.strip() in ("running", "degraded")


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _remove(cgroup: Path) -> None:
    """The kernel takes a moment to forget who was in it."""
    for _ in range(100):
        for folder, _, _ in os.walk(cgroup, topdown=False):
            with suppress(OSError):
                os.rmdir(folder)
        if not cgroup.exists():
            return
        time.sleep(0.02)
