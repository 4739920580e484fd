"""A systemd scope around a wrapper (ADR 0042).

A service that runs once ends everything in its control group when it ends, an agent in a session of its
own included (systemd.kill(5)). In a scope of its own the agent outlives the pass that started it. Loaded
only where a manager is there to be asked.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Mapping

EXEC_S = 5.0
"""A manager answers in 20 ms; one that is busy for so long is not waited for, with the lock held."""
_LOOK_MS = 2
_PROGRAMS = ("/usr/bin/systemd-run", "/bin/systemd-run")


def is_managed(uid: int) -> bool:
    """A manager is there that outlives us. A user's own ends with their last session, ten seconds after a job
    of cron on some systems, and takes its scopes along; unless they linger, or it has started us itself."""
    if not _is_of_our_pids():
        return False
    system = uid == 0 and os.path.isdir("/run/systemd/system") and os.path.exists("/run/systemd/private")
    return system or (os.path.exists(_private_socket(uid)) and (_lingers(uid) or _is_below_manager(uid)))


def scope_prefix(name: str, environ: Mapping[str, str], uid: int) -> tuple[list[str], dict[str, str]] | None:
    """The argv before the wrapper's own, and what its environment lacks; None: there is no systemd-run."""
    program = next((path for path in _PROGRAMS if os.access(path, os.X_OK)), None)
    if program is None:
        return None
    command = [program, "--scope", "--quiet", "--collect", f"--unit={name}"]
    if uid == 0 and os.path.exists("/run/systemd/private"):
        return [*command, "--"], {}
    command += ["--user", "--"]
    if "XDG_RUNTIME_DIR" in environ:
        return command, {}
    # Cron does not set it. Taken away again, so that agents see the same whoever starts them.
    return [*command, "/usr/bin/env", "-u", "XDG_RUNTIME_DIR"], {"XDG_RUNTIME_DIR": f"/run/user/{uid}"}


def has_become_the_wrapper(pid: int, program: str, *, limit_s: float = EXEC_S) -> bool:
    """Wait until ``program``, our child, has made the scope and executed what comes after it. False: it
    has failed, or was ended because it took too long; then it never was the wrapper."""
    handle = os.pidfd_open(pid)
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    deadline = time.monotonic() + limit_s
    try:
        while time.monotonic() < deadline:
            if poller.poll(_LOOK_MS):
                return False
            if not _executes(pid, program):
                return True
        return not _was_ended_before_its_exec(handle, pid, program)
    finally:
        os.close(handle)


def _was_ended_before_its_exec(handle: int, pid: int, program: str) -> bool:
    # Stopped first: between a look and a KILL it could become the wrapper, and the lease would have
    # been adopted by a dead one.
    signal.pidfd_send_signal(handle, signal.SIGSTOP)
    _wait_stopped(pid)
    if _executes(pid, program):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        return True
    signal.pidfd_send_signal(handle, signal.SIGCONT)
    return False


def _wait_stopped(pid: int) -> None:
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)


def _executes(pid: int, program: str) -> bool:
    """False also when it cannot be seen: what is not ours to see any more is no child in its first
    milliseconds. Who is ending, and has no program any more, has not become another one."""
    try:
        found = os.stat(f"/proc/{pid}/exe")
    except FileNotFoundError:
        # Memory goes first; only then does the handle say that it is over.
        return True
    except OSError:
        return False
    try:
        return os.path.samestat(found, os.stat(program))
    except OSError:
        return False


def _is_of_our_pids() -> bool:
    """The socket of a manager outside may be visible in a container. It would take our pid for one of
    its own, and put a stranger into the scope."""
    try:
        with open("/proc/1/comm", "rb") as file:
            return file.read().strip() == b"systemd"
    except OSError:
        # Not known is no: the next lower rung holds the run.
        return False


def _lingers(uid: int) -> bool:
    """loginctl(1), enable-linger."""
    import pwd

    try:
        return os.path.exists(f"/var/lib/systemd/linger/{pwd.getpwuid(uid).pw_name}")
    except KeyError:
        # A user of a container that has no entry; who is not known does not linger.
        return False


def _is_below_manager(uid: int) -> bool:
    try:
        with open("/proc/self/cgroup", encoding="utf-8", errors="replace") as file:
            return f"/user@{uid}.service/" in file.read()
    except OSError:
        # Not known is no: the next lower rung holds the run.
        return False


def _private_socket(uid: int) -> str:
    return f"/run/user/{uid}/systemd/private"
