"""What every part of one wrapper shares. Types only; nothing here acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tinyscheduler.model.order import Order
    from tinyscheduler.ports import Clock, Containment, LeaseStore, Processes, RunFolders
    from tinyscheduler.wrapper.heartbeat import HeldLease
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


class Run(NamedTuple):
    """One adopted run: what its wrapper was told, what it works with, and the lease in its hands."""

    order: Order
    world: World
    held: HeldLease
