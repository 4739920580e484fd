"""What stands behind the ports of a wrapper. Apart from those of a pass: fifty wrappers may live at once,
and none of them needs more than this (features F1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.bootstrap import redact

if TYPE_CHECKING:
    from tinyscheduler.model.order import Order
    from tinyscheduler.ports import Clock, Containment, LeaseStore, Processes, RunFolders


NEEDED_LATER = (
    "tinyscheduler.adapters.processes.census",
    "tinyscheduler.adapters.processes.cgroups",
    "tinyscheduler.adapters.records.fencing",
    "tinyscheduler.adapters.records.mending",
    "tinyscheduler.adapters.runs.result_file",
    "tinyscheduler.kit.disk_words",
    "tinyscheduler.kit.system_calls",
)
"""What others load when they need it. A wrapper may need it hours after its start, when the program has been
replaced by another version, or is gone: it would die at the very moment in which its agent has succeeded."""


class WrapperWorld(NamedTuple):
    """The ports of a wrapper: nothing that could reach the network (law 7)."""

    order: Order
    leases: LeaseStore
    processes: Processes
    clock: Clock
    runs: RunFolders
    containment: Containment


def wire_wrapper(order_path: str) -> WrapperWorld:
    """Bind what one wrapper needs. Raises StateError for an order that cannot be read."""
    from tinyscheduler.adapters.clock import SystemClock
    from tinyscheduler.adapters.processes import ProcessTable
    from tinyscheduler.adapters.processes.containment import WrapperContainment
    from tinyscheduler.adapters.records.leases import FileLeaseStore
    from tinyscheduler.adapters.runs import RunFolderStore
    from tinyscheduler.adapters.runs.order_file import read_order

    for name in NEEDED_LATER:
        __import__(name)
    order = read_order(order_path)
    return WrapperWorld(
        order=order,
        leases=FileLeaseStore(order.running_folder, ""),
        processes=ProcessTable(),
        clock=SystemClock(),
        runs=RunFolderStore("", redact=redact),
        containment=WrapperContainment(),
    )
