"""Who holds the lock, seen from outside. Apart from ``look``, because a pass that finds the lock taken
loads no more than this before it leaves."""

from __future__ import annotations

from tinyscheduler.ports import World
from tinyscheduler.views.holding import LockSeen


def lock_seen(world: World) -> LockSeen | None:
    """None: nobody is known to. A signature of the dead is left over: the kernel has freed the lock."""
    held = world.lock.holder()
    if held is None:
        return None
    liveness = world.processes.liveness(held.process)
    if liveness == "dead":
        return None
    is_stopped = world.processes.is_stopped(held.process)
    return LockSeen(held.process.pid, held.at, liveness, is_stopped)
