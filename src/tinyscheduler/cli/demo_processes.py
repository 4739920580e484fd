"""Find and end what the demo has started, also what is no child of it any more.

A pass that cron starts leaves wrappers behind, those leave agents and become passes: none of them is
ours to wait for. But all of them have the demo's folder, whose name is random, as HOME from their exec
on, and nothing else in the world has.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from typing import Final

KILL_WAIT_S: Final = 1.0
KILL_ROUNDS: Final = 3
"""A pass that is just starting a wrapper makes a second one needed."""
LOOK_S: Final = 0.05


def processes_of(folder: str) -> list[int]:
    """Pids of living processes with this HOME, sorted; a zombie has no environment and is dead."""
    return sorted(
        pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _is_at_home(pid, folder)
    )


def wait_until_gone(folder: str, *, but: Iterable[int] = (), timeout_s: float) -> list[int]:
    """Who is left after that time, or at once when nobody is."""
    deadline = time.monotonic() + timeout_s
    kept = frozenset(but)
    while True:
        left = [pid for pid in processes_of(folder) if pid not in kept]
        if not left or time.monotonic() >= deadline:
            return left
        time.sleep(LOOK_S)


def end_all(folder: str, *, grace_s: float) -> list[int]:
    """TERM, a grace, KILL; who is left, which is nobody unless the kernel holds somebody back."""
    _signal_all(folder, signal.SIGTERM)
    left = wait_until_gone(folder, timeout_s=grace_s)
    for _ in range(KILL_ROUNDS):
        if not left:
            break
        _signal_all(folder, signal.SIGKILL)
        left = wait_until_gone(folder, timeout_s=KILL_WAIT_S)
    return left


def _signal_all(folder: str, number: int) -> None:
    for pid in processes_of(folder):
        try:
            handle = os.pidfd_open(pid)
        except OSError:
            # It has ended by itself; who is left is counted by the caller.
            continue
        try:
            # Looked at again behind the pidfd: the pid may have become somebody else's meanwhile.
            if _is_at_home(pid, folder):
                signal.pidfd_send_signal(handle, number)
        except OSError:
            # The same, a moment later.
            continue
        finally:
            os.close(handle)


def _is_at_home(pid: int, folder: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:
            data = file.readall() or b""
    except OSError:
        # Gone, or another user's.
        return False
    return b"HOME=" + os.fsencode(folder) in data.split(b"\0") and pid != os.getpid()
