"""What every part of one wrapper shares. Types only; nothing here acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tinyscheduler.ports import Clock, Containment, LeaseStore, Processes, RunFolders
    from tinyscheduler.wrapper.log import Log
    from tinyscheduler.wrapper.wakeup import Wakeup


class World(NamedTuple):
    """The ports of one wrapper, its ear and its mouth."""

    leases: LeaseStore
    processes: Processes
    clock: Clock
    runs: RunFolders
    containment: Containment
    wakeup: Wakeup
    log: Log
