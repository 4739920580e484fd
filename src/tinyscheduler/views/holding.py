"""The pass that holds the lock: who it is, and whether it should have let go by now (law 10).

For ``status``, and for a pass that finds the lock taken.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tinyscheduler.kit.fields import instant_text
from tinyscheduler.model.snapshot import Liveness
from tinyscheduler.views.wording import ago_text

HELD_S_MAX = 180
"""A pass starts nothing after 50 s. Ending what does not want to end takes 37 s, in up to three places:
runs, runs without a lease, and what the task server no longer wants. Whoever needs longer hangs."""


class LockSeen(NamedTuple):
    """Who holds the lock; never one that is known to be dead."""

    pid: int
    at: datetime
    """When it took the lock."""
    process: Liveness
    is_stopped: bool = False
    """By a signal or a debugger."""


def holding_text(lock: LockSeen, now: datetime) -> str:
    """``pid 4711, since 12:00:03Z, 4s ago``."""
    return f"pid {lock.pid}, since {ago_text(lock.at, now)}"


def holding_trouble(lock: LockSeen, now: datetime) -> tuple[str, str] | None:
    """Message and hint; None: it is at work as it should be."""
    ends = f"kill -KILL {lock.pid} ends it, and the next pass goes on where it was"
    who = f"the pass that holds the lock ({holding_text(lock, now)})"
    if lock.is_stopped:
        return f"{who} is stopped: no pass can begin", f"kill -CONT {lock.pid} lets it go on; {ends}"
    if (now - lock.at).total_seconds() <= HELD_S_MAX:
        return None
    if lock.process == "unknown":
        hint = f"it is in another container or not ours to see: look there for its pid {lock.pid}"
    else:
        hint = f"look what it waits for (ps -o stat,wchan,cmd {lock.pid}); {ends}"
    return f"{who} takes longer than {HELD_S_MAX} s: no other pass can begin", hint


def holding_json(lock: LockSeen | None, now: datetime) -> dict[str, object] | None:
    """Field for field; null: nobody is known to hold it."""
    if lock is None:
        return None
    return {
        "pid": lock.pid,
        "since": instant_text(lock.at),
        "held_sec": round(max(0.0, (now - lock.at).total_seconds()), 1),
        "process": lock.process,
        "stopped": lock.is_stopped,
    }
